"""Patients by distinct time, events first, from any order by time."""

from libc.stdint cimport int64_t


def gather_blocks(
    const int64_t[::1] sorted_rows,
    const double[::1] ascending,
    const signed char[::1] event,
    double tolerance,
    int64_t[::1] order,
    int64_t[::1] block_start,
    double[::1] block_time,
    double[::1] fixed,
    int64_t[::1] block_of,
):
    """Fill the blocks of times no further than tolerance from the one before; return how many.

    sorted_rows lists the patients by ascending time, in any order within a time. order comes by
    block, then event before none, then patient; fixed and block_of in patient order.
    block_start needs one place more than patients.
    """
    cdef Py_ssize_t n = order.shape[0], i, row, block = -1, blocks, place
    with nogil:
        for i in range(n):
            if i == 0 or ascending[i] - ascending[i - 1] > tolerance:
                block += 1
                block_start[block] = i
                block_time[block] = ascending[i]
            row = sorted_rows[i]
            block_of[row] = block
            fixed[row] = block_time[block]
        blocks = block + 1
        if blocks == n:
            for i in range(n):
                order[i] = sorted_rows[i]
        else:
            # each block fills from its start; afterwards each start has moved to the next one
            for row in range(n):
                if event[row]:
                    place = block_start[block_of[row]]
                    order[place] = row
                    block_start[block_of[row]] = place + 1
            for row in range(n):
                if not event[row]:
                    place = block_start[block_of[row]]
                    order[place] = row
                    block_start[block_of[row]] = place + 1
            for block in range(blocks - 1, 0, -1):
                block_start[block] = block_start[block - 1]
            block_start[0] = 0
        block_start[blocks] = n
    return blocks
