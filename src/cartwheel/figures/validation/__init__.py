"""Figures of a validation, drawn from its JSON."""
