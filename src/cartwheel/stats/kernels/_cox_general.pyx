"""Cox partial likelihood of a general sample: strata, late entry, case weights, offsets, ridge.

Rows come sorted by stratum and time. A block is one distinct time of one stratum; a row is at risk
from its entry block to its own. With r_i = w_i exp(x_i b + offset_i), S0 and S1 the sums of r and
r x over those at risk, E0 and E1 the same over the d tied deaths and w their mean weight, Efron's
denominators are D_k = S0 - (k/d) E0, k = 0..d-1 (Breslow's: S0 throughout), and

    log L = sum of w_i (x_i b + offset_i) over deaths - sum of w log D_k
    score = sum over rows of x_i (w_i event_i - r_i H_i)
    information = sum of r_i H_i x_i x_i' - sum of w (S1 - f E1)(S1 - f E1)' / D_k^2,   f = k/d

where H_i sums w/D_k over the blocks of row i, with (1 - f) w/D_k at its own death. S0 and S1 are
carried from the last time to the first; rows that enter later are taken out again. A ridge adds
lambda_j b_j^2 / 2 for each column. Nothing is validated here.
"""

from libc.math cimport NAN, exp, fabs, isfinite, log
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free

from cartwheel.stats.kernels._newton cimport (
    CONVERGED,
    Found,
    Newton,
    forget,
    invert,
    iterate,
)

# beyond this a linear predictor is no estimate but a step gone wrong
cdef double FARTHEST = 500.0


cdef struct Sample:
    Newton newton
    Py_ssize_t n
    Py_ssize_t p
    Py_ssize_t blocks
    bint efron
    bint late                   # some rows enter after the start
    const double *x             # n x p
    const double *weight
    const double *offset
    const signed char *event
    const int64_t *start        # blocks + 1: rows of each block
    const signed char *first    # blocks: first of its stratum
    const int64_t *entry        # n: first block at risk
    const int64_t *entering     # rows by entry block
    const int64_t *entry_start  # blocks + 1
    const double *ridge         # p
    double *risk
    double *hazard              # per block: sum of w/D_k
    double *spared              # per block: sum of f w/D_k, which its own deaths do not bear
    double *cumulative
    double *s1
    double *e1
    double *score
    double *information         # p x p, lower half


cdef int allocate(Sample *s) noexcept nogil:
    """One block of memory for everything; 0 when there is none."""
    cdef Py_ssize_t p = s.p
    cdef double *at = <double *>calloc(s.n + 3 * s.blocks + 6 * p + 2 * p * p + 1, sizeof(double))
    if at == NULL:
        return 0
    s.risk = at
    s.hazard = s.risk + s.n
    s.spared = s.hazard + s.blocks
    s.cumulative = s.spared + s.blocks
    s.s1 = s.cumulative + s.blocks
    s.e1 = s.s1 + p
    s.score = s.e1 + p
    s.newton.coef = s.score + p
    s.newton.trial = s.newton.coef + p
    s.newton.step = s.newton.trial + p
    s.information = s.newton.step + p
    s.newton.factor = s.information + p * p
    s.newton.n, s.newton.p, s.newton.stride, s.newton.x = s.n, p, p, s.x
    s.newton.weight, s.newton.score, s.newton.information = s.weight, s.score, s.information
    return 1


cdef inline void move(double *sums, const double *x, double risk, Py_ssize_t p) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(p):
        sums[i] += risk * x[i]


cdef double sweep_back(Sample *s, const double *coef) noexcept nogil:
    """From the last time to the first: log likelihood, hazards, outer products; NaN if too far."""
    cdef Py_ssize_t block, row, place, i, j, k, deaths, at_risk = 0, p = s.p
    cdef double s0 = 0.0, e0, weight, mean, lp, loglik = 0.0, f, d, a, b, c0, c1, c2
    for i in range(p * p):
        s.information[i] = 0.0
    for block in range(s.blocks - 1, -1, -1):
        if block == s.blocks - 1 or s.first[block + 1]:
            at_risk = 0
        elif s.late:
            for place in range(s.entry_start[block + 1], s.entry_start[block + 2]):
                row = s.entering[place]
                s0 -= s.risk[row]
                move(s.s1, s.x + row * p, -s.risk[row], p)
                at_risk -= 1
        if at_risk == 0:
            s0 = 0.0
            for i in range(p):
                s.s1[i] = 0.0
        e0 = weight = 0.0
        deaths = 0
        for i in range(p):
            s.e1[i] = 0.0
        for row in range(s.start[block], s.start[block + 1]):
            lp = s.offset[row]
            for i in range(p):
                lp += s.x[row * p + i] * coef[i]
            if not fabs(lp) <= FARTHEST:
                return NAN
            s.risk[row] = s.weight[row] * exp(lp)
            at_risk += 1
            s0 += s.risk[row]
            move(s.s1, s.x + row * p, s.risk[row], p)
            if s.event[row]:
                deaths += 1
                weight += s.weight[row]
                loglik += s.weight[row] * lp
                e0 += s.risk[row]
                move(s.e1, s.x + row * p, s.risk[row], p)
        s.hazard[block] = s.spared[block] = 0.0
        if deaths == 0:
            continue
        if not s.efron or deaths == 1:
            a = weight / s0
            s.hazard[block] = a
            loglik -= weight * log(s0)
            c0 = a / s0
            for i in range(p):
                for j in range(i + 1):
                    s.information[i * p + j] -= c0 * s.s1[i] * s.s1[j]
            continue
        a = b = c0 = c1 = c2 = 0.0
        mean = weight / deaths
        for k in range(deaths):
            f = <double>k / deaths
            d = s0 - f * e0
            loglik -= mean * log(d)
            d = 1.0 / d
            a += mean * d
            b += mean * f * d
            c0 += mean * d * d
            c1 += mean * f * d * d
            c2 += mean * f * f * d * d
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
    """From the first time to the last: score, and the information's sum over rows."""
    cdef Py_ssize_t block, row, i, j, p = s.p
    cdef double cumulative = 0.0, borne, residual, part
    cdef const double *x
    for i in range(p):
        s.score[i] = 0.0
    for block in range(s.blocks):
        if s.first[block]:
            cumulative = 0.0
        cumulative += s.hazard[block]
        s.cumulative[block] = cumulative
        for row in range(s.start[block], s.start[block + 1]):
            borne = cumulative
            if s.late and not s.first[s.entry[row]]:
                borne -= s.cumulative[s.entry[row] - 1]
            residual = 0.0
            if s.event[row]:
                borne -= s.spared[block]
                residual = s.weight[row]
            borne *= s.risk[row]
            residual -= borne
            x = s.x + row * p
            for i in range(p):
                s.score[i] += residual * x[i]
                part = borne * x[i]
                for j in range(i + 1):
                    s.information[i * p + j] += part * x[j]


