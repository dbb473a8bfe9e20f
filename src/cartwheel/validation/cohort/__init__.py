"""Who is analysed: the cohort as the plan sees it, and what the scores say of it."""
