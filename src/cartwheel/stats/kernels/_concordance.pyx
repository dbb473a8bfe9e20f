"""Pairs in the order of a score and of time, counted with a Fenwick tree in n log n.

A pair is comparable if one of the two has the event, and the other is known to be event-free for
longer: a later time, or censored at the same time. Patients are sorted once (``order``,
``block_start``, events first within a time); ``by_score`` sorts them by ascending score. Counts are
doubles: exact up to 2**53 pairs.
"""

from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free, malloc


cdef Py_ssize_t rank_scores(
    const double[::1] score, const int64_t[::1] by_score, Py_ssize_t *rank
) noexcept nogil:
    """Fill ranks 1, 2, ... with equal scores sharing one; return how many there are."""
    cdef Py_ssize_t row, ranks = 0
    for row in range(by_score.shape[0]):
        if row == 0 or score[by_score[row]] != score[by_score[row - 1]]:
            ranks += 1
        rank[by_score[row]] = ranks
    return ranks


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


def count_pairs(
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const signed char[::1] event,
    const double[::1] score,
    const int64_t[::1] by_score,
    const double[::1] multiplicity,
):
    """Return (concordant, discordant, tied): a higher score goes with the earlier event."""
    cdef Py_ssize_t n = order.shape[0], blocks = block_start.shape[0] - 1
    cdef Py_ssize_t block, row, ranks, last_death
    cdef int64_t patient
    cdef double concordant = 0.0, discordant = 0.0, tied = 0.0
    cdef double weight, lower, equal, total = 0.0
    cdef bint weighted = multiplicity is not None
    cdef Py_ssize_t *rank = <Py_ssize_t *>malloc((n + 1) * sizeof(Py_ssize_t))
    cdef double *tree = <double *>calloc(2 * (n + 1), sizeof(double))
    cdef double *held
    if rank == NULL or tree == NULL:
        free(rank)
        free(tree)
        raise MemoryError()
    held = tree + n + 1
    with nogil:
        ranks = rank_scores(score, by_score, rank)
        for block in range(blocks - 1, -1, -1):
            # events stand first in a block: walking back meets its censored patients before them
            last_death = block_start[block] - 1
            for row in range(block_start[block + 1] - 1, block_start[block] - 1, -1):
                patient = order[row]
                if event[patient]:
                    last_death = row
                    break
                weight = multiplicity[patient] if weighted else 1.0
                if weight > 0.0:
                    add(tree, ranks, rank[patient], weight)
                    held[rank[patient]] += weight
                    total += weight
            for row in range(block_start[block], last_death + 1):
                patient = order[row]
                weight = multiplicity[patient] if weighted else 1.0
                if weight > 0.0:
                    lower = up_to(tree, rank[patient] - 1)
                    equal = held[rank[patient]]
                    concordant += weight * lower
                    tied += weight * equal
                    discordant += weight * (total - lower - equal)
            for row in range(block_start[block], last_death + 1):
                patient = order[row]
                weight = multiplicity[patient] if weighted else 1.0
                if weight > 0.0:
                    add(tree, ranks, rank[patient], weight)
                    held[rank[patient]] += weight
                    total += weight
    free(rank)
    free(tree)
    return concordant, discordant, tied


cdef void pairs_as_later(
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const signed char[::1] event,
    const Py_ssize_t *rank,
    Py_ssize_t ranks,
    double *tree,
    double[:, ::1] pairs,
) noexcept nogil:
    """Add to each patient the pairs in which the other one has the earlier event."""
    cdef Py_ssize_t block, row
    cdef int64_t patient
    cdef double lower, equal, total = 0.0
    cdef double *held = tree + order.shape[0] + 1
    for block in range(block_start.shape[0] - 1):
        # deaths of a block do not meet one another, its censored patients meet them all
        for row in range(block_start[block], block_start[block + 1]):
            patient = order[row]
            if not event[patient]:
                break
            lower = up_to(tree, rank[patient] - 1)
            equal = held[rank[patient]]
            pairs[patient, 0] += total - lower - equal
            pairs[patient, 1] += lower
            pairs[patient, 2] += equal
        for row in range(block_start[block], block_start[block + 1]):
            patient = order[row]
            if not event[patient]:
                break
            add(tree, ranks, rank[patient], 1.0)
            held[rank[patient]] += 1.0
            total += 1.0
        for row in range(block_start[block + 1] - 1, block_start[block] - 1, -1):
            patient = order[row]
            if event[patient]:
                break
            lower = up_to(tree, rank[patient] - 1)
            equal = held[rank[patient]]
            pairs[patient, 0] += total - lower - equal
            pairs[patient, 1] += lower
            pairs[patient, 2] += equal


cdef void pairs_as_earlier(
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const signed char[::1] event,
    const Py_ssize_t *rank,
    Py_ssize_t ranks,
    double *tree,
    double[:, ::1] pairs,
) noexcept nogil:
    """Add to each patient with the event the pairs in which the other one lasts longer."""
    cdef Py_ssize_t block, row, deaths_end
    cdef int64_t patient
    cdef double lower, equal, total = 0.0
    cdef double *held = tree + order.shape[0] + 1
    for block in range(block_start.shape[0] - 2, -1, -1):
        deaths_end = block_start[block + 1]
        while deaths_end > block_start[block] and not event[order[deaths_end - 1]]:
            deaths_end -= 1
            patient = order[deaths_end]
            add(tree, ranks, rank[patient], 1.0)
            held[rank[patient]] += 1.0
            total += 1.0
        for row in range(block_start[block], deaths_end):
            patient = order[row]
            lower = up_to(tree, rank[patient] - 1)
            equal = held[rank[patient]]
            pairs[patient, 0] += lower
            pairs[patient, 1] += total - lower - equal
            pairs[patient, 2] += equal
        for row in range(block_start[block], deaths_end):
            patient = order[row]
            add(tree, ranks, rank[patient], 1.0)
            held[rank[patient]] += 1.0
            total += 1.0


def pairs_by_patient(
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const signed char[::1] event,
    const double[::1] score,
    const int64_t[::1] by_score,
    double[:, ::1] pairs,
):
    """Fill, for each patient, the (concordant, discordant, tied) pairs he or she is part of."""
    cdef Py_ssize_t n = order.shape[0], ranks, row
    cdef Py_ssize_t *rank = <Py_ssize_t *>malloc((n + 1) * sizeof(Py_ssize_t))
    cdef double *tree = <double *>calloc(2 * (n + 1), sizeof(double))
    if rank == NULL or tree == NULL:
        free(rank)
        free(tree)
        raise MemoryError()
    with nogil:
        pairs[:, :] = 0.0
        ranks = rank_scores(score, by_score, rank)
        pairs_as_earlier(order, block_start, event, rank, ranks, tree, pairs)
        for row in range(2 * (n + 1)):
            tree[row] = 0.0
        pairs_as_later(order, block_start, event, rank, ranks, tree, pairs)
    free(rank)
    free(tree)
