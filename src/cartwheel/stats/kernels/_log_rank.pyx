"""Weighted log-rank comparisons: observed and expected events and their covariance, by stratum.

Patients come by stratum and, within it, by time; a block is one distinct time of one stratum.
"""

from libc.math cimport pow, sqrt
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free

# families of weights; mirrored in stats/fleming_harrington.py
cdef enum:
    FLEMING_HARRINGTON = 0
    GEHAN = 1
    TARONE_WARE = 2
    PETO = 3


def differences(
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const signed char[::1] first,
    const signed char[::1] event,
    const int64_t[::1] member,
    int family,
    double rho,
    double gamma,
    double[::1] observed,
    double[::1] expected,
    double[:, ::1] variance,
):
    """Add up weighted observed and expected events a group, and their covariance.

    Weights: S(t-)^rho (1 - S(t-))^gamma; Y; sqrt(Y); or the product over earlier times of
    1 - d/(Y + 1), this one included.
    """
    cdef Py_ssize_t block, row, i, j, blocks = first.shape[0], groups = observed.shape[0]
    cdef Py_ssize_t last
    cdef double survival = 1.0, modified = 1.0, weight, spread, deaths, total = 0.0
    cdef double *at_risk = <double *>calloc(2 * groups, sizeof(double))
    if at_risk == NULL:
        raise MemoryError()
    cdef double *died = at_risk + groups
    with nogil:
        for block in range(blocks):
            if first[block]:
                survival = modified = 1.0
                last = block + 1
                while last < blocks and not first[last]:
                    last += 1
                for i in range(groups):
                    at_risk[i] = 0.0
                for row in range(block_start[block], block_start[last]):
                    at_risk[member[order[row]]] += 1.0
                total = <double>(block_start[last] - block_start[block])
            deaths = 0.0
            for i in range(groups):
                died[i] = 0.0
            for row in range(block_start[block], block_start[block + 1]):
                # within a time those with the event come first
                if not event[order[row]]:
                    break
                died[member[order[row]]] += 1.0
                deaths += 1.0
            if deaths > 0.0:
                modified *= 1.0 - deaths / (total + 1.0)
                if family == GEHAN:
                    weight = total
                elif family == TARONE_WARE:
                    weight = sqrt(total)
                elif family == PETO:
                    weight = modified
                else:
                    weight = pow(survival, rho) if rho != 0.0 else 1.0
                    if gamma != 0.0:
                        weight *= pow(1.0 - survival, gamma)
                # the last patient at risk adds no variance
                spread = 0.0
                if total > 1.0:
                    spread = weight * weight * deaths * (total - deaths) / (total - 1.0) / total
                for i in range(groups):
                    observed[i] += weight * died[i]
                    expected[i] += weight * deaths * at_risk[i] / total
                    variance[i, i] += spread * at_risk[i]
                    for j in range(i + 1):
                        variance[i, j] -= spread * at_risk[i] * at_risk[j] / total
                survival *= 1.0 - deaths / total
            for row in range(block_start[block], block_start[block + 1]):
                at_risk[member[order[row]]] -= 1.0
            total -= <double>(block_start[block + 1] - block_start[block])
        for i in range(groups):
            for j in range(i):
                variance[j, i] = variance[i, j]
        free(at_risk)
