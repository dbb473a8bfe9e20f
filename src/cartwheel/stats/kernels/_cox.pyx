"""Cox partial likelihood with Efron's or Breslow's ties, by Newton-Raphson.

With r_i = m_i exp(x_i b), S0 and S1 the sums of r and r x over those at risk, E0 and E1 the same
over the d tied deaths, Efron's approximation takes for k = 0..d-1 the denominator
D_k = S0 - (k/d) E0 in place of S0. Then

    log L = sum over deaths of x b - sum of log D_k
    score = sum over deaths of x - sum of (S1 - f E1) / D_k
    information = sum of r_i H_i x_i x_i' - sum of (S1 - f E1)(S1 - f E1)' / D_k^2,   f = k/d

where H_i sums 1/D_k over the times up to T_i, and (1 - f)/D_k at T_i itself for a death. This form
of the information costs one outer product a patient and one or two a death time: with c0, c1 and c2
the sums of 1, f and f^2 over D_k^2, those of a death time are, the square completed,

    c0 (S1 - c1/c0 E1)(S1 - c1/c0 E1)' + (c2 - c1^2/c0) E1 E1'

A multiplicity m is the same as m rows: the deaths of one patient are m tied deaths.
The sorted sample is made in ``_cox_sample``.
"""

from libc.math cimport INFINITY, NAN, exp, fabs, isfinite, log, sqrt
from libc.stdint cimport int64_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from cartwheel.stats.kernels._cox_sample cimport Sample, allocate, gather, standardise
from cartwheel.stats.kernels._dense cimport add_outer_products, add_scaled, product
from cartwheel.stats.kernels._newton cimport (
    CONVERGED,
    NO_EVENTS,
    NOT_CONVERGED,
    SINGULAR,
    Found,
    forget,
    invert,
    iterate,
)

# beyond this a linear predictor is no estimate but a step gone wrong
cdef double FARTHEST = 500.0


cdef struct Tied:
    double a              # sums over the denominators of one death time: 1/D
    double b              # f/D
    double c0             # 1/D^2
    double c1             # f/D^2
    double c2             # f^2/D^2


cdef struct Logarithm:
    double total          # a sum of logarithms, and a product
    double product        # of which that is still to be taken


cdef inline void multiply(Logarithm *sum, double d) noexcept nogil:
    """Add log(d), as part of a product that stays within range."""
    if not 1e-90 < d < 1e90:
        sum.total += log(d)
        return
    sum.product *= d
    if not 1e-90 < sum.product < 1e90:
        sum.total += log(sum.product)
        sum.product = 1.0


cdef inline bint is_zero(const double *coef, Py_ssize_t p) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(p):
        if coef[i] != 0.0:
            return False
    return True


cdef bint predict(
    Sample *s, const double *coef, Py_ssize_t first, Py_ssize_t last, double *loglik
) noexcept nogil:
    """Risks of some rows, and their part of log L; false if one is too far."""
    cdef Py_ssize_t row, stride = s.newton.stride
    cdef double lp
    if is_zero(coef, s.newton.p):
        memcpy(s.risk + first, s.weight + first, (last - first) * sizeof(double))
        return True
    for row in range(first, last):
        if stride == 1:
            lp = s.x[row] * coef[0]
        else:
            lp = product(s.x + row * stride, coef, stride)
        if not fabs(lp) <= FARTHEST:
            return False
        loglik[0] += s.died[row] * lp
        s.risk[row] = lp
    for row in range(first, last):
        s.risk[row] = s.weight[row] * exp(s.risk[row])
    return True


cdef inline void add_tied(
    double s0, double e0, double deaths, bint efron, Tied *t, Logarithm *logs
) noexcept nogil:
    """Sums over the denominators of one death time."""
    cdef double f, d, k = 0.0
    if not efron or deaths == 1.0:
        d = 1.0 / s0
        t.a, t.c0 = deaths * d, deaths * d * d
        t.b = t.c1 = t.c2 = 0.0
        if deaths == 1.0:
            multiply(logs, s0)
        else:
            logs.total += deaths * log(s0)
        return
    t.a = t.b = t.c0 = t.c1 = t.c2 = 0.0
    while k < deaths:
        f = k / deaths
        d = s0 - f * e0
        multiply(logs, d)
        d = 1.0 / d
        t.a += d
        t.b += f * d
        t.c0 += d * d
        t.c1 += f * d * d
        t.c2 += f * f * d * d
        k += 1.0


cdef void flush(Sample *s) noexcept nogil:
    """Add the outer products of what waits for them."""
    cdef Py_ssize_t i, stride = s.newton.stride
    cdef double *a = s.outer
    for i in range(s.waiting, 4):
        s.by[i] = 0.0
    add_outer_products(
        s.newton.information, a, a + stride, a + 2 * stride, a + 3 * stride, s.by, stride
    )
    s.waiting = 0


