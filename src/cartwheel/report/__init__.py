"""Results to documents; nothing is computed here.

Importing this package imports neither matplotlib nor Jinja2.
"""
