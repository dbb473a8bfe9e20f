"""Newton-Raphson with step halving: the one loop behind the Cox and Fine-Gray fits.

A model brings a function that gives its log likelihood at given coefficients (NaN where they are
too far off) and leaves score and information in ``Newton``.
"""

from libc.math cimport NAN, fabs

from cartwheel.stats.kernels._dense cimport factorise_dense, solve_dense

# what a fit returns; mirrored in stats/partial_likelihood.py
cdef enum:
    CONVERGED = 0
    NOT_CONVERGED = 1
    SINGULAR = 2
    NO_EVENTS = 3


cdef struct Newton:
    Py_ssize_t n
    Py_ssize_t p
    Py_ssize_t stride      # of the rows of x, information and factor
    const double *x        # n rows of p columns, centred and scaled
    const double *weight   # n; rows of weight 0 are absent
    double *score
    double *information    # lower half
    double *factor
    double *coef
    double *trial
    double *step


cdef struct Found:
    double null            # log likelihood where it started, zero
    double reached         # and at the estimate
    double score           # score test that all coefficients are zero
    int steps
    Py_ssize_t culprit     # column without information, or -1


ctypedef double (*Likelihood)(void *sample, const double *coef) noexcept nogil


cdef inline void forget(Found *found) noexcept nogil:
    """Nothing found yet."""
    found.null = found.reached = found.score = NAN
    found.steps = 0
    found.culprit = -1


cdef inline Py_ssize_t factorise(Newton *s) noexcept nogil:
    """Cholesky of the information into factor; the column without information, or -1.

    A pivot of 1e-11 beside its own diagonal: the column is a combination of those before it.
    """
    return factorise_dense(s.information, s.factor, s.p, s.stride, 1e-11)


cdef inline bint is_still(const Newton *s) noexcept nogil:
    """Whether the step moves nobody's linear predictor by more than 1e-4.

    A coefficient on its way to infinity keeps moving somebody's by about 1.
    """
    cdef Py_ssize_t row, i
    cdef double shift
    cdef const double *x
    for row in range(s.n):
        x = s.x + row * s.stride
        shift = 0.0
        for i in range(s.p):
            shift += x[i] * s.step[i]
        if not fabs(shift) <= 1e-4 and s.weight[row] > 0.0:
            return False
    return True


cdef inline int settle(
    Newton *s, Likelihood likelihood, void *sample, double decrement, Found *found
) noexcept nogil:
    """Likelihood and information at the estimate; those one step before it if that is no step."""
    if decrement > 1e-26:
        found.reached = likelihood(sample, s.coef)
        found.culprit = factorise(s)
        if found.culprit >= 0:
            return NOT_CONVERGED
    return CONVERGED


cdef inline int iterate(
    Newton *s,
    Likelihood likelihood,
    void *sample,
    double tolerance,
    int most,
    bint settled,
    Found *found,
) noexcept nogil:
    """Climb from coef; with ``settled`` leave information and its factor at the estimate."""
    cdef Py_ssize_t i
    cdef int steps, halving
    cdef double loglik = likelihood(sample, s.coef), reached, decrement
    found.null = found.reached = loglik
    for steps in range(1, most + 1):
        found.steps = steps
        found.culprit = factorise(s)
        if found.culprit >= 0:
            return SINGULAR if steps == 1 else NOT_CONVERGED
        solve_dense(s.factor, s.score, s.step, s.p, s.stride)
        decrement = 0.0
        for i in range(s.p):
            decrement += s.score[i] * s.step[i]
        if steps == 1:
            found.score = decrement
        # the decrement is the squared distance left, in standard errors; the step squares it again
        if decrement < tolerance and is_still(s):
            for i in range(s.p):
                s.coef[i] += s.step[i]
            found.reached = loglik + 0.5 * decrement
            return settle(s, likelihood, sample, decrement, found) if settled else CONVERGED
        for halving in range(20):
            for i in range(s.p):
                s.trial[i] = s.coef[i] + s.step[i]
            reached = likelihood(sample, s.trial)
            if reached >= loglik - 1e-11 * fabs(loglik):
                break
            for i in range(s.p):
                s.step[i] *= 0.5
        else:
            return NOT_CONVERGED
        loglik = found.reached = reached
        for i in range(s.p):
            s.coef[i] = s.trial[i]
    return NOT_CONVERGED


cdef inline void invert(
    Newton *s, const double *scale, double[:, ::1] covariance
) noexcept nogil:
    """Inverse information from its factor, on the columns' own scale; NULL: as it is."""
    cdef Py_ssize_t i, j, p = s.p
    for j in range(p):
        for i in range(p):
            s.trial[i] = 1.0 if i == j else 0.0
        solve_dense(s.factor, s.trial, s.step, p, s.stride)
        for i in range(p):
            covariance[i, j] = s.step[i]
            if scale != NULL:
                covariance[i, j] /= scale[i] * scale[j]
