"""What a flexible calibration curve needs in every resample beside the regression itself.

Predictions come as distinct values, ascending, with a weight each: how many patients present have
it. Nothing is validated here.
"""

from libc.math cimport ceil, exp, floor
from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc


cdef Py_ssize_t place_knots(
    const double[::1] value, const double[::1] weight, const double[::1] share, double[::1] knots
) noexcept nogil:
    """Fill weighted quantiles (R's type 7), equal ones merged; return how many are left."""
    cdef Py_ssize_t at, i, below = 0, above, count = 0, n = value.shape[0]
    cdef double total = 0.0, reached, further, place, part, found
    for i in range(n):
        total += weight[i]
    if total < 1.0:
        return 0
    reached = weight[0]
    for at in range(share.shape[0]):
        place = (total - 1.0) * share[at]
        while reached <= floor(place) and below < n - 1:
            below += 1
            reached += weight[below]
        above, further = below, reached
        while further <= ceil(place) and above < n - 1:
            above += 1
            further += weight[above]
        part = place - floor(place)
        found = value[below]
        if value[above] != value[below]:
            found = (1.0 - part) * value[below] + part * value[above]
        if count == 0 or found > knots[count - 1]:
            knots[count] = found
            count += 1
    return count


cdef inline double cube(double x) noexcept nogil:
    return x * x * x if x > 0.0 else 0.0


cdef void expand(
    double x, const double[::1] knots, Py_ssize_t count, double *row
) noexcept nogil:
    """Fill one row of Harrell's basis: x, then count - 2 terms."""
    cdef Py_ssize_t j
    cdef double first = knots[0], before = knots[count - 2], last = knots[count - 1]
    cdef double beyond = cube(x - before), end = cube(x - last)
    row[0] = x
    for j in range(count - 2):
        row[j + 1] = (
            cube(x - knots[j])
            - beyond * ((last - knots[j]) / (last - before))
            + end * ((before - knots[j]) / (last - before))
        ) / ((last - first) * (last - first))


def spline_basis(
    const double[::1] value,
    const double[::1] weight,
    const double[::1] share,
    const double[::1] further,
    double[::1] knots,
    double[::1] basis,
):
    """Fill the spline basis of the values, then of further ones; return its number of columns.

    ``share`` are the quantiles at which knots are put. With fewer than three distinct knots the
    basis is the value itself.
    """
    cdef Py_ssize_t row, columns, count, n = value.shape[0], more = further.shape[0]
    cdef double x, reach
    with nogil:
        count = place_knots(value, weight, share, knots)
        columns = 1
        if count >= 3:
            reach = knots[count - 1] - knots[0]
            if reach * reach > 0.0:
                columns = count - 1
        for row in range(n + more):
            x = value[row] if row < n else further[row - n]
            if columns == 1:
                basis[row] = x
            else:
                expand(x, knots, count, &basis[row * columns])
    return columns


def subdistribution_hazard_at(
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const double[::1] block_time,
    const int64_t[::1] cause,
    int64_t of_interest,
    const double[::1] linear_predictor,
    const double[::1] multiplicity,
    double horizon,
):
    """Cumulative baseline subdistribution hazard at the horizon, as crr weighs and ties (lp = 0).

    Competing events at T stay at risk at t > T with weight G(t-) / G(T-), G the Kaplan-Meier
    curve of censoring with events of the same time still at risk.
    """
    cdef Py_ssize_t block, row, blocks = block_time.shape[0]
    cdef int64_t patient
    cdef double s0 = 0.0, total = 0.0, weight, risk, held = 0.0, free_of = 1.0, hazard = 0.0
    cdef double deaths, leaving, competing
    cdef double *at_risk = <double *>malloc((2 * blocks + 1) * sizeof(double))
    cdef double *staying
    if at_risk == NULL:
        raise MemoryError()
    with nogil:
        staying = at_risk + blocks
        for block in range(blocks - 1, -1, -1):
            for row in range(block_start[block], block_start[block + 1]):
                patient = order[row]
                weight = multiplicity[patient]
                if weight > 0.0:
                    total += weight
                    s0 += weight * exp(linear_predictor[patient])
            at_risk[block] = s0
            staying[block] = total
        for block in range(blocks):
            if block_time[block] > horizon or staying[block] <= 0.0:
                break
            deaths = leaving = competing = 0.0
            for row in range(block_start[block], block_start[block + 1]):
                patient = order[row]
                weight = multiplicity[patient]
                if weight <= 0.0:
                    continue
                if cause[patient] == 0:
                    leaving += weight
                elif cause[patient] == of_interest:
                    deaths += weight
                else:
                    risk = weight * exp(linear_predictor[patient])
                    competing += risk / free_of
            if deaths > 0.0:
                hazard += deaths / (at_risk[block] + free_of * held)
            held += competing
            if leaving > 0.0:
                free_of *= 1.0 - leaving / staying[block]
        free(at_risk)
    return hazard
