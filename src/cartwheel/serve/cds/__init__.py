"""CDS Hooks 2.0: the scores of the ward as cards in a hospital's own record system."""
