"""Fine and Gray's regression by Newton-Raphson, and each patient's influence on it.

The sums are those of ``_fine_gray_model``. The influence of a patient on the score has two parts:
that with the weights taken as known, and that through the censoring curves, an integral of

    q(u) = sum over competing events with T_i < u, and t >= u, of
           (x_i - S1/S0(t)) r_i G(t-) / G(T_i-) d(t) / S0(t)

over the patient's censoring martingale divided by the number at risk.
"""

from libc.stdint cimport int64_t
from libc.stdlib cimport free

from cartwheel.stats.kernels._fine_gray_model cimport (
    Sample,
    allocate,
    evaluate,
    gather,
    standardise,
    weigh,
)
from cartwheel.stats.kernels._newton cimport (
    CONVERGED,
    NO_EVENTS,
    SINGULAR,
    Found,
    forget,
    invert,
    iterate,
)


cdef void score_influence(Sample *s, double[:, ::1] influence) noexcept nogil:
    """Each patient's part of the score, as if the weights were known."""
    cdef Py_ssize_t block, row, i, g, at, last = (s.blocks - 1) * s.groups, p = s.p
    cdef double cumulative = 0.0, later, mean, risk
    cdef double *x
    # held1 becomes the groups' sums of G(t-) hazard S1 / S0 after the present time
    for i in range(p):
        s.sum1[i] = 0.0
        for g in range(s.groups):
            s.held1[g * p + i] = 0.0
    for block in range(s.blocks):
        for g in range(s.groups):
            for i in range(p):
                s.held1[g * p + i] += (
                    s.censoring[block * s.groups + g]
                    * s.hazard[block]
                    * s.s1[block * p + i]
                    / s.s0[block]
                    if s.hazard[block] > 0.0
                    else 0.0
                )
    for block in range(s.blocks):
        cumulative += s.hazard[block]
        if s.hazard[block] > 0.0:
            for i in range(p):
                mean = s.s1[block * p + i] / s.s0[block]
                s.sum1[i] += s.hazard[block] * mean
                for g in range(s.groups):
                    s.held1[g * p + i] -= (
                        s.censoring[block * s.groups + g] * s.hazard[block] * mean
                    )
        for row in range(s.start[block], s.start[block + 1]):
            if s.weight[row] <= 0.0:
                continue
            x = s.x + row * p
            risk = s.risk[row] / s.weight[row]
            g = s.group[row]
            later = 0.0
            if s.kind[row] == 2:
                at = block * s.groups + g
                later = s.share[row] * (s.gamma[last + g] - s.gamma[at])
            for i in range(p):
                mean = s.sum1[i]
                if s.kind[row] == 2:
                    mean += s.share[row] * s.held1[g * p + i]
                influence[s.patient[row], i] = risk * (mean - x[i] * (cumulative + later))
                if s.kind[row] == 1:
                    influence[s.patient[row], i] += x[i] - s.s1[block * p + i] / s.s0[block]


