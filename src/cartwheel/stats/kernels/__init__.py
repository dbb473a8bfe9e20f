"""The compiled kernels that resampling runs thousands of times."""
