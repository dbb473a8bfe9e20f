# Only for the Cox kernel, which takes it by cimport.
