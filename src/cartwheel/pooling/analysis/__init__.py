"""From study rows to pooled effects: models, heterogeneity, questions, and what must be said."""
