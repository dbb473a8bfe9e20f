"""Likelihood of Fine and Gray's subdistribution hazards: one sweep back, one forward.

A patient with a competing event at T_i stays in the risk set at t > T_i with the weight
G(t-) / G(T_i-), G the Kaplan-Meier curve of censoring in the patient's censoring group. With
r_i = m_i exp(x_i b), events of interest d at t (Breslow's ties) and those sums over the risk set

    S0(t) = sum of r_i with T_i >= t, plus sum over groups g of G_g(t-) times
            the sum of r_i / G_g(T_i-) over competing events with T_i < t

one backward and one forward sweep give S0 and S1 at every event time. Each patient then bears

    H_i = sum of d / S0 up to T_i, and after it, for a competing event, that of G(t-) d / S0 / G(T_i-)

and score and information are sum x_i (m_i event_i - r_i H_i) and
sum r_i H_i x_i x_i' - sum d (S1/S0)(S1/S0)'. Columns are centred and scaled before iterating.
"""

from libc.math cimport NAN, exp, fabs, isfinite, log
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc

# as in _cox
cdef double FARTHEST = 500.0


cdef int allocate(
    Sample *s, Py_ssize_t n, Py_ssize_t p, Py_ssize_t blocks, Py_ssize_t groups
) noexcept nogil:
    """One block of memory for everything; 0 when there is none."""
    cdef Py_ssize_t table = blocks * groups
    cdef Py_ssize_t doubles = (
        n * p + 3 * n + 5 * table + blocks * (p + 2) + groups * (p + 1) + 7 * p + 2 * p * p
    )
    cdef Py_ssize_t size = doubles * sizeof(double)
    size += (blocks + 1 + 2 * n) * sizeof(Py_ssize_t) + n
    cdef double *at = <double *>calloc(size, 1)
    if at == NULL:
        return 0
    s.n, s.p, s.blocks, s.groups = n, p, blocks, groups
    s.x = at
    s.weight = s.x + n * p
    s.risk = s.weight + n
    s.share = s.risk + n
    s.censoring = s.share + n
    s.leaving = s.censoring + table
    s.staying = s.leaving + table
    s.deaths = s.staying + table
    s.gamma = s.deaths + table
    s.s0 = s.gamma + table
    s.hazard = s.s0 + blocks
    s.s1 = s.hazard + blocks
    s.held = s.s1 + blocks * p
    s.held1 = s.held + groups
    s.mean = s.held1 + groups * p
    s.scale = s.mean + p
    s.score = s.scale + p
    s.newton.coef = s.score + p
    s.newton.trial = s.newton.coef + p
    s.newton.step = s.newton.trial + p
    s.sum1 = s.newton.step + p
    s.information = s.sum1 + p
    s.newton.factor = s.information + p * p
    s.start = <Py_ssize_t *>(s.newton.factor + p * p)
    s.patient = s.start + blocks + 1
    s.group = s.patient + n
    s.kind = <char *>(s.group + n)
    s.newton.n, s.newton.p, s.newton.stride, s.newton.x = n, p, p, s.x
    s.newton.weight, s.newton.score, s.newton.information = s.weight, s.score, s.information
    return 1


cdef double gather(
    Sample *s,
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const int64_t[::1] cause,
    int64_t of_interest,
    const double[:, ::1] x,
    const int64_t[::1] group,
    const double[::1] multiplicity,
) noexcept nogil:
    """Copy the patients in time order, absent ones as weight 0; return the events of interest."""
    cdef Py_ssize_t block, row, column, at
    cdef int64_t patient
    cdef double weight, events = 0.0
    cdef bint weighted = multiplicity is not None, grouped = group is not None
    for block in range(s.blocks):
        s.start[block] = block_start[block]
        for row in range(block_start[block], block_start[block + 1]):
            patient = order[row]
            weight = multiplicity[patient] if weighted else 1.0
            s.patient[row] = patient
            s.weight[row] = weight
            s.group[row] = group[patient] if grouped else 0
            s.kind[row] = 0 if cause[patient] == 0 else (1 if cause[patient] == of_interest else 2)
            at = block * s.groups + s.group[row]
            if s.kind[row] == 0:
                s.leaving[at] += weight
            elif s.kind[row] == 1:
                s.deaths[at] += weight
                events += weight
            s.staying[at] += weight
            for column in range(s.p):
                s.x[row * s.p + column] = x[patient, column]
    s.start[s.blocks] = s.n
    return events


