"""How a score does: measures, bands, curves, utility, and what this many events can show."""
