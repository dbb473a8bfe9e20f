"""Scoring many patients at once: arrays in place of decimals, and the same answers."""
