"""Concordance with pairs weighted for censoring, counted with a Fenwick tree in n log n.

A pair (i, j) counts with the weight of i, who has the event first, by tau:

    Uno: 1 / G(T_i-)^2, T_i < tau, T_i < T_j; G with everybody still followed at risk
    Gerds: 1 / (G(T_i-) G(T_i)), T_i <= tau, T_i < T_j or j censored at T_i; G with events first

Patients come sorted once (``order``, ``block_start``, events first within a time).
"""

from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free, malloc


cdef inline void add(double *tree, Py_ssize_t ranks, Py_ssize_t rank, double weight) noexcept nogil:
    while rank <= ranks:
        tree[rank] += weight
        rank += rank & -rank


cdef inline double up_to(const double *tree, Py_ssize_t rank) noexcept nogil:
    cdef double total = 0.0
    while rank > 0:
        total += tree[rank]
        rank -= rank & -rank
    return total


cdef void weigh(
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const double[::1] block_time,
    const signed char[::1] event,
    const double[::1] multiplicity,
    double tau,
    bint gerds,
    double[::1] weight,
) noexcept nogil:
    """Weight of each patient as the earlier of a pair; 0 without event or beyond tau."""
    cdef Py_ssize_t block, row
    cdef int64_t patient
    cdef double at_risk = 0.0, curve = 1.0, after, deaths, censored, m, exposed
    cdef bint weighted = multiplicity is not None, inside
    for row in range(order.shape[0]):
        at_risk += multiplicity[row] if weighted else 1.0
    for block in range(block_time.shape[0]):
        deaths = censored = 0.0
        for row in range(block_start[block], block_start[block + 1]):
            patient = order[row]
            m = multiplicity[patient] if weighted else 1.0
            if event[patient]:
                deaths += m
            else:
                censored += m
        exposed = at_risk - deaths if gerds else at_risk
        after = curve * (1.0 - censored / exposed) if censored > 0.0 else curve
        inside = block_time[block] <= tau if gerds else block_time[block] < tau
        for row in range(block_start[block], block_start[block + 1]):
            patient = order[row]
            weight[patient] = 0.0
            m = multiplicity[patient] if weighted else 1.0
            # where G falls to 0 nobody is left to form a pair with
            if inside and event[patient] and m > 0.0 and (after > 0.0 or not gerds):
                weight[patient] = m / (curve * (after if gerds else curve))
        curve = after
        at_risk -= deaths + censored


def weighted_pairs(
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const double[::1] block_time,
    const signed char[::1] event,
    const double[::1] score,
    const int64_t[::1] by_score,
    const double[::1] multiplicity,
    double tau,
    bint gerds,
    double[::1] weight,
    double[:, ::1] earlier,
    double[:, ::1] later,
):
    """Return the weighted (concordant + ties / 2, comparable) pairs.

    Fills ``weight``; ``earlier`` and ``later`` (both or neither None) with each patient's
    concordant and comparable pairs: with those who last longer, each counted once, and with those
    who had the event before, each with its weight.
    """
    cdef Py_ssize_t n = order.shape[0], blocks = block_time.shape[0], ranks = 0, block, row, first
    cdef int64_t patient
    cdef double m, lower, total = 0.0, right, concordant = 0.0, comparable = 0.0
    cdef bint weighted = multiplicity is not None, each = earlier is not None
    cdef Py_ssize_t *rank = <Py_ssize_t *>malloc((n + 1) * sizeof(Py_ssize_t))
    cdef double *tree = <double *>calloc(2 * (n + 1), sizeof(double))
    cdef double *held
    if rank == NULL or tree == NULL:
        free(rank)
        free(tree)
        raise MemoryError()
    held = tree + n + 1
    with nogil:
        weigh(order, block_start, block_time, event, multiplicity, tau, gerds, weight)
        for row in range(n):
            if row == 0 or score[by_score[row]] != score[by_score[row - 1]]:
                ranks += 1
            rank[by_score[row]] = ranks
        for block in range(blocks - 1, -1, -1):
            # events stand first in a block; with Gerds its censored patients outlast them
            first = block_start[block + 1]
            if gerds:
                while first > block_start[block] and not event[order[first - 1]]:
                    first -= 1
                    patient = order[first]
                    m = multiplicity[patient] if weighted else 1.0
                    add(tree, ranks, rank[patient], m)
                    held[rank[patient]] += m
                    total += m
            for row in range(block_start[block], first):
                patient = order[row]
                if weight[patient] <= 0.0:
                    continue
                lower = up_to(tree, rank[patient] - 1)
                right = lower + 0.5 * held[rank[patient]]
                concordant += weight[patient] * right
                comparable += weight[patient] * total
                if each:
                    earlier[patient, 0] = right
                    earlier[patient, 1] = total
            for row in range(block_start[block], first):
                patient = order[row]
                m = multiplicity[patient] if weighted else 1.0
                add(tree, ranks, rank[patient], m)
                held[rank[patient]] += m
                total += m
        if each:
            for row in range(2 * (n + 1)):
                tree[row] = 0.0
            total = 0.0
            for block in range(blocks):
                first = block_start[block + 1]
                if gerds:
                    while first > block_start[block] and not event[order[first - 1]]:
                        first -= 1
                for row in range(block_start[block], first):
                    patient = order[row]
                    lower = up_to(tree, rank[patient])
                    later[patient, 0] = total - lower + 0.5 * held[rank[patient]]
                    later[patient, 1] = total
                for row in range(block_start[block], first):
                    patient = order[row]
                    if weight[patient] > 0.0:
                        add(tree, ranks, rank[patient], weight[patient])
                        held[rank[patient]] += weight[patient]
                        total += weight[patient]
                for row in range(first, block_start[block + 1]):
                    patient = order[row]
                    lower = up_to(tree, rank[patient])
                    later[patient, 0] = total - lower + 0.5 * held[rank[patient]]
                    later[patient, 1] = total
    free(rank)
    free(tree)
    return concordant, comparable
