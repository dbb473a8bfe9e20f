from cartwheel.stats.kernels._logistic_model cimport Model

cdef Py_ssize_t factor_free(Model* s) noexcept nogil
cdef void solve_free(Model* s, const double* right, double* out, Py_ssize_t f) noexcept nogil
cdef int newton(Model* s, double tolerance, int* iterations) noexcept nogil
cdef void begin(Model* s) noexcept nogil
cdef void original_scale(Model* s, double* out) noexcept nogil
cdef int check_lengths(
    const double[:, :] x, const double[::1] event, const double[::1] multiplicity,
    const double[::1] offset,
) except -1