cdef void weigh(Sample *s, bint events_first) noexcept nogil:
    """Censoring curves of all groups, and 1 / G(T-) of the competing events."""
    cdef Py_ssize_t block, g, at, row
    cdef double total, gone, curve
    for g in range(s.groups):
        total = 0.0
        for block in range(s.blocks - 1, -1, -1):
            at = block * s.groups + g
            total += s.staying[at]
            gone = s.staying[at] - s.leaving[at]
            s.staying[at] = total - gone if events_first else total
            s.gamma[at] = total
        curve = 1.0
        for block in range(s.blocks):
            at = block * s.groups + g
            # nobody of the group is followed so far: nobody stands for its competing events
            s.censoring[at] = curve if s.gamma[at] > 0.0 else 0.0
            if s.leaving[at] > 0.0:
                curve *= 1.0 - s.leaving[at] / s.staying[at]
    for block in range(s.blocks):
        for row in range(s.start[block], s.start[block + 1]):
            if s.kind[row] == 2 and s.weight[row] > 0.0:
                s.share[row] = 1.0 / s.censoring[block * s.groups + s.group[row]]


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
    """S0 and S1 of those with T >= t, and the events' part of log L; NaN if too far."""
    cdef Py_ssize_t block, row, i, g, p = s.p
    cdef double lp, s0 = 0.0, loglik = 0.0
    cdef double *x
    for i in range(p):
        s.sum1[i] = 0.0
    for block in range(s.blocks - 1, -1, -1):
        for row in range(s.start[block], s.start[block + 1]):
            if s.weight[row] <= 0.0:
                s.risk[row] = 0.0
                continue
            x = s.x + row * p
            lp = 0.0
            for i in range(p):
                lp += x[i] * coef[i]
            if not fabs(lp) <= FARTHEST:
                return NAN
            s.risk[row] = s.weight[row] * exp(lp)
            s0 += s.risk[row]
            for i in range(p):
                s.sum1[i] += s.risk[row] * x[i]
            if s.kind[row] == 1:
                loglik += s.weight[row] * lp
        s.s0[block] = s0
        for i in range(p):
            s.s1[block * p + i] = s.sum1[i]
    return loglik


cdef double sweep_forward(Sample *s) noexcept nogil:
    """Add those with earlier competing events; hazards; minus the sum of d log S0."""
    cdef Py_ssize_t block, row, i, g, p = s.p
    cdef double part, deaths, loglik = 0.0
    cdef double *x
    for g in range(s.groups):
        s.held[g] = 0.0
        for i in range(p):
            s.held1[g * p + i] = 0.0
    for block in range(s.blocks):
        deaths = 0.0
        for g in range(s.groups):
            deaths += s.deaths[block * s.groups + g]
            part = s.censoring[block * s.groups + g]
            s.s0[block] += part * s.held[g]
            for i in range(p):
                s.s1[block * p + i] += part * s.held1[g * p + i]
        s.hazard[block] = 0.0
        if deaths > 0.0:
            s.hazard[block] = deaths / s.s0[block]
            loglik -= deaths * log(s.s0[block])
        for g in range(s.groups):
            part = s.gamma[(block - 1) * s.groups + g] if block > 0 else 0.0
            s.gamma[block * s.groups + g] = (
                part + s.censoring[block * s.groups + g] * s.hazard[block]
            )
        for row in range(s.start[block], s.start[block + 1]):
            if s.kind[row] == 2 and s.weight[row] > 0.0:
                x = s.x + row * p
                g = s.group[row]
                part = s.risk[row] * s.share[row]
                s.held[g] += part
                for i in range(p):
                    s.held1[g * p + i] += part * x[i]
    return loglik


cdef void derivatives(Sample *s) noexcept nogil:
    """Score and information from the hazards."""
    cdef Py_ssize_t block, row, i, j, at, last = (s.blocks - 1) * s.groups, p = s.p
    cdef double borne, residual, part, mean, cumulative = 0.0
    cdef double *x
    cdef double *s1
    for i in range(p):
        s.score[i] = 0.0
        for j in range(i + 1):
            s.information[i * p + j] = 0.0
    for block in range(s.blocks):
        cumulative += s.hazard[block]
        for row in range(s.start[block], s.start[block + 1]):
            if s.weight[row] <= 0.0:
                continue
            x = s.x + row * p
            borne = cumulative
            if s.kind[row] == 2:
                at = s.group[row]
                borne += s.share[row] * (s.gamma[last + at] - s.gamma[block * s.groups + at])
            borne *= s.risk[row]
            residual = s.weight[row] - borne if s.kind[row] == 1 else -borne
            for i in range(p):
                s.score[i] += residual * x[i]
                part = borne * x[i]
                for j in range(i + 1):
                    s.information[i * p + j] += part * x[j]
        if s.hazard[block] > 0.0:
            s1 = s.s1 + block * p
            for i in range(p):
                mean = s.hazard[block] * s1[i] / s.s0[block]
                for j in range(i + 1):
                    s.information[i * p + j] -= mean * s1[j]


cdef double evaluate(void *sample, const double *coef) noexcept nogil:
    """Log L, leaving score and information; NaN if too far."""
    cdef Sample *s = <Sample *>sample
    cdef double loglik = sweep_back(s, coef)
    if isfinite(loglik):
        loglik += sweep_forward(s)
        derivatives(s)
    return loglik
