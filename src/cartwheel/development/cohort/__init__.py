"""The cohort as the plan sees it: columns, exclusions, the guard against time travel."""
