"""Risk by a horizon among the patients at or above each of several thresholds.

Patients come sorted once, as in ``_survival``; nothing is validated here.
"""

from libc.math cimport NAN
from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc


cdef struct Present:
    Py_ssize_t n
    double *weight
    double *time
    int64_t *level
    int64_t *cause


cdef double risk_among(
    Present *s,
    int64_t least,
    int64_t of_interest,
    bint competing,
    double until,
    double horizon,
    double *treated,
) noexcept nogil:
    """Kaplan-Meier or Aalen-Johansen risk of those of a level or above; NaN if not followed."""
    cdef Py_ssize_t row = 0, start
    cdef double at_risk = 0.0, survival = 1.0, incidence = 0.0, deaths, wanted, leaving, last = 0.0
    cdef bint censored = False
    for start in range(s.n):
        if s.level[start] >= least:
            at_risk += s.weight[start]
            last = s.time[start]
            if s.cause[start] == 0:
                censored = True
    treated[0] = at_risk
    if at_risk <= 0.0:
        return 0.0
    if last < horizon and censored:
        return NAN
    while row < s.n and s.time[row] <= until and at_risk > 0.0:
        start = row
        deaths = wanted = leaving = 0.0
        while row < s.n and s.time[row] == s.time[start]:
            if s.level[row] >= least:
                leaving += s.weight[row]
                if s.cause[row] == of_interest:
                    wanted += s.weight[row]
                if s.cause[row] != 0:
                    deaths += s.weight[row]
            row += 1
        if deaths > 0.0:
            incidence += survival * (wanted / at_risk)
            survival *= 1.0 - deaths / at_risk
        at_risk -= leaving
    return incidence if competing else 1.0 - survival


def risks_above(
    const int64_t[::1] order,
    const double[::1] time,
    const int64_t[::1] cause,
    int64_t of_interest,
    bint competing,
    const int64_t[::1] level,
    const double[::1] multiplicity,
    double until,
    double horizon,
    double[::1] treated,
    double[::1] risk,
):
    """Fill how many are of level k or above, and their risk, for k = 0, 1, ...

    ``time`` has tied times made equal; ``until`` and ``horizon`` are the horizon with the
    tolerance added and taken off. NaN where the last of them was lost before the horizon.
    """
    cdef Py_ssize_t row, at, count = risk.shape[0], n = order.shape[0]
    cdef Present s
    cdef int64_t patient
    cdef char *moved
    s.n = 0
    s.weight = <double *>malloc(n * (2 * sizeof(double) + 2 * sizeof(int64_t)) + count + 1)
    if s.weight == NULL:
        raise MemoryError()
    with nogil:
        s.time = s.weight + n
        s.level = <int64_t *>(s.time + n)
        s.cause = s.level + n
        moved = <char *>(s.cause + n)
        for at in range(count + 1):
            moved[at] = 0
        for row in range(n):
            patient = order[row]
            if multiplicity[patient] > 0.0:
                s.weight[s.n] = multiplicity[patient]
                s.time[s.n] = time[patient]
                s.level[s.n] = level[patient]
                s.cause[s.n] = cause[patient]
                moved[level[patient] + 1] = 1
                s.n += 1
        for at in range(count):
            if at > 0 and not moved[at]:
                # nobody lies between the two: the same patients
                treated[at], risk[at] = treated[at - 1], risk[at - 1]
            else:
                risk[at] = risk_among(
                    &s, at, of_interest, competing, until, horizon, &treated[at]
                )
        free(s.weight)