cdef double evaluate_at(void *sample, const double *coef) noexcept nogil:
    """Penalised log likelihood, leaving score and information; NaN if too far."""
    cdef Sample *s = <Sample *>sample
    cdef Py_ssize_t i
    cdef double loglik = sweep_back(s, coef)
    if isfinite(loglik):
        sweep_forward(s)
        for i in range(s.p):
            loglik -= 0.5 * s.ridge[i] * coef[i] * coef[i]
            s.score[i] -= s.ridge[i] * coef[i]
            s.information[i * s.p + i] += s.ridge[i]
    return loglik


cdef void bind(
    Sample *s,
    const double[:, ::1] x,
    const double[::1] weight,
    const double[::1] offset,
    const signed char[::1] event,
    const int64_t[::1] block_start,
    const signed char[::1] first,
    const int64_t[::1] entry,
    const int64_t[::1] entering,
    const int64_t[::1] entry_start,
):
    s.n, s.p, s.blocks = x.shape[0], x.shape[1], first.shape[0]
    s.x, s.weight, s.offset, s.event = &x[0, 0], &weight[0], &offset[0], &event[0]
    s.start, s.first = &block_start[0], &first[0]
    s.late = entry is not None
    if s.late:
        s.entry, s.entering, s.entry_start = &entry[0], &entering[0], &entry_start[0]


cdef void copy_information(const Sample *s, double[:, ::1] information) noexcept nogil:
    """Both triangles, without the ridge."""
    cdef Py_ssize_t i, j
    for i in range(s.p):
        for j in range(i + 1):
            information[i, j] = information[j, i] = s.information[i * s.p + j]
        information[i, i] -= s.ridge[i]


def newton(
    const double[:, ::1] x,
    const double[::1] weight,
    const double[::1] offset,
    const signed char[::1] event,
    const int64_t[::1] block_start,
    const signed char[::1] first,
    const int64_t[::1] entry,
    const int64_t[::1] entering,
    const int64_t[::1] entry_start,
    const double[::1] ridge,
    bint efron,
    double tolerance,
    int most,
    double[::1] coefficients,
    double[::1] last_step,
    double[:, ::1] covariance,
    double[:, ::1] information,
):
    """Fit; fill coefficients, last_step, covariance (with the ridge), information (without).

    Rows sorted, columns centred and scaled. entry, entering and entry_start are None when all are
    at risk from the start. Returns (status, column at fault or -1, penalised loglik at zero and at
    the estimate, score test, iterations).
    """
    cdef Sample s
    cdef Found found
    cdef int status
    cdef Py_ssize_t i
    bind(&s, x, weight, offset, event, block_start, first, entry, entering, entry_start)
    s.ridge = &ridge[0]
    s.efron = efron
    if not allocate(&s):
        raise MemoryError()
    with nogil:
        forget(&found)
        status = iterate(&s.newton, evaluate_at, &s, tolerance, most, True, &found)
        for i in range(s.p):
            coefficients[i] = s.newton.coef[i]
            last_step[i] = s.newton.step[i]
        if status == CONVERGED:
            copy_information(&s, information)
            invert(&s.newton, NULL, covariance)
        free(s.risk)
    return status, found.culprit, found.null, found.reached, found.score, found.steps


def evaluate(
    const double[:, ::1] x,
    const double[::1] weight,
    const double[::1] offset,
    const signed char[::1] event,
    const int64_t[::1] block_start,
    const signed char[::1] first,
    const int64_t[::1] entry,
    const int64_t[::1] entering,
    const int64_t[::1] entry_start,
    const double[::1] coefficients,
    bint efron,
    double[::1] score,
    double[:, ::1] information,
):
    """Log partial likelihood at given coefficients (NaN if too far); fill score and information."""
    cdef Sample s
    cdef double loglik
    cdef Py_ssize_t i
    bind(&s, x, weight, offset, event, block_start, first, entry, entering, entry_start)
    s.efron = efron
    if not allocate(&s):
        raise MemoryError()
    with nogil:
        # calloc made the trial step nought: no ridge
        s.ridge = s.newton.trial
        loglik = evaluate_at(&s, &coefficients[0])
        for i in range(s.p):
            score[i] = s.score[i]
        copy_information(&s, information)
        free(s.risk)
    return loglik
