"""The study table: from what papers print to effects with their standard errors."""
