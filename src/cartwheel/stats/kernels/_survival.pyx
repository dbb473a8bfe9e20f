"""Survival at a horizon, inverse-probability-of-censoring weights, log-rank scores.

All take the patients sorted once: ``order`` lists them by ascending time, ``block_start`` holds the
offset of each distinct time in that order (and n at the end), ``multiplicity`` says how often each
patient counts (None: once). Nothing is validated here.
"""

from libc.stdint cimport int64_t


def survival_at(
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const double[::1] block_time,
    const signed char[::1] event,
    const double[::1] multiplicity,
    double horizon,
):
    """Kaplan-Meier S(horizon): product over t <= horizon of 1 - d(t) / Y(t)."""
    cdef Py_ssize_t block, row, blocks = block_time.shape[0], n = order.shape[0]
    cdef int64_t patient
    cdef double at_risk = 0.0, survival = 1.0, deaths, leaving, weight
    cdef bint weighted = multiplicity is not None
    with nogil:
        if weighted:
            for row in range(n):
                at_risk += multiplicity[row]
        else:
            at_risk = <double>n
        for block in range(blocks):
            if block_time[block] > horizon or at_risk <= 0.0:
                break
            deaths = 0.0
            leaving = 0.0
            for row in range(block_start[block], block_start[block + 1]):
                patient = order[row]
                weight = multiplicity[patient] if weighted else 1.0
                leaving += weight
                if event[patient]:
                    deaths += weight
            if deaths > 0.0:
                survival *= 1.0 - deaths / at_risk
            at_risk -= leaving
    return survival


def horizon_weights(
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const double[::1] block_time,
    const signed char[::1] event,
    const double[::1] multiplicity,
    double horizon,
    double[::1] case_weight,
    double[::1] control_weight,
):
    """Fill m/G(T-) for events at or before the horizon and m/G(horizon) for those beyond it."""
    cdef Py_ssize_t block, row, blocks = block_time.shape[0], n = order.shape[0]
    cdef int64_t patient
    cdef double at_risk = 0.0, free = 1.0, deaths, censored, weight
    cdef bint weighted = multiplicity is not None
    with nogil:
        if weighted:
            for row in range(n):
                at_risk += multiplicity[row]
        else:
            at_risk = <double>n
        block = 0
        while block < blocks and block_time[block] <= horizon:
            deaths = 0.0
            censored = 0.0
            for row in range(block_start[block], block_start[block + 1]):
                patient = order[row]
                weight = multiplicity[patient] if weighted else 1.0
                control_weight[patient] = 0.0
                if event[patient]:
                    deaths += weight
                    # zero multiplicity may meet free = 0 once everybody present has left
                    case_weight[patient] = weight / free if weight > 0.0 else 0.0
                else:
                    censored += weight
                    case_weight[patient] = 0.0
            # events leave before censorings of the same time
            if censored > 0.0:
                free *= 1.0 - censored / (at_risk - deaths)
            at_risk -= deaths + censored
            block += 1
        for row in range(block_start[block], n):
            patient = order[row]
            weight = multiplicity[patient] if weighted else 1.0
            case_weight[patient] = 0.0
            control_weight[patient] = weight / free if weight > 0.0 else 0.0


def log_rank_scores(
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const signed char[::1] event,
    const double[::1] multiplicity,
    double[::1] score,
):
    """Fill event_i minus the sum over t <= T_i of d(t) / (number with T > t, plus 1)."""
    cdef Py_ssize_t block, row, blocks = block_start.shape[0] - 1, n = order.shape[0]
    cdef int64_t patient
    cdef double beyond = 0.0, hazard = 0.0, deaths, leaving, weight
    cdef bint weighted = multiplicity is not None
    with nogil:
        if weighted:
            for row in range(n):
                beyond += multiplicity[row]
        else:
            beyond = <double>n
        for block in range(blocks):
            deaths = 0.0
            leaving = 0.0
            for row in range(block_start[block], block_start[block + 1]):
                patient = order[row]
                weight = multiplicity[patient] if weighted else 1.0
                leaving += weight
                if event[patient]:
                    deaths += weight
            beyond -= leaving
            hazard += deaths / (beyond + 1.0)
            for row in range(block_start[block], block_start[block + 1]):
                patient = order[row]
                score[patient] = event[patient] - hazard
