"""Pooling what several studies found: effects and variances in, frozen results out."""
