"""The parts of a validation: a score that exists, on patients it has not seen."""
