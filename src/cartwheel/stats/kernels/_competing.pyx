"""Cumulative incidence at a horizon for every resample.

Patients come sorted once, as in ``_survival``; nothing is validated here.
"""

from libc.stdint cimport int64_t


def incidence_at(
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const double[::1] block_time,
    const int64_t[::1] cause,
    int64_t of_interest,
    const double[::1] multiplicity,
    double horizon,
):
    """Aalen-Johansen: sum over t <= horizon of S(t-) d_1(t) / Y(t)."""
    cdef Py_ssize_t block, row, blocks = block_time.shape[0], n = order.shape[0]
    cdef int64_t patient
    cdef double at_risk = 0.0, survival = 1.0, incidence = 0.0, deaths, wanted, leaving, weight
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
            deaths = wanted = leaving = 0.0
            for row in range(block_start[block], block_start[block + 1]):
                patient = order[row]
                weight = multiplicity[patient] if weighted else 1.0
                leaving += weight
                if cause[patient] == of_interest:
                    wanted += weight
                if cause[patient] != 0:
                    deaths += weight
            if deaths > 0.0:
                incidence += survival * (wanted / at_risk)
                survival *= 1.0 - deaths / at_risk
            at_risk -= leaving
    return incidence
