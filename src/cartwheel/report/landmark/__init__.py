"""The page of a landmark prediction."""
