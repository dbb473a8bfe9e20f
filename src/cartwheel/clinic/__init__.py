"""The clinic: variables, units, outcomes, cohorts, score files."""
