"""Subgroups and centres: told or withheld, and how much they differ."""
