"""What the pages of a cohort compute: a checked sheet, what is said of it, and plans in work."""
