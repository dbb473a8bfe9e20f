"""Cox partial likelihood with Efron's or Breslow's ties, by Newton-Raphson.

With r_i = m_i exp(x_i b), S0 and S1 the sums of r and r x over those at risk, E0 and E1 the same
over the d tied deaths, Efron's approximation takes for k = 0..d-1 the denominator
D_k = S0 - (k/d) E0 in place of S0. Then

    log L = sum over deaths of x b - sum of log D_k
    score = sum over patients of x_i (m_i event_i - r_i H_i)
    information = sum of r_i H_i x_i x_i' - sum of (S1 - f E1)(S1 - f E1)' / D_k^2,   f = k/d

where H_i sums 1/D_k over the times up to T_i, and (1 - f)/D_k at T_i itself for a death. The second
form of the information costs one rank-one update a patient and one a death time. A multiplicity m is
the same as m rows: the deaths of one patient are m tied deaths.

Columns are centred and divided by their mean absolute deviation before iterating: neither moves
the likelihood, both keep exp(x b) in range.
"""

from libc.math cimport NAN, exp, fabs, isfinite, log
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free

from cartwheel.stats.kernels._dense cimport factorise_dense, solve_dense

# what newton() returns; mirrored in stats/cox.py
cdef enum:
    CONVERGED = 0
    NOT_CONVERGED = 1
    SINGULAR = 2
    NO_EVENTS = 3

# beyond this a linear predictor is no estimate but a step gone wrong
cdef double FARTHEST = 500.0
# a pivot this small beside its own diagonal: the column is a combination of those before it
cdef double COLLINEAR = 1e-11
# the last step may move no patient's linear predictor by more than this; a coefficient on its way
# to infinity keeps moving by about 1
cdef double STILL = 1e-4


cdef struct Sample:
    Py_ssize_t n
    Py_ssize_t p
    Py_ssize_t blocks
    bint efron
    double *x            # n x p, sorted by time, centred and scaled
    double *weight
    double *risk         # m exp(x b)
    char *event
    Py_ssize_t *start    # blocks + 1
    double *hazard       # per block: sum of 1/D_k
    double *spared       # per block: sum of f/D_k, which its own deaths do not bear
    double *mean
    double *scale
    double *s1
    double *e1
    double *score
    double *information  # p x p, lower triangle
    double *factor       # p x p
    double *coef
    double *trial
    double *step


cdef int allocate(Sample *s, Py_ssize_t n, Py_ssize_t p, Py_ssize_t blocks) noexcept nogil:
    """One block of memory for everything; 0 when there is none."""
    cdef Py_ssize_t doubles = n * p + 2 * n + 2 * blocks + 8 * p + 2 * p * p
    cdef Py_ssize_t size = doubles * sizeof(double) + (blocks + 1) * sizeof(Py_ssize_t) + n
    cdef double *at = <double *>calloc(size, 1)
    if at == NULL:
        return 0
    s.n, s.p, s.blocks = n, p, blocks
    s.x = at
    s.weight = s.x + n * p
    s.risk = s.weight + n
    s.hazard = s.risk + n
    s.spared = s.hazard + blocks
    s.mean = s.spared + blocks
    s.scale = s.mean + p
    s.s1 = s.scale + p
    s.e1 = s.s1 + p
    s.score = s.e1 + p
    s.coef = s.score + p
    s.trial = s.coef + p
    s.step = s.trial + p
    s.information = s.step + p
    s.factor = s.information + p * p
    s.start = <Py_ssize_t *>(s.factor + p * p)
    s.event = <char *>(s.start + blocks + 1)
    return 1


cdef double gather(
    Sample *s,
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const signed char[::1] event,
    const double[:, ::1] x,
    const double[::1] multiplicity,
    bint weighted,
) noexcept nogil:
    """Copy the patients present in time order; return the number of events."""
    cdef Py_ssize_t block, row, column, kept = 0, blocks = 0
    cdef int64_t patient
    cdef double weight, events = 0.0
    for block in range(block_start.shape[0] - 1):
        s.start[blocks] = kept
        for row in range(block_start[block], block_start[block + 1]):
            patient = order[row]
            weight = multiplicity[patient] if weighted else 1.0
            if weight <= 0.0:
                continue
            s.weight[kept] = weight
            s.event[kept] = event[patient]
            if event[patient]:
                events += weight
            for column in range(s.p):
                s.x[kept * s.p + column] = x[patient, column]
            kept += 1
        if kept > s.start[blocks]:
            blocks += 1
    s.start[blocks] = kept
    s.n, s.blocks = kept, blocks
    return events


