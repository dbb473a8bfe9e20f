"""What the Cox kernel works on: patients sorted by time, in groups of one death time each."""

from libc.stdint cimport int64_t

from cartwheel.stats.kernels._newton cimport Newton


cdef struct Sample:
    Newton newton
    Py_ssize_t groups
    bint efron
    double *x             # n x stride, sorted by time, centred and scaled
    double *weight
    double *died          # weight of a death, else 0
    double *risk          # m exp(x b); after the forward sweep r H
    Py_ssize_t *start     # groups + 1
    Py_ssize_t *censored  # groups: first row censored
    double *deaths        # groups
    double *hazard        # groups: sum of 1/D_k
    double *spared        # groups: sum of f/D_k, which its own deaths do not bear
    double *mean
    double *scale
    double *fallen        # sum of x over the deaths
    double *s1
    double *e1
    double *outer         # 4 x stride: what awaits its outer product
    double[4] by          # times this
    Py_ssize_t waiting


cdef int allocate(Sample *s, Py_ssize_t n, Py_ssize_t p, Py_ssize_t blocks) noexcept nogil
cdef double gather(
    Sample *s,
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const signed char[::1] event,
    const double[:, ::1] x,
    const double[::1] multiplicity,
    bint weighted,
) noexcept nogil
cdef Py_ssize_t standardise(Sample *s) noexcept nogil
