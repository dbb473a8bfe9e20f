from cartwheel.stats.kernels._impute_draw cimport Keyed, word

cdef enum:
    DONE = 0
    NO_MEMORY = 1
    TOO_FEW = 2
    NOT_CONVERGED = 3
    NOBODY_OBSERVED = 4


cdef struct Chain:
    Py_ssize_t n          # rows
    Py_ssize_t d          # design columns
    Py_ssize_t most       # parameters of the largest model
    Py_ssize_t classes    # levels of the largest category
    double* x             # (n, d) standardised, completed as the chain runs
    double* z             # (n + 2 d, d + 1) rows of the model at hand
    double* w             # (n + 2 d,) their weights
    double* y             # (n,) standardised target
    Py_ssize_t* code      # (n + 2 d,) class of each row, -1 for an augmenting row
    Py_ssize_t* row       # (n,) which patient
    Py_ssize_t* pred      # (d,)
    Keyed* keyed          # (n,)
    double* info          # (most, most)
    double* beta
    double* drawn
    double* score
    double* step
    double* old
    double* spare
    double* share         # (classes,)
    double* risk          # (classes,)
    double* buffer        # (d + 1,)
    char* holds           # (n,) 1 where the variable at hand is missing
    Py_ssize_t* active    # (classes,) levels that occur

cdef int reserve(Chain* s) noexcept nogil
cdef void release(Chain* s) noexcept nogil
cdef double against(const double* a, const double* b, Py_ssize_t k) noexcept nogil
cdef int regress(Chain* s, word* g, Py_ssize_t seen, double total, Py_ssize_t k) noexcept nogil
cdef Py_ssize_t classes_seen(
    Chain* s, Py_ssize_t seen, double total, Py_ssize_t levels
) noexcept nogil
cdef int multinomial(
    Chain* s, word* g, Py_ssize_t seen, double total, Py_ssize_t p, Py_ssize_t classes
) noexcept nogil
cdef double category(
    Chain* s, word* g, const double* z, Py_ssize_t k, Py_ssize_t classes
) noexcept nogil
