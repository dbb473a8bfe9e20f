cdef enum:
    DONE = 0
    NOT_CONVERGED = 1
    COLLINEAR = 2
    NO_MEMORY = 3

cdef enum:
    COMMON = 0
    DL = 1
    HE = 2
    HS = 3
    SJ = 4
    PM = 5
    EB = 6
    ML = 7
    REML = 8

cdef struct Studies:
    Py_ssize_t k
    Py_ssize_t p
    bint plain             # an intercept alone: x is not read
    int evaluations
    double *memory
    double *y
    double *v
    double *w
    double *x              # k x p
    double *information    # X'WX, and so on p x p
    double *factor
    double *inverse
    double *second         # X'W2X
    double *third          # X'W3X
    double *product
    double *right
    double *coef
    double *pull
    double q1              # sums of w r2, w2 r2, and r'WPWr (its third order)
    double q2
    double q3
    double sum_w
    double sum_w2
    double trace           # of P, of PP
    double trace_squared

cdef struct Fit:
    double tau2
    double q
    double trace
    double crude
    int status

cdef int allocate(Studies *s, Py_ssize_t k, Py_ssize_t p, bint plain) noexcept nogil
cdef void release(Studies *s) noexcept nogil
cdef void weigh(Studies *s, double tau2) noexcept nogil
cdef int regress(Studies *s) noexcept nogil
cdef double spread(const Studies *s) noexcept nogil
cdef double log_variances(const Studies *s, double tau2) noexcept nogil
cdef int heterogeneity(Studies *s, int method, double crude, Fit *fit) noexcept nogil
cdef double where_q_is(Studies *s, double target, int *status) noexcept nogil
cdef double log_determinant(const Studies *s) noexcept nogil
cdef double trace_of_product(const double *a, const double *b, Py_ssize_t p) noexcept nogil
cdef double trace_of_square(Studies *s, const double *b) noexcept nogil