cdef Py_ssize_t standardise(Sample *s) noexcept nogil:
    """Centre and scale the columns; return the first constant one, or -1."""
    cdef Py_ssize_t row, column, p = s.p
    cdef double total = 0.0, largest
    for row in range(s.n):
        total += s.weight[row]
        for column in range(p):
            s.mean[column] += s.weight[row] * s.x[row * p + column]
    for column in range(p):
        s.mean[column] /= total
        largest = fabs(s.mean[column])
        for row in range(s.n):
            s.x[row * p + column] -= s.mean[column]
            s.scale[column] += s.weight[row] * fabs(s.x[row * p + column])
        s.scale[column] /= total
        if not s.scale[column] > 1e-13 * largest:
            return column
        for row in range(s.n):
            s.x[row * p + column] /= s.scale[column]
    return -1


cdef double sweep_back(Sample *s, const double *coef) noexcept nogil:
    """From the last time to the first: log likelihood, hazards, outer products; NaN if too far."""
    cdef Py_ssize_t block, row, i, j, p = s.p
    cdef double s0 = 0.0, e0, deaths, lp, loglik = 0.0, f, d, a, b, c0, c1, c2, k
    cdef double *x
    for i in range(p):
        s.s1[i] = 0.0
    for i in range(p * p):
        s.information[i] = 0.0
    for block in range(s.blocks - 1, -1, -1):
        e0 = deaths = 0.0
        for i in range(p):
            s.e1[i] = 0.0
        for row in range(s.start[block], s.start[block + 1]):
            x = s.x + row * p
            lp = 0.0
            for i in range(p):
                lp += x[i] * coef[i]
            if not fabs(lp) <= FARTHEST:
                return NAN
            s.risk[row] = s.weight[row] * exp(lp)
            s0 += s.risk[row]
            for i in range(p):
                s.s1[i] += s.risk[row] * x[i]
            if s.event[row]:
                deaths += s.weight[row]
                loglik += s.weight[row] * lp
                e0 += s.risk[row]
                for i in range(p):
                    s.e1[i] += s.risk[row] * x[i]
        s.hazard[block] = s.spared[block] = 0.0
        if deaths <= 0.0:
            continue
        if not s.efron or deaths == 1.0:
            a = 1.0 / s0
            s.hazard[block] = deaths * a
            loglik -= deaths * log(s0)
            c0 = deaths * a * a
            for i in range(p):
                for j in range(i + 1):
                    s.information[i * p + j] -= c0 * s.s1[i] * s.s1[j]
            continue
        a = b = c0 = c1 = c2 = k = 0.0
        while k < deaths:
            f = k / deaths
            d = s0 - f * e0
            loglik -= log(d)
            d = 1.0 / d
            a += d
            b += f * d
            c0 += d * d
            c1 += f * d * d
            c2 += f * f * d * d
            k += 1.0
        s.hazard[block], s.spared[block] = a, b
        for i in range(p):
            for j in range(i + 1):
                s.information[i * p + j] -= (
                    c0 * s.s1[i] * s.s1[j]
                    - c1 * (s.s1[i] * s.e1[j] + s.e1[i] * s.s1[j])
                    + c2 * s.e1[i] * s.e1[j]
                )
    return loglik


cdef void sweep_forward(Sample *s) noexcept nogil:
    """From the first time to the last: score, and the information's sum over patients."""
    cdef Py_ssize_t block, row, i, j, p = s.p
    cdef double cumulative = 0.0, borne, residual, part
    cdef double *x
    for i in range(p):
        s.score[i] = 0.0
    for block in range(s.blocks):
        cumulative += s.hazard[block]
        for row in range(s.start[block], s.start[block + 1]):
            x = s.x + row * p
            if s.event[row]:
                borne = s.risk[row] * (cumulative - s.spared[block])
                residual = s.weight[row] - borne
            else:
                borne = s.risk[row] * cumulative
                residual = -borne
            for i in range(p):
                s.score[i] += residual * x[i]
                part = borne * x[i]
                for j in range(i + 1):
                    s.information[i * p + j] += part * x[j]


cdef double evaluate(Sample *s, const double *coef) noexcept nogil:
    cdef double loglik = sweep_back(s, coef)
    if isfinite(loglik):
        sweep_forward(s)
    return loglik


cdef Py_ssize_t factorise(Sample *s) noexcept nogil:
    """Cholesky of the information into factor; the column without information, or -1."""
    return factorise_dense(s.information, s.factor, s.p, COLLINEAR)


