cdef enum:
    MEMORY = 4
    DONE = 0
    NOT_CONVERGED = 1
    COLLINEAR = 2
    CONSTANT = 3
    ONE_CLASS = 4
    NO_MEMORY = 5

cdef struct Model:
    Py_ssize_t n
    Py_ssize_t k
    bint firth
    bint has_offset
    bint weighted
    double total
    double events
    double log_scale
    double log_likelihood
    Py_ssize_t culprit
    double* memory
    double* x
    double* y
    double* m
    double* offset
    double* eta
    double* mw
    double* pull
    double* h
    double* v
    double* product
    double* mean
    double* sd
    double* info
    double* chol
    double* aug
    double* sub
    double* exact
    double* score
    double* beta
    double* old
    double* step
    double* tangent
    double* rhs
    double* moved
    double* changed
    double* previous
    char* held

cdef void release(Model* s) noexcept nogil
cdef int load(
    Model* s, const double[:, :] x, const Py_ssize_t* columns, Py_ssize_t p,
    const double[::1] event, const double* multiplicity, const double* offset, bint firth,
) noexcept nogil
cdef double dot(const double* a, const double* b, Py_ssize_t n) noexcept nogil
cdef Py_ssize_t cholesky(double* a, Py_ssize_t k) noexcept nogil
cdef void solve(const double* chol, double* b, Py_ssize_t k) noexcept nogil
cdef int evaluate(Model* s) noexcept nogil
cdef const double* pointer(const double[::1] view) noexcept nogil
