"""The plan: what will be done, written down before looking."""
