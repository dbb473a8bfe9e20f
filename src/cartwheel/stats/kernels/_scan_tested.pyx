"""A cut-off searched on the ROC curve and then tested by ranks, under permutation.

The cut with the best merit is taken, and z^2 of the scores at that cut is the statistic:

    z^2 = (sum of centred scores at or below the cut)^2 * N (N - 1) / (k (N - k) * sum of squares)

Merits as in ``_scan``; equal cuts: the lowest, better only by more than 1e-12.
"""

from libc.math cimport fabs
from libc.stdint cimport int64_t, uint32_t, uint64_t

from cartwheel.stats.kernels._xoshiro cimport uniform

cdef enum:
    YOUDEN = 0
    CLOSEST_CORNER = 1

cdef double TIE = 1e-12


cdef double _tested(
    const double* rows,
    const int64_t* sizes,
    const double* precision,
    Py_ssize_t cuts,
    double cases,
    double controls,
    int criterion,
) noexcept nogil:
    """z^2 at the best cut; ``rows`` holds case weight, control weight and score by turns."""
    cdef double cases_low = 0.0, controls_low = 0.0, score_low = 0.0, best = 0.0, square = 0.0
    cdef double merit, missed, false_alarm, size
    cdef Py_ssize_t i = 0, c
    for c in range(cuts):
        while i < sizes[c]:
            cases_low += rows[3 * i]
            controls_low += rows[3 * i + 1]
            score_low += rows[3 * i + 2]
            i += 1
        missed = cases_low / cases
        if criterion == YOUDEN:
            merit = controls_low / controls - missed
        else:
            false_alarm = (controls - controls_low) / controls
            merit = -(missed * missed + false_alarm * false_alarm)
        size = fabs(best)
        if c == 0 or merit > best + TIE * (size if size > 1.0 else 1.0):
            best = merit
            square = score_low * score_low * precision[c]
    return square


def exceedances_tested(
    double[::1] rows,
    const int64_t[::1] sizes,
    const double[::1] precision,
    int criterion,
    double observed,
    Py_ssize_t permutations,
    uint64_t[::1] state,
):
    """Count permutations in which z^2 at the searched cut reaches ``observed``.

    ``rows`` (3n: case weight, control weight, centred score by turns, in the marker's order) and
    ``state`` are shuffled and moved on in place, so that the next call goes on where this one
    stopped. With 0 permutations, give z^2 of the order as it stands instead of a count.
    """
    cdef Py_ssize_t n = rows.shape[0] // 3, cuts = sizes.shape[0], b, i, j, k
    cdef Py_ssize_t reached = 0
    cdef double cases = 0.0, controls = 0.0, held
    cdef double edge = observed - TIE * (observed if observed > 1.0 else 1.0)
    cdef uint64_t* s = &state[0]
    for i in range(n):
        cases += rows[3 * i]
        controls += rows[3 * i + 1]
    if permutations == 0:
        return _tested(&rows[0], &sizes[0], &precision[0], cuts, cases, controls, criterion)
    with nogil:
        for b in range(permutations):
            for i in range(n - 1, 0, -1):
                j = uniform(s, <uint32_t>(i + 1))
                for k in range(3):
                    held = rows[3 * i + k]
                    rows[3 * i + k] = rows[3 * j + k]
                    rows[3 * j + k] = held
            if _tested(&rows[0], &sizes[0], &precision[0], cuts, cases, controls, criterion) >= edge:
                reached += 1
    return float(reached)