cdef void censoring_influence(Sample *s, double[:, ::1] influence, bint own_group) noexcept nogil:
    """Add what each patient does to the score through the censoring curves.

    With own_group the events of interest of other groups are left out of a group's q(u), as crr
    does; without groups it makes no difference.
    """
    cdef Py_ssize_t block, row, i, g, at, p = s.p
    cdef double later, hazard, total, q
    cdef double *x
    # s.sum1: later sums of G hazard S1/S0; s.newton.trial: sum of q c / Y^2; one group at a time
    for g in range(s.groups):
        later = 0.0
        s.held[g] = 0.0
        for i in range(p):
            s.sum1[i] = s.newton.trial[i] = s.held1[g * p + i] = 0.0
        for block in range(s.blocks):
            hazard = hazard_of(s, block, g, own_group)
            later += hazard
            for i in range(p):
                s.sum1[i] += hazard * s.s1[block * p + i] / s.s0[block] if hazard > 0.0 else 0.0
        for block in range(s.blocks):
            at = block * s.groups + g
            for i in range(p):
                q = s.held1[g * p + i] * later - s.held[g] * s.sum1[i]
                s.newton.step[i] = q / s.staying[at] if s.leaving[at] > 0.0 else 0.0
                if s.leaving[at] > 0.0:
                    s.newton.trial[i] += s.newton.step[i] * s.leaving[at] / s.staying[at]
            hazard = hazard_of(s, block, g, own_group)
            later -= hazard
            for i in range(p):
                s.sum1[i] -= hazard * s.s1[block * p + i] / s.s0[block] if hazard > 0.0 else 0.0
            for row in range(s.start[block], s.start[block + 1]):
                if s.group[row] != g or s.weight[row] <= 0.0:
                    continue
                for i in range(p):
                    influence[s.patient[row], i] -= s.newton.trial[i]
                    if s.kind[row] == 0:
                        influence[s.patient[row], i] += s.newton.step[i]
                if s.kind[row] == 2:
                    x = s.x + row * p
                    total = s.risk[row] * s.share[row]
                    s.held[g] += total
                    for i in range(p):
                        s.held1[g * p + i] += total * x[i]


cdef double hazard_of(Sample *s, Py_ssize_t block, Py_ssize_t g, bint own_group) noexcept nogil:
    """G_g(t-) d / S0, of all events of interest at a time or of those in one group."""
    cdef Py_ssize_t at = block * s.groups + g
    if own_group:
        if s.deaths[at] <= 0.0:
            return 0.0
        return s.censoring[at] * s.deaths[at] / s.s0[block]
    return s.censoring[at] * s.hazard[block]


cdef void describe(
    Sample *s,
    double[::1] hazard,
    double[:, ::1] covariance,
    double[:, ::1] influence,
    bint known_weights,
    bint own_group,
) noexcept nogil:
    """Fill jumps at the columns' means, inverse information and influences, on their scale."""
    cdef Py_ssize_t block, row, i, p = s.p
    for block in range(s.blocks):
        hazard[block] = s.hazard[block]
    invert(&s.newton, s.scale, covariance)
    score_influence(s, influence)
    if not known_weights:
        censoring_influence(s, influence, own_group)
    for row in range(s.n):
        for i in range(p):
            influence[row, i] *= s.scale[i]


def newton(
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const int64_t[::1] cause,
    int64_t of_interest,
    const double[:, ::1] x,
    const double[::1] multiplicity,
    const int64_t[::1] group,
    Py_ssize_t groups,
    bint events_first,
    bint own_group,
    double tolerance,
    int most,
    double[::1] coefficients,
    double[::1] hazard,
    double[:, ::1] covariance,
    double[:, ::1] influence,
):
    """Fit, and fill coefficients; hazard, covariance, influence too, unless they are None.

    ``events_first``: censorings follow events of the same time, and the influences take the
    weights as known. Influences belong to the score, one copy of a patient. Returns (status,
    column at fault or -1, loglik at zero, loglik, iterations, events).
    """
    cdef Sample s
    cdef Found found
    cdef double events
    cdef int status = SINGULAR
    cdef Py_ssize_t i, p = x.shape[1]
    cdef bint full = influence is not None
    if not allocate(&s, order.shape[0], p, block_start.shape[0] - 1, groups):
        raise MemoryError()
    with nogil:
        forget(&found)
        events = gather(&s, order, block_start, cause, of_interest, x, group, multiplicity)
        if events <= 0.0:
            status = NO_EVENTS
        else:
            weigh(&s, events_first)
            found.culprit = standardise(&s)
            if found.culprit < 0:
                status = iterate(&s.newton, evaluate, &s, tolerance, most, full, &found)
        for i in range(p):
            coefficients[i] = s.newton.coef[i] / s.scale[i] if s.scale[i] > 0.0 else 0.0
        if full and status == CONVERGED:
            describe(&s, hazard, covariance, influence, events_first, own_group)
        free(s.x)
    return status, found.culprit, found.null, found.reached, found.steps, events
