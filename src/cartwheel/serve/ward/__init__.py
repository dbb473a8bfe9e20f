"""The ward: what comes in is kept, what follows is told, and both can be shown again."""
