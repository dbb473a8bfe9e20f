"""Results to figures; nothing is computed here.

Each figure is a function of the ``result`` of a development, as plain JSON data, that returns a
matplotlib ``Figure``. Importing this package does not import matplotlib.
"""
