"""The price of a cut-off, at once: prepared in a worker, answered from arrays in memory."""