cdef void solve(const Sample *s, const double *right, double *out) noexcept nogil:
    solve_dense(s.factor, right, out, s.p)


cdef bint is_still(const Sample *s) noexcept nogil:
    """Whether the step moves nobody's linear predictor."""
    cdef Py_ssize_t row, i
    cdef double shift
    for row in range(s.n):
        shift = 0.0
        for i in range(s.p):
            shift += s.x[row * s.p + i] * s.step[i]
        if fabs(shift) > STILL:
            return False
    return True


cdef int iterate(
    Sample *s, double tolerance, int most, double *found, Py_ssize_t *culprit
) noexcept nogil:
    """Newton-Raphson with step halving from zero; found = loglik at 0, loglik, score test, steps."""
    cdef Py_ssize_t i, column
    cdef int iteration, halving
    cdef double loglik = evaluate(s, s.coef), reached, decrement
    found[0] = found[1] = loglik
    found[2] = NAN
    for iteration in range(1, most + 1):
        found[3] = iteration
        column = factorise(s)
        if column >= 0:
            culprit[0] = column
            return SINGULAR if iteration == 1 else NOT_CONVERGED
        solve(s, s.score, s.step)
        decrement = 0.0
        for i in range(s.p):
            decrement += s.score[i] * s.step[i]
        if iteration == 1:
            found[2] = decrement
        # the decrement is the squared distance left, in standard errors; the step squares it again
        if decrement < tolerance and is_still(s):
            for i in range(s.p):
                s.coef[i] += s.step[i]
            found[1] = loglik + 0.5 * decrement
            return CONVERGED
        for halving in range(20):
            for i in range(s.p):
                s.trial[i] = s.coef[i] + s.step[i]
            reached = evaluate(s, s.trial)
            if reached >= loglik - 1e-11 * fabs(loglik):
                break
            for i in range(s.p):
                s.step[i] *= 0.5
        else:
            return NOT_CONVERGED
        loglik = found[1] = reached
        for i in range(s.p):
            s.coef[i] = s.trial[i]
    return NOT_CONVERGED


cdef void invert(Sample *s, double[:, ::1] covariance) noexcept nogil:
    """Covariance on the columns' own scale, from the information at the estimate."""
    cdef Py_ssize_t i, j, p = s.p
    for j in range(p):
        for i in range(p):
            s.trial[i] = 1.0 if i == j else 0.0
        solve(s, s.trial, s.step)
        for i in range(p):
            covariance[i, j] = s.step[i] / (s.scale[i] * s.scale[j])


def newton(
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const signed char[::1] event,
    const double[:, ::1] x,
    const double[::1] multiplicity,
    bint efron,
    double tolerance,
    int most,
    double[::1] coefficients,
    double[::1] last_step,
    double[:, ::1] covariance,
):
    """Fit, and fill coefficients (last_step, covariance may be None).

    Returns (status, column at fault or -1, loglik at zero, loglik, score test, iterations, events).
    """
    cdef Sample s
    cdef double[4] found
    cdef double events
    cdef int status = CONVERGED
    cdef Py_ssize_t i, culprit = -1, p = x.shape[1]
    cdef bint weighted = multiplicity is not None, wants_covariance = covariance is not None
    cdef bint wants_step = last_step is not None
    if not allocate(&s, order.shape[0], p, block_start.shape[0] - 1):
        raise MemoryError()
    with nogil:
        s.efron = efron
        found[0] = found[1] = found[2] = NAN
        found[3] = 0.0
        events = gather(&s, order, block_start, event, x, multiplicity, weighted)
        if events <= 0.0:
            status = NO_EVENTS
        else:
            culprit = standardise(&s)
            if culprit >= 0:
                status = SINGULAR
            else:
                status = iterate(&s, tolerance, most, found, &culprit)
        for i in range(p):
            coefficients[i] = s.coef[i] / s.scale[i] if s.scale[i] > 0.0 else 0.0
        if wants_step:
            for i in range(p):
                last_step[i] = s.step[i] / s.scale[i] if s.scale[i] > 0.0 else 0.0
        if wants_covariance and status == CONVERGED:
            found[1] = evaluate(&s, s.coef)
            culprit = factorise(&s)
            if culprit >= 0:
                status = NOT_CONVERGED
            else:
                invert(&s, covariance)
        free(s.x)
    return status, culprit, found[0], found[1], found[2], <int>found[3], events
