"""Areas under ROC curves of values already ranked: one pass over runs of tied scores.

    area = sum over cases i, controls j of v_i w_j (1[x_i > x_j] + 1[x_i = x_j] / 2)
           / (sum v_i  sum w_j)

with case weights v and control weights w. Whole-number weights are summed exactly (below 2**53),
so a multiplicity gives the very number that repeated rows give.
"""

from libc.stdint cimport int64_t
from libc.math cimport NAN

cdef enum:
    BINARY = 0
    WEIGHTED = 1


cdef inline double _area(
    const double* score,
    const int64_t* order,
    const double* first,
    const double* second,
    Py_ssize_t n,
    int form,
) noexcept nogil:
    """Walk upwards; ``first, second`` are event, multiplicity (or NULL) or both weights."""
    cdef double cases = 0.0, controls = 0.0, doubled = 0.0, run_cases, run_controls
    cdef double value, times
    cdef Py_ssize_t i = 0, p
    while i < n:
        value = score[order[i]]
        run_cases = 0.0
        run_controls = 0.0
        while i < n and score[order[i]] == value:
            p = order[i]
            if form == WEIGHTED:
                run_cases += first[p]
                run_controls += second[p]
            else:
                times = 1.0 if second == NULL else second[p]
                if first[p] != 0.0:
                    run_cases += times
                else:
                    run_controls += times
            i += 1
        doubled += run_cases * (2.0 * controls + run_controls)
        cases += run_cases
        controls += run_controls
    if cases <= 0.0 or controls <= 0.0:
        return NAN
    return doubled / (2.0 * cases * controls)


def binary_area(
    const double[::1] score,
    const int64_t[::1] order,
    const double[::1] event,
    const double[::1] multiplicity,
):
    """AUC of ``score`` for ``event`` (0/1); ``multiplicity`` may be None. The scores are finite."""
    cdef Py_ssize_t n = score.shape[0]
    cdef const double* times = NULL
    cdef double area
    if n == 0:
        return NAN
    if multiplicity is not None:
        times = &multiplicity[0]
    with nogil:
        area = _area(&score[0], &order[0], &event[0], times, n, BINARY)
    return area


def weighted_area(
    const double[::1] score,
    const int64_t[::1] order,
    const double[::1] case_weight,
    const double[::1] control_weight,
):
    """AUC of ``score`` with weights of cases and controls. The scores are finite."""
    cdef Py_ssize_t n = score.shape[0]
    cdef double area
    if n == 0:
        return NAN
    with nogil:
        area = _area(&score[0], &order[0], &case_weight[0], &control_weight[0], n, WEIGHTED)
    return area
