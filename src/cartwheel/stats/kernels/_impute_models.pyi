# Only for the imputation kernel, which takes it by cimport.
