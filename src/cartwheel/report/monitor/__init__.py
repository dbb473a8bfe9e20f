"""The page of a simulated ward."""
