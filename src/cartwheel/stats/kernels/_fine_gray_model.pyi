# Only for the Fine-Gray kernel, which takes it by cimport.
