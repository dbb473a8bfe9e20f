"""The same jobs in a browser and by REST, on your own laptop or for a group with accounts."""
