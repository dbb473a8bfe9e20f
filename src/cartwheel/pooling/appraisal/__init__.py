"""Appraisal: risk of bias, flow of records, certainty, and what published numbers imply."""
