"""The parts of a development: cut-offs, index, points, regression, honesty."""
