"""Comparable pairs of a general sample: strata, late entry, weights, weights of event times.

Rows come sorted by stratum and time as in ``_cox_general``; ``rank`` is the position of a row's
score among the distinct scores of its stratum. Sums over scores are kept in Fenwick trees, so that
all pairs are counted in n log n. Nothing is validated here.
"""

from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free


cdef inline void add(double *tree, Py_ssize_t size, Py_ssize_t at, double value) noexcept nogil:
    at += 1
    while at <= size:
        tree[at] += value
        at += at & -at


cdef inline double below(const double *tree, Py_ssize_t at) noexcept nogil:
    """Sum over ranks less than at."""
    cdef double total = 0.0
    while at > 0:
        total += tree[at]
        at -= at & -at
    return total


cdef inline void seen(
    const double *tree, double total, Py_ssize_t rank, double sign, double *pairs
) noexcept nogil:
    """Add what lies below, above and level with a rank to (below, above, level)."""
    cdef double low = below(tree, rank), upto = below(tree, rank + 1)
    pairs[0] += sign * low
    pairs[1] += sign * (total - upto)
    pairs[2] += sign * (upto - low)


def pairs_by_row(
    const int64_t[::1] rank,
    const double[::1] weight,
    const signed char[::1] event,
    const int64_t[::1] block_start,
    const signed char[::1] first,
    const int64_t[::1] entry,
    const int64_t[::1] entering,
    const int64_t[::1] entry_start,
    const double[::1] block_weight,
    double[:, ::1] earlier,
    double[:, ::1] later,
):
    """Fill, for each row, the weights of those it is comparable with, by their score.

    earlier: the row has the event, the others are at risk beyond it: (lower, higher, level scores).
    later: the others have the event while the row is at risk: (lower, higher, level).
    """
    cdef Py_ssize_t n = rank.shape[0], blocks = first.shape[0], block, row, place, i, last
    cdef bint late = entering is not None
    cdef double total = 0.0, one
    cdef double *tree = <double *>calloc(n + 2, sizeof(double))
    if tree == NULL:
        raise MemoryError()
    with nogil:
        # from the last time to the first: who is at risk beyond each event
        for block in range(blocks - 1, -1, -1):
            if block == blocks - 1 or first[block + 1]:
                total = 0.0
            elif late:
                for place in range(entry_start[block + 1], entry_start[block + 2]):
                    row = entering[place]
                    add(tree, n, rank[row], -weight[row])
                    total -= weight[row]
            for row in range(block_start[block], block_start[block + 1]):
                if not event[row]:
                    add(tree, n, rank[row], weight[row])
                    total += weight[row]
            for row in range(block_start[block], block_start[block + 1]):
                if event[row]:
                    seen(tree, total, rank[row], 1.0, &earlier[row, 0])
                    for i in range(3):
                        earlier[row, i] *= block_weight[block]
            for row in range(block_start[block], block_start[block + 1]):
                if event[row]:
                    add(tree, n, rank[row], weight[row])
                    total += weight[row]
            if first[block]:
                # leave the tree empty for the stratum before
                last = block
                while last + 1 < blocks and not first[last + 1]:
                    last += 1
                for row in range(block_start[block], block_start[last + 1]):
                    # rows that entered later were taken out there
                    if not late or first[entry[row]]:
                        add(tree, n, rank[row], -weight[row])
        for i in range(n + 2):
            tree[i] = 0.0
        # from the first time to the last: which events happened while each row was at risk
        for block in range(blocks):
            if first[block]:
                total = 0.0
            if late:
                for place in range(entry_start[block], entry_start[block + 1]):
                    row = entering[place]
                    seen(tree, total, rank[row], -1.0, &later[row, 0])
            for row in range(block_start[block], block_start[block + 1]):
                if event[row]:
                    seen(tree, total, rank[row], 1.0, &later[row, 0])
            for row in range(block_start[block], block_start[block + 1]):
                if event[row]:
                    one = weight[row] * block_weight[block]
                    add(tree, n, rank[row], one)
                    total += one
            for row in range(block_start[block], block_start[block + 1]):
                if not event[row]:
                    seen(tree, total, rank[row], 1.0, &later[row, 0])
            if block + 1 == blocks or first[block + 1]:
                last = block
                while not first[last]:
                    last -= 1
                for i in range(last, block + 1):
                    for row in range(block_start[i], block_start[i + 1]):
                        if event[row]:
                            add(tree, n, rank[row], -weight[row] * block_weight[i])
        free(tree)

