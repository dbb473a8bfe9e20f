"""What the pages of scores ask, read and draw."""
