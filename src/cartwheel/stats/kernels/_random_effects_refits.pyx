"""Random-effects models many times over: studies left out, added, drawn, or their rows permuted.

A row of what the pooling functions give holds tau2, the pooled effect, sum w and sum w r2 at tau2,
Q and tr P at tau2 = 0, the number of studies, and the status. A single study has tau2, Q and tr P 0.
"""

from libc.math cimport fabs, fmax, sqrt

from cartwheel.stats.kernels._random_effects cimport (
    DONE,
    Fit,
    Studies,
    allocate,
    heterogeneity,
    release,
)

import numpy as np

cdef enum:
    COLUMNS = 8
    # how the variance of a coefficient is widened; mirrored in stats/pooling/study_arrays.py
    NORMAL = 0
    KNAPP_HARTUNG = 1
    KNAPP_HARTUNG_FLOOR = 2


cdef int pool(Studies *s, int method, double *out) noexcept nogil:
    """One row, of the studies that are loaded."""
    cdef Fit found
    cdef int status = heterogeneity(s, method, -1.0, &found)
    out[0], out[1], out[2], out[3] = found.tau2, s.coef[0], s.sum_w, s.q1
    out[4], out[5], out[6], out[7] = found.q, found.trace, s.k, status
    if s.k == 1:
        out[3] = 0.0
    return status


def leave_one_out(const double[::1] y, const double[::1] v, int method):
    """Pool all studies but one, each in turn."""
    cdef Py_ssize_t i, j, k = y.shape[0]
    cdef Studies s
    table = np.empty((k, COLUMNS))
    cdef double[:, ::1] out = table
    if not allocate(&s, k, 1, True):
        raise MemoryError
    s.k = k - 1
    with nogil:
        for i in range(1, k):
            s.y[i - 1], s.v[i - 1] = y[i], v[i]
        for j in range(k):
            pool(&s, method, &out[j, 0])
            # the one that was left out takes the place of the next
            if j < k - 1:
                s.y[j], s.v[j] = y[j], v[j]
        release(&s)
    return table


def cumulative(const double[::1] y, const double[::1] v, const Py_ssize_t[::1] order, int method):
    """Pool the first study, the first two, and so on, in an order."""
    cdef Py_ssize_t j, k = y.shape[0]
    cdef Studies s
    table = np.empty((k, COLUMNS))
    cdef double[:, ::1] out = table
    if not allocate(&s, k, 1, True):
        raise MemoryError
    with nogil:
        for j in range(k):
            s.y[j], s.v[j] = y[order[j]], v[order[j]]
            s.k = j + 1
            pool(&s, method, &out[j, 0])
        release(&s)
    return table


def subsets(const double[::1] y, const double[::1] v, const unsigned char[:, ::1] member, int method):
    """Pool subsets of the studies, none of them empty; member is 1 where a study is in."""
    cdef Py_ssize_t i, j, k = y.shape[0], b = member.shape[0]
    cdef Studies s
    table = np.empty((b, COLUMNS))
    cdef double[:, ::1] out = table
    if not allocate(&s, k, 1, True):
        raise MemoryError
    with nogil:
        for j in range(b):
            s.k = 0
            for i in range(k):
                if member[j, i]:
                    s.y[s.k], s.v[s.k] = y[i], v[i]
                    s.k += 1
            pool(&s, method, &out[j, 0])
        release(&s)
    return table


def samples(const double[:, ::1] y, const double[:, ::1] v, int method):
    """Pool many sets of as many studies, one a row."""
    cdef Py_ssize_t i, j, b = y.shape[0], k = y.shape[1]
    cdef Studies s
    table = np.empty((b, COLUMNS))
    cdef double[:, ::1] out = table
    if not allocate(&s, k, 1, True):
        raise MemoryError
    with nogil:
        for j in range(b):
            for i in range(k):
                s.y[i], s.v[i] = y[j, i], v[j, i]
            pool(&s, method, &out[j, 0])
        release(&s)
    return table


cdef double without_moderators(const Studies *s, bint intercept) noexcept nogil:
    """Sum w r2 of the mean alone, or of nothing, at the weights that stand."""
    cdef Py_ssize_t i
    cdef double mean = 0.0, total = 0.0
    if intercept:
        for i in range(s.k):
            mean += s.w[i] * s.y[i]
        mean /= s.sum_w
    for i in range(s.k):
        total += s.w[i] * (s.y[i] - mean) * (s.y[i] - mean)
    return total


cdef void statistics(
    const Studies *s, const double[:, ::1] back, int interval, bint intercept, double *out
) noexcept nogil:
    """Each coefficient over its standard error, and the test of all moderators.

    ``back`` turns the coefficients of the basis x into those of the columns that were given.
    """
    cdef Py_ssize_t a, b, c, p = s.p
    cdef double coef, variance, widened = 1.0
    if interval != NORMAL:
        widened = s.q1 / (s.k - p)
    if interval == KNAPP_HARTUNG_FLOOR:
        widened = fmax(widened, 1.0)
    for a in range(p):
        coef = variance = 0.0
        for b in range(p):
            coef += back[a, b] * s.coef[b]
            for c in range(p):
                variance += back[a, b] * s.inverse[b * p + c] * back[a, c]
        out[a] = fabs(coef) / sqrt(widened * variance) if widened > 0.0 else 0.0
    out[p] = 0.0
    if widened > 0.0:
        out[p] = (without_moderators(s, intercept) - s.q1) / widened
        if interval != NORMAL and p > intercept:
            out[p] /= p - intercept


def permutations(
    const double[::1] y,
    const double[::1] v,
    const double[:, ::1] x,
    const double[:, ::1] back,
    const Py_ssize_t[:, ::1] index,
    int method,
    double crude,
    int interval,
    bint intercept,
):
    """Absolute statistics of every coefficient, and that of all moderators, a row a permutation.

    Study i is given row ``index[., i]`` of x. The last column is the status.
    """
    cdef Py_ssize_t i, j, a, k = y.shape[0], p = x.shape[1], b = index.shape[0]
    cdef Studies s
    cdef Fit found
    table = np.empty((b, p + 2))
    cdef double[:, ::1] out = table
    if not allocate(&s, k, p, False):
        raise MemoryError
    with nogil:
        for i in range(k):
            s.y[i], s.v[i] = y[i], v[i]
        for j in range(b):
            for i in range(k):
                for a in range(p):
                    s.x[i * p + a] = x[index[j, i], a]
            out[j, p + 1] = heterogeneity(&s, method, crude, &found)
            if out[j, p + 1] == DONE:
                statistics(&s, back, interval, intercept, &out[j, 0])
        release(&s)
    return table
