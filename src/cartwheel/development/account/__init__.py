"""What is told of a development: tables, curves, performance, verdicts, the score file."""
