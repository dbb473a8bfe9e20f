"""The search for a cut-off: one pass over a sorted marker, and the search under permutation.

A cut lies between two neighbouring values present in the sample and puts k of N patients at or
below it, with floor(N f) <= k <= floor(N (1 - f)), f = ``min_fraction`` (maxstat's candidates).

Criteria, with cumulative weights of cases and controls at or below the cut:

    YOUDEN          controls_low / controls - cases_low / cases            (largest)
    CLOSEST_CORNER  (cases_low / cases)^2 + (controls_high / controls)^2   (smallest)
    RANK            |z|, z = sum over patients above of (a - mean a) / sqrt(V)  (largest)
                    V = k (N - k) / (N (N - 1)) * sum (a - mean a)^2

Equal cuts: the lowest is kept; a cut is better only by more than 1e-12 (relative to the larger of
1 and the best), because sums of the same numbers in another order differ in their last digits.
"""

from libc.math cimport NAN, fabs, floor, sqrt
from libc.stdint cimport int64_t, uint32_t, uint64_t

from cartwheel.stats.kernels._xoshiro cimport uniform

cdef enum:
    YOUDEN = 0
    CLOSEST_CORNER = 1
    RANK = 2

cdef double TIE = 1e-12


cdef struct Search:
    Py_ssize_t below
    Py_ssize_t above
    Py_ssize_t candidates
    double statistic
    double low_count
    double total


cdef inline bint _better(double merit, double best) noexcept nogil:
    """Whether merit exceeds best by more than rounding."""
    cdef double size = fabs(best)
    return merit > best + TIE * (size if size > 1.0 else 1.0)


cdef inline double _corner_or_youden(
    int criterion, double cases_low, double controls_low, double cases, double controls
) noexcept nogil:
    """Merit of a cut on the ROC curve, the larger the better."""
    cdef double missed = cases_low / cases, false_alarm
    if criterion == YOUDEN:
        return controls_low / controls - missed
    false_alarm = (controls - controls_low) / controls
    return -(missed * missed + false_alarm * false_alarm)


cdef Search _search(
    const int64_t* order,
    const int64_t* run_start,
    Py_ssize_t runs,
    const double* multiplicity,
    const double* first,
    const double* second,
    double min_fraction,
    int criterion,
) noexcept nogil:
    """Best cut; ``first, second`` are the case and control weights, or the scores and NULL."""
    cdef Search found
    cdef Py_ssize_t n = run_start[runs], i, r, p, previous = -1
    cdef double total = 0.0, sum_first = 0.0, sum_second = 0.0, mean = 0.0, square = 0.0
    cdef double count = 0.0, low_first = 0.0, low_second = 0.0, m, merit, z, deviation
    cdef double run_count, run_first, run_second, fewest, most, best = 0.0
    found.below = -1
    found.above = -1
    found.candidates = 0
    found.statistic = NAN
    found.low_count = NAN
    # the same order of summation for every patient order: upwards along the marker
    for i in range(n):
        p = order[i]
        m = 1.0 if multiplicity == NULL else multiplicity[p]
        total += m
        if criterion == RANK:
            sum_first += m * first[p]
        else:
            sum_first += first[p]
            sum_second += second[p]
    found.total = total
    if criterion == RANK:
        if total < 2.0:
            return found
        mean = sum_first / total
        for i in range(n):
            p = order[i]
            m = 1.0 if multiplicity == NULL else multiplicity[p]
            deviation = first[p] - mean
            square += m * deviation * deviation
        # equal scores leave only what rounding of the mean leaves
        if not square > total * 1e-28 * mean * mean:
            return found
    elif not (sum_first > 0.0 and sum_second > 0.0):
        return found
    fewest = floor(total * min_fraction)
    most = floor(total * (1.0 - min_fraction))
    for r in range(runs):
        run_count = 0.0
        run_first = 0.0
        run_second = 0.0
        for i in range(run_start[r], run_start[r + 1]):
            p = order[i]
            m = 1.0 if multiplicity == NULL else multiplicity[p]
            run_count += m
            if criterion == RANK:
                run_first += m * (first[p] - mean)
            else:
                run_first += first[p]
                run_second += second[p]
        if run_count <= 0.0:
            continue
        if previous >= 0 and fewest <= count <= most:
            found.candidates += 1
            if criterion == RANK:
                z = -low_first / sqrt(
                    count * (total - count) / (total * (total - 1.0)) * square
                )
                merit = fabs(z)
            else:
                merit = _corner_or_youden(criterion, low_first, low_second, sum_first, sum_second)
                z = merit if criterion == YOUDEN else -merit
            if found.below < 0 or _better(merit, best):
                best = merit
                found.statistic = z
                found.below = previous
                found.above = r
                found.low_count = count
        count += run_count
        low_first += run_first
        low_second += run_second
        previous = r
    return found


cdef inline double _between(double low, double high) noexcept nogil:
    """Midpoint that separates: low <= midpoint < high even where doubles are neighbours."""
    cdef double middle = (low + high) / 2.0
    if not (low <= middle and middle < high):
        # the sum overflowed, or rounding carried the midpoint up to the upper value
        middle = low / 2.0 + high / 2.0
        if not (low <= middle and middle < high):
            middle = low
    return middle


