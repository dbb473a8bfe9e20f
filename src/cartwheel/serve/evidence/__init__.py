"""The table of studies as it is typed: cells, what each row is read as, and the pool so far."""
