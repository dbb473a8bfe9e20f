"""One job a file, readable top to bottom."""
