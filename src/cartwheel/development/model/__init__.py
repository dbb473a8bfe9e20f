"""The models that resampling makes again and again: index, points, uncut."""
