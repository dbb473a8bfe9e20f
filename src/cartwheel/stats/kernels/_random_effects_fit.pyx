"""One random-effects model in full, and the tau2 at which the generalised Q is as wanted."""

from cartwheel.stats.kernels._random_effects cimport (
    COMMON,
    DL,
    DONE,
    EB,
    HE,
    HS,
    ML,
    PM,
    REML,
    SJ,
    Fit,
    Studies,
    allocate,
    heterogeneity,
    log_determinant,
    log_variances,
    regress,
    release,
    trace_of_product,
    trace_of_square,
    weigh,
    where_q_is,
)

import numpy as np


cdef double sandwich(Studies *s, double tau2) noexcept nogil:
    """tr(P D P D) for D = v + tau2, at the weights that stand and were regressed with."""
    cdef Py_ssize_t i, a, b, p = s.p
    cdef double d, w, total = 0.0, xa, xb
    for a in range(p * p):
        s.second[a] = s.third[a] = 0.0
    for i in range(s.k):
        w, d = s.w[i], s.v[i] + tau2
        total += w * d * w * d
        for a in range(p):
            xa = 1.0 if s.plain else s.x[i * p + a]
            for b in range(a + 1):
                xb = 1.0 if s.plain else s.x[i * p + b]
                s.second[a * p + b] += w * d * w * xa * xb
                s.third[a * p + b] += w * d * w * d * w * xa * xb
    return total - 2.0 * trace_of_product(s.inverse, s.third, p) + trace_of_square(s, s.second)


cdef double tau2_variance(Studies *s, int method, const Fit *fit) noexcept nogil:
    """Variance of the estimate of tau2; moves the weights."""
    cdef Py_ssize_t i
    cdef double df = s.k - s.p, scale
    if method == ML:
        return 2.0 / s.sum_w2
    if method == REML:
        return 2.0 / s.trace_squared
    if method == PM or method == EB:
        scale = s.k / (df * s.sum_w)
        return scale * scale * 2.0 * df
    if method == HE:
        for i in range(s.k):
            s.w[i] = 1.0
    else:
        weigh(s, fit.crude if method == SJ else 0.0)
    regress(s)
    if method == DL:
        scale = 1.0 / s.trace
    elif method == HS:
        scale = 1.0 / s.sum_w
    elif method == SJ:
        scale = fit.crude / df
    else:
        scale = 1.0 / df
    return 2.0 * scale * scale * sandwich(s, fit.tau2)


cdef void load(
    Studies *s, const double[::1] y, const double[::1] v, const double[:, ::1] x
) noexcept nogil:
    cdef Py_ssize_t i, a
    for i in range(s.k):
        s.y[i], s.v[i] = y[i], v[i]
        if not s.plain:
            for a in range(s.p):
                s.x[i * s.p + a] = x[i, a]


def fit(const double[::1] y, const double[::1] v, x, int method, double crude=-1.0):
    """One model: status, numbers, coefficients, their covariance, weights.

    Numbers: tau2, its variance, sum w r2 at tau2 and at 0, tr P at 0, sum log(v + tau2),
    log |X'WX|, evaluations.
    """
    cdef const double[:, ::1] design
    cdef bint plain = x is None
    cdef Py_ssize_t i, j, p = 1
    cdef Studies s
    cdef Fit found
    cdef int status
    if not plain:
        design = x
        p = design.shape[1]
    if not allocate(&s, y.shape[0], p, plain):
        raise MemoryError
    numbers, coef = np.empty(8), np.empty(p)
    covariance, weights = np.empty((p, p)), np.empty(y.shape[0])
    cdef double[::1] out = numbers, coefficients = coef, w = weights
    cdef double[:, ::1] cov = covariance
    with nogil:
        load(&s, y, v, design)
        status = heterogeneity(&s, method, crude, &found)
        out[0], out[1], out[2], out[3], out[4] = found.tau2, -1.0, s.q1, found.q, found.trace
        out[7] = s.evaluations
        if status == DONE:
            out[5], out[6] = log_variances(&s, found.tau2), log_determinant(&s)
            for i in range(p):
                coefficients[i] = s.coef[i]
                for j in range(p):
                    cov[i, j] = s.inverse[i * p + j]
            for i in range(s.k):
                w[i] = s.w[i]
            if s.k > p and method != COMMON:
                out[1] = tau2_variance(&s, method, &found)
        release(&s)
    return status, numbers, coef, covariance, weights


def q_falls_to(const double[::1] y, const double[::1] v, x, double target):
    """The tau2 >= 0 at which the generalised Q falls to a target, and the status."""
    cdef const double[:, ::1] design
    cdef bint plain = x is None
    cdef Studies s
    cdef int status = DONE
    cdef double found
    if not plain:
        design = x
    if not allocate(&s, y.shape[0], 1 if plain else design.shape[1], plain):
        raise MemoryError
    with nogil:
        load(&s, y, v, design)
        found = where_q_is(&s, target, &status)
        release(&s)
    return found, status
