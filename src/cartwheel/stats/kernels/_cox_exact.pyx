"""Exact (discrete-time) Cox likelihood: of all sets of d at risk, which one had the events?

For each block the sum over all sets of d rows of the product of their exp(x b) is built up row by
row: B_k grows by r B_(k-1), its slopes and curvatures by theirs. Sums are kept divided by powers of
two, so that none overflows. Nothing is validated here.
"""

from libc.math cimport exp, frexp, ldexp, log
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free

cdef double LOG_TWO = 0.6931471805599453


def evaluate(
    const double[:, ::1] x,
    const double[::1] offset,
    const signed char[::1] event,
    const int64_t[::1] block_start,
    const signed char[::1] first,
    const int64_t[::1] entry,
    const double[::1] coefficients,
    double[::1] score,
    double[:, ::1] information,
):
    """Log likelihood at given coefficients; fill score and information."""
    cdef Py_ssize_t p = x.shape[1], n = x.shape[0], blocks = first.shape[0]
    cdef Py_ssize_t block, last, row, i, j, k, deaths, most = 0, size = 1 + p + p * p, top
    cdef double lp, r, largest, loglik = 0.0, total, part
    cdef int shift, power
    cdef bint late = entry is not None
    cdef double *at
    cdef double *low
    for block in range(blocks):
        deaths = 0
        for row in range(block_start[block], block_start[block + 1]):
            deaths += event[row]
        most = max(most, deaths)
    cdef double *sums = <double *>calloc((most + 1) * size + n, sizeof(double))
    if sums == NULL:
        raise MemoryError()
    cdef double *eta = sums + (most + 1) * size
    with nogil:
        for i in range(p):
            score[i] = 0.0
            for j in range(p):
                information[i, j] = 0.0
        for row in range(n):
            eta[row] = offset[row]
            for i in range(p):
                eta[row] += x[row, i] * coefficients[i]
        for block in range(blocks):
            deaths = 0
            for row in range(block_start[block], block_start[block + 1]):
                deaths += event[row]
            if deaths == 0:
                continue
            last = block
            while last + 1 < blocks and not first[last + 1]:
                last += 1
            for i in range((deaths + 1) * size):
                sums[i] = 0.0
            sums[0] = 1.0
            power = 0
            top = 0
            largest = eta[block_start[block]]
            for row in range(block_start[block], block_start[last + 1]):
                if not (late and entry[row] > block) and eta[row] > largest:
                    largest = eta[row]
            for row in range(block_start[block], block_start[last + 1]):
                if late and entry[row] > block:
                    continue
                r = exp(eta[row] - largest)
                top = min(top + 1, deaths)
                for k in range(top, 0, -1):
                    at, low = sums + k * size, sums + (k - 1) * size
                    # the curvature of r B takes r (B'' + x B' + B' x + x x B)
                    for i in range(p):
                        for j in range(i + 1):
                            at[1 + p + i * p + j] += r * (
                                low[1 + p + i * p + j]
                                + x[row, i] * low[1 + j]
                                + x[row, j] * low[1 + i]
                                + x[row, i] * x[row, j] * low[0]
                            )
                    for i in range(p):
                        at[1 + i] += r * (low[1 + i] + x[row, i] * low[0])
                    at[0] += r * low[0]
                frexp(sums[top * size], &shift)
                if shift > 200 or shift < -200:
                    power += shift
                    for i in range((deaths + 1) * size):
                        sums[i] = ldexp(sums[i], -shift)
            at = sums + deaths * size
            total = at[0]
            loglik -= log(total) + power * LOG_TWO + deaths * largest
            for row in range(block_start[block], block_start[block + 1]):
                if event[row]:
                    loglik += eta[row]
                    for i in range(p):
                        score[i] += x[row, i]
            for i in range(p):
                score[i] -= at[1 + i] / total
                for j in range(i + 1):
                    part = at[1 + p + i * p + j] / total - at[1 + i] * at[1 + j] / (total * total)
                    information[i, j] += part
        for i in range(p):
            for j in range(i):
                information[j, i] = information[i, j]
        free(sums)
    return loglik
