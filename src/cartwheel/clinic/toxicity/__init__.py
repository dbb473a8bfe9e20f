"""Toxicity grades from charted data: CRS and ICANS, by day and over time."""
