"""Placements of cases among controls, and of controls among cases: one pass over sorted scores.

    case i:     2 #{controls below i} + #{controls tied with i}
    control j:  2 #{cases below j}    + #{cases tied with j}

Whole numbers, so nothing is rounded.
"""

from libc.stdint cimport int64_t, uint8_t


def doubled_placements(
    const double[::1] score,
    const int64_t[::1] order,
    const uint8_t[::1] case,
    int64_t[::1] doubled,
):
    """Fill ``doubled`` (n,), patient order; ``order`` sorts the finite scores upwards."""
    cdef Py_ssize_t n = score.shape[0], i = 0, start, k
    cdef int64_t cases = 0, controls = 0, run_cases, run_controls, p
    cdef double value
    with nogil:
        while i < n:
            start = i
            value = score[order[i]]
            run_cases = 0
            while i < n and score[order[i]] == value:
                run_cases += case[order[i]]
                i += 1
            run_controls = i - start - run_cases
            for k in range(start, i):
                p = order[k]
                if case[p]:
                    doubled[p] = 2 * controls + run_controls
                else:
                    doubled[p] = 2 * cases + run_cases
            cases += run_cases
            controls += run_controls