cdef inline void wait(
    Sample *s, const double *a, const double *b, double less, double by
) noexcept nogil:
    """Have by (a - less b)(a - less b)' added to the information in due course."""
    cdef Py_ssize_t i
    cdef double *to = s.outer + s.waiting * s.newton.stride
    for i in range(s.newton.stride):
        to[i] = a[i] - less * b[i]
    s.by[s.waiting] = by
    s.waiting += 1
    if s.waiting == 4:
        flush(s)


cdef inline double add_rows(
    Sample *s, double *sums, Py_ssize_t first, Py_ssize_t last
) noexcept nogil:
    """Add r x of some rows; return the sum of their r."""
    cdef Py_ssize_t row, stride = s.newton.stride
    cdef double total = 0.0
    for row in range(first, last):
        total += s.risk[row]
        add_scaled(sums, s.x + row * stride, s.risk[row], stride)
    return total


cdef double sweep_back(Sample *s, const double *coef) noexcept nogil:
    """From the last time to the first: log L, score, hazards, outer products; NaN if too far."""
    cdef Py_ssize_t group, first, stride = s.newton.stride, ready = s.newton.n
    cdef double s0 = 0.0, e0, loglik = 0.0, deaths
    cdef Tied t
    cdef Logarithm logs
    logs.total, logs.product = 0.0, 1.0
    memset(s.s1, 0, stride * sizeof(double))
    for group in range(s.groups - 1, -1, -1):
        if s.start[group] < ready:
            # many rows at once: exp() of one does not wait for the sums of another
            first = max(s.start[0], min(s.start[group], ready - 128))
            if not predict(s, coef, first, ready, &loglik):
                return NAN
            ready = first
        deaths = s.deaths[group]
        if not s.efron or deaths == 1.0:
            s0 += add_rows(s, s.s1, s.start[group], s.start[group + 1])
            add_tied(s0, 0.0, deaths, s.efron, &t, &logs)
            wait(s, s.s1, s.s1, 0.0, -t.c0)
        else:
            s0 += add_rows(s, s.s1, s.censored[group], s.start[group + 1])
            memset(s.e1, 0, stride * sizeof(double))
            e0 = add_rows(s, s.e1, s.start[group], s.censored[group])
            s0 += e0
            add_scaled(s.s1, s.e1, 1.0, stride)
            add_tied(s0, e0, deaths, s.efron, &t, &logs)
            add_scaled(s.newton.score, s.e1, t.b, stride)
            wait(s, s.s1, s.e1, t.c1 / t.c0, -t.c0)
            wait(s, s.e1, s.e1, 0.0, t.c1 / t.c0 * t.c1 - t.c2)
        add_scaled(s.newton.score, s.s1, -t.a, stride)
        s.hazard[group], s.spared[group] = t.a, t.b
    flush(s)
    return loglik - logs.total - log(logs.product)


cdef void sweep_forward(Sample *s) noexcept nogil:
    """From the first time to the last: the information's sum over patients."""
    cdef Py_ssize_t group, row, stride = s.newton.stride, n = s.newton.n
    cdef double cumulative = 0.0, borne
    cdef const double *x
    for group in range(s.groups):
        cumulative += s.hazard[group]
        borne = cumulative - s.spared[group]
        for row in range(s.start[group], s.censored[group]):
            s.risk[row] *= borne
        for row in range(s.censored[group], s.start[group + 1]):
            s.risk[row] *= cumulative
    row = s.start[0]
    while row + 4 <= n:
        x = s.x + row * stride
        add_outer_products(
            s.newton.information,
            x,
            x + stride,
            x + 2 * stride,
            x + 3 * stride,
            s.risk + row,
            stride,
        )
        row += 4
    while row < n:
        wait(s, s.x + row * stride, s.x, 0.0, s.risk[row])
        row += 1
    flush(s)


cdef double evaluate(void *sample, const double *coef) noexcept nogil:
    """Log L, leaving score and information; NaN if too far."""
    cdef Sample *s = <Sample *>sample
    cdef Py_ssize_t i, stride = s.newton.stride
    cdef double loglik
    for i in range(stride):
        s.newton.score[i] = s.fallen[i]
    memset(s.newton.information, 0, stride * stride * sizeof(double))
    s.waiting = 0
    loglik = sweep_back(s, coef)
    if isfinite(loglik):
        sweep_forward(s)
    return loglik


cdef inline void add_moments(
    const Sample *s, Py_ssize_t first, Py_ssize_t last, double *moments
) noexcept nogil:
    """Add r, r x and r x^2 of some rows of the one column."""
    cdef Py_ssize_t row
    cdef double part, zeroth = 0.0, first_one = 0.0, second = 0.0
    for row in range(first, last):
        part = s.risk[row] * s.x[row]
        zeroth += s.risk[row]
        first_one += part
        second += part * s.x[row]
    moments[0] += zeroth
    moments[1] += first_one
    moments[2] += second


