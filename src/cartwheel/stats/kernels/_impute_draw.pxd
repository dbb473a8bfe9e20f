from libc.stdint cimport uint64_t

ctypedef uint64_t word

cdef struct Keyed:
    double key
    Py_ssize_t row

cdef double uniform(word* s) noexcept nogil
cdef Py_ssize_t below(word* s, Py_ssize_t n) noexcept nogil
cdef double normal(word* s) noexcept nogil
cdef double chi_square(word* s, double df) noexcept nogil
cdef void shuffle(word* s, Keyed* a, Py_ssize_t n) noexcept nogil
cdef void sort(Keyed* a, Py_ssize_t n) noexcept nogil
cdef Py_ssize_t lower(const Keyed* a, Py_ssize_t n, double key) noexcept nogil
cdef void factor(double* a, Py_ssize_t k, double* largest) noexcept nogil
cdef void solve_lower(const double* a, double* b, Py_ssize_t k) noexcept nogil
cdef void solve_upper(const double* a, double* b, Py_ssize_t k) noexcept nogil