cdef Search _run(
    const int64_t[::1] order,
    const int64_t[::1] run_start,
    const double[::1] multiplicity,
    const double[::1] first,
    const double[::1] second,
    double min_fraction,
    int criterion,
):
    cdef const double* times = NULL
    cdef const double* other = NULL
    cdef Search found
    if multiplicity is not None:
        times = &multiplicity[0]
    if second is not None:
        other = &second[0]
    with nogil:
        found = _search(
            &order[0],
            &run_start[0],
            run_start.shape[0] - 1,
            times,
            &first[0],
            other,
            min_fraction,
            criterion,
        )
    return found


def best(
    const double[::1] values,
    const int64_t[::1] order,
    const int64_t[::1] run_start,
    const double[::1] multiplicity,
    const double[::1] first,
    const double[::1] second,
    double min_fraction,
    int criterion,
):
    """Best cut as (cut, below, above, statistic, candidates, patients above); nan without one."""
    cdef Search found = _run(
        order, run_start, multiplicity, first, second, min_fraction, criterion
    )
    if found.below < 0:
        return NAN, NAN, NAN, NAN, found.candidates, NAN
    cdef double low = values[run_start[found.below]], high = values[run_start[found.above]]
    return (
        _between(low, high),
        low,
        high,
        found.statistic,
        found.candidates,
        found.total - found.low_count,
    )


def best_cut(
    const double[::1] values,
    const int64_t[::1] order,
    const int64_t[::1] run_start,
    const double[::1] multiplicity,
    const double[::1] first,
    const double[::1] second,
    double min_fraction,
    int criterion,
):
    """The cut alone, as a float; nan where there is none."""
    cdef Search found = _run(
        order, run_start, multiplicity, first, second, min_fraction, criterion
    )
    if found.below < 0:
        return NAN
    return _between(values[run_start[found.below]], values[run_start[found.above]])


cdef double _best_rank(
    const double* scores, const int64_t* sizes, const double* precision, Py_ssize_t cuts
) noexcept nogil:
    """Largest z^2 over the candidate group sizes; the scores have mean zero."""
    cdef double low = 0.0, square, best = -1.0
    cdef Py_ssize_t i = 0, c
    for c in range(cuts):
        while i < sizes[c]:
            low += scores[i]
            i += 1
        square = low * low * precision[c]
        if square > best:
            best = square
    return best


cdef double _best_roc(
    const double* pairs,
    const int64_t* sizes,
    Py_ssize_t cuts,
    double cases,
    double controls,
    int criterion,
) noexcept nogil:
    """Best merit on the ROC curve; ``pairs`` holds case and control weight by turns."""
    cdef double cases_low = 0.0, controls_low = 0.0, merit, best = 0.0
    cdef Py_ssize_t i = 0, c
    for c in range(cuts):
        while i < sizes[c]:
            cases_low += pairs[2 * i]
            controls_low += pairs[2 * i + 1]
            i += 1
        merit = _corner_or_youden(criterion, cases_low, controls_low, cases, controls)
        if c == 0 or merit > best:
            best = merit
    return best


def exceedances_rank(
    double[::1] scores,
    const int64_t[::1] sizes,
    const double[::1] precision,
    double observed,
    Py_ssize_t permutations,
    uint64_t[::1] state,
):
    """Count permutations whose largest z^2 reaches ``observed``.

    ``scores`` (mean zero, in the marker's order) and ``state`` are shuffled and moved on in place,
    so that the next call goes on where this one stopped. With 0 permutations, give the z^2 of the
    order as it stands instead of a count.
    """
    cdef Py_ssize_t n = scores.shape[0], cuts = sizes.shape[0], b, i, j
    cdef Py_ssize_t reached = 0
    cdef double edge = observed - TIE * (observed if observed > 1.0 else 1.0), held
    cdef uint64_t* s = &state[0]
    if permutations == 0:
        return _best_rank(&scores[0], &sizes[0], &precision[0], cuts)
    with nogil:
        for b in range(permutations):
            for i in range(n - 1, 0, -1):
                j = uniform(s, <uint32_t>(i + 1))
                held = scores[i]
                scores[i] = scores[j]
                scores[j] = held
            if _best_rank(&scores[0], &sizes[0], &precision[0], cuts) >= edge:
                reached += 1
    return float(reached)


def exceedances_roc(
    double[::1] pairs,
    const int64_t[::1] sizes,
    int criterion,
    double observed,
    Py_ssize_t permutations,
    uint64_t[::1] state,
):
    """Count permutations whose best merit on the ROC curve reaches ``observed``.

    ``pairs`` (2n: case and control weight by turns, in the marker's order) and ``state`` are
    shuffled and moved on in place. With 0 permutations, give the merit of the order as it stands.
    """
    cdef Py_ssize_t n = pairs.shape[0] // 2, cuts = sizes.shape[0], b, i, j
    cdef Py_ssize_t reached = 0
    cdef double cases = 0.0, controls = 0.0, held, edge = observed - TIE
    cdef uint64_t* s = &state[0]
    for i in range(n):
        cases += pairs[2 * i]
        controls += pairs[2 * i + 1]
    if permutations == 0:
        return _best_roc(&pairs[0], &sizes[0], cuts, cases, controls, criterion)
    with nogil:
        for b in range(permutations):
            for i in range(n - 1, 0, -1):
                j = uniform(s, <uint32_t>(i + 1))
                held = pairs[2 * i]
                pairs[2 * i] = pairs[2 * j]
                pairs[2 * j] = held
                held = pairs[2 * i + 1]
                pairs[2 * i + 1] = pairs[2 * j + 1]
                pairs[2 * j + 1] = held
            if _best_roc(&pairs[0], &sizes[0], cuts, cases, controls, criterion) >= edge:
                reached += 1
    return float(reached)