cdef double evaluate_one(void *sample, const double *coef) noexcept nogil:
    """``evaluate`` for a single column, in one sweep: S2 is carried along as S1 is."""
    cdef Sample *s = <Sample *>sample
    cdef Py_ssize_t group, i
    cdef double score = s.fallen[0], information = 0.0, loglik = 0.0
    cdef double[3] sums
    cdef double[3] tied
    cdef Tied t
    cdef Logarithm logs
    logs.total, logs.product = 0.0, 1.0
    sums[0] = sums[1] = sums[2] = 0.0
    if not predict(s, coef, s.start[0], s.newton.n, &loglik):
        return NAN
    for group in range(s.groups - 1, -1, -1):
        tied[0] = tied[1] = tied[2] = 0.0
        add_moments(s, s.censored[group], s.start[group + 1], sums)
        add_moments(s, s.start[group], s.censored[group], tied)
        for i in range(3):
            sums[i] += tied[i]
        add_tied(sums[0], tied[0], s.deaths[group], s.efron, &t, &logs)
        score += t.b * tied[1] - t.a * sums[1]
        information += t.a * sums[2] - t.b * tied[2] - (
            t.c0 * sums[1] * sums[1] - 2.0 * t.c1 * sums[1] * tied[1] + t.c2 * tied[1] * tied[1]
        )
    s.newton.score[0], s.newton.information[0] = score, information
    return loglik - logs.total - log(logs.product)


cdef bint is_near(const Sample *s) noexcept nogil:
    """Whether no linear predictor is beyond 10: further out flat is not the same as highest."""
    cdef Py_ssize_t row, i
    cdef double lp
    for row in range(s.newton.n):
        lp = 0.0
        for i in range(s.newton.p):
            lp += s.x[row * s.newton.stride + i] * s.newton.coef[i]
        if not fabs(lp) <= 10.0:
            return False
    return True


cdef int climb(
    Sample *s, double tolerance, int most, bint settled, Found *found
) noexcept nogil:
    return iterate(
        &s.newton,
        evaluate_one if s.newton.p == 1 else evaluate,
        s,
        tolerance,
        most,
        settled,
        found,
    )


def newton(
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const signed char[::1] event,
    const double[:, ::1] x,
    const double[::1] multiplicity,
    const double[::1] start,
    bint efron,
    double tolerance,
    int most,
    double[::1] coefficients,
    double[::1] last_step,
    double[::1] std_error,
    double[:, ::1] covariance,
):
    """Fit from start (None: zero), and fill coefficients.

    last_step, or std_error and covariance, may be None. Returns (status, column at fault or -1,
    loglik at the start, loglik, score test there, iterations, events).
    """
    cdef Sample s
    cdef Found found
    cdef double events
    cdef int status = SINGULAR
    cdef Py_ssize_t i, p = x.shape[1]
    cdef bint weighted = multiplicity is not None, wants_covariance = covariance is not None
    cdef bint wants_step = last_step is not None, started = start is not None
    if not allocate(&s, order.shape[0], p, block_start.shape[0] - 1):
        raise MemoryError()
    with nogil:
        s.efron = efron
        forget(&found)
        events = gather(&s, order, block_start, event, x, multiplicity, weighted)
        if events <= 0.0:
            status = NO_EVENTS
        else:
            found.culprit = standardise(&s)
            if found.culprit < 0:
                if started:
                    for i in range(p):
                        s.newton.coef[i] = start[i] * s.scale[i]
                    if is_near(&s):
                        status = climb(&s, tolerance, most, wants_covariance, &found)
                if status != CONVERGED:
                    for i in range(p):
                        s.newton.coef[i] = 0.0
                    status = climb(&s, tolerance, most, wants_covariance, &found)
        if status == CONVERGED:
            # columns vary by about 1 and a death tells of them all: less is what rounding leaves of a
            # column that does not vary among those at risk
            for i in range(p):
                if not s.newton.information[i * s.newton.stride + i] > 1e-12:
                    status, found.culprit = SINGULAR, i
        for i in range(p):
            coefficients[i] = s.newton.coef[i] / s.scale[i] if s.scale[i] > 0.0 else 0.0
        if wants_step:
            for i in range(p):
                last_step[i] = s.newton.step[i] / s.scale[i] if s.scale[i] > 0.0 else 0.0
        if wants_covariance and status == CONVERGED:
            invert(&s.newton, s.scale, covariance)
            for i in range(p):
                std_error[i] = sqrt(covariance[i, i])
                if not 0.0 < std_error[i] < INFINITY:
                    status, found.culprit = NOT_CONVERGED, i
        free(s.mean)
    return status, found.culprit, found.null, found.reached, found.score, found.steps, events
