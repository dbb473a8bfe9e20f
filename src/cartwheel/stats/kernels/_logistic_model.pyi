# Only for the other logistic kernels, which take it by cimport.
