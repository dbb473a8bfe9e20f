"""What the Fine-Gray kernels share: the sorted sample and its sweeps."""

from libc.stdint cimport int64_t

from cartwheel.stats.kernels._newton cimport Newton


cdef struct Sample:
    Newton newton
    Py_ssize_t n
    Py_ssize_t p
    Py_ssize_t blocks
    Py_ssize_t groups
    double *x              # n x p, sorted by time, centred and scaled
    double *weight
    double *risk           # m exp(x b)
    double *share          # 1 / G(T-) of those with a competing event
    double *censoring      # blocks x groups: G(t-)
    double *leaving        # blocks x groups: censored there
    double *staying        # blocks x groups: at risk of being censored there
    double *deaths         # blocks x groups: events of interest
    double *s0             # blocks
    double *s1             # blocks x p
    double *hazard         # blocks: d / S0
    double *gamma          # blocks x groups: sum of G(t-) d / S0 up to there
    double *held           # groups
    double *held1          # groups x p
    double *mean
    double *scale
    double *score
    double *information    # p x p, lower half
    double *sum1
    Py_ssize_t *start      # blocks + 1
    Py_ssize_t *patient
    Py_ssize_t *group
    char *kind             # 0 censored, 1 event of interest, 2 competing


cdef int allocate(
    Sample *s, Py_ssize_t n, Py_ssize_t p, Py_ssize_t blocks, Py_ssize_t groups
) noexcept nogil
cdef double gather(
    Sample *s,
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const int64_t[::1] cause,
    int64_t of_interest,
    const double[:, ::1] x,
    const int64_t[::1] group,
    const double[::1] multiplicity,
) noexcept nogil
cdef void weigh(Sample *s, bint events_first) noexcept nogil
cdef Py_ssize_t standardise(Sample *s) noexcept nogil
cdef double sweep_back(Sample *s, const double *coef) noexcept nogil
cdef double sweep_forward(Sample *s) noexcept nogil
cdef void derivatives(Sample *s) noexcept nogil
cdef double evaluate(void *sample, const double *coef) noexcept nogil
