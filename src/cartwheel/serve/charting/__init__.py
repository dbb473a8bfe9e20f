"""A patient's days as they are charted on the page, and the grades that they give."""
