"""Partial likelihood and baseline hazard of a Cox model whose linear predictor is given.

Sums run from the last time to the first; the largest linear predictor is taken out before
exponentials, so none overflows. Patients come sorted once, as in ``_survival``.
"""

from libc.math cimport exp, log
from libc.stdint cimport int64_t


def log_likelihood(
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const signed char[::1] event,
    const double[::1] linear_predictor,
    const double[::1] multiplicity,
    bint efron,
    double[::1] hazard,
):
    """Log partial likelihood; fills each time's baseline hazard at lp = 0 (may be None)."""
    cdef Py_ssize_t block, row, blocks = block_start.shape[0] - 1, n = order.shape[0]
    cdef int64_t patient
    cdef double largest = 0.0, s0 = 0.0, e0, deaths, weight, risk, loglik = 0.0, total, d, k
    cdef bint weighted = multiplicity is not None, wants_hazard = hazard is not None
    with nogil:
        for row in range(n):
            if row == 0 or linear_predictor[row] > largest:
                largest = linear_predictor[row]
        for block in range(blocks - 1, -1, -1):
            e0 = deaths = total = 0.0
            for row in range(block_start[block], block_start[block + 1]):
                patient = order[row]
                weight = multiplicity[patient] if weighted else 1.0
                if weight <= 0.0:
                    continue
                risk = weight * exp(linear_predictor[patient] - largest)
                s0 += risk
                if event[patient]:
                    deaths += weight
                    e0 += risk
                    loglik += weight * (linear_predictor[patient] - largest)
            k = 0.0
            while k < deaths:
                d = s0 - (k / deaths) * e0 if efron else s0
                loglik -= log(d)
                total += 1.0 / d
                k += 1.0
            if wants_hazard:
                hazard[block] = total * exp(-largest)
    return loglik


def baseline_hazard_at(
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const double[::1] block_time,
    const signed char[::1] event,
    const double[::1] linear_predictor,
    const double[::1] multiplicity,
    double horizon,
):
    """Efron's cumulative baseline hazard at the horizon, for lp = 0."""
    cdef Py_ssize_t block, row, n = order.shape[0]
    cdef int64_t patient
    cdef double largest = 0.0, s0 = 0.0, e0, deaths, weight, risk, total = 0.0, k
    cdef bint weighted = multiplicity is not None
    with nogil:
        for row in range(n):
            if row == 0 or linear_predictor[row] > largest:
                largest = linear_predictor[row]
        for block in range(block_time.shape[0] - 1, -1, -1):
            e0 = deaths = 0.0
            for row in range(block_start[block], block_start[block + 1]):
                patient = order[row]
                weight = multiplicity[patient] if weighted else 1.0
                if weight <= 0.0:
                    continue
                risk = weight * exp(linear_predictor[patient] - largest)
                s0 += risk
                if event[patient]:
                    deaths += weight
                    e0 += risk
            if block_time[block] <= horizon:
                k = 0.0
                while k < deaths:
                    total += 1.0 / (s0 - (k / deaths) * e0)
                    k += 1.0
    return total * exp(-largest)
