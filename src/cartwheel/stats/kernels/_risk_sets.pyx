"""Sums over those at risk, block by block, and Firth's third moments of a Cox model.

Rows come sorted by stratum and time, blocks as in ``_cox_general``; ``risk`` is each row's weight
times its relative hazard. Nothing is validated here.
"""

from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free


def risk_set_sums(
    const double[:, ::1] x,
    const double[::1] risk,
    const double[::1] weight,
    const signed char[::1] event,
    const int64_t[::1] block_start,
    const signed char[::1] first,
    const int64_t[::1] entering,
    const int64_t[::1] entry_start,
    double[::1] s0,
    double[::1] e0,
    double[:, ::1] s1,
    double[:, ::1] e1,
    double[::1] deaths,
    double[::1] death_weight,
):
    """Fill, for each block, the sums of risk and risk x over those at risk and over its deaths."""
    cdef Py_ssize_t block, row, place, i, blocks = first.shape[0], p = x.shape[1], at_risk = 0
    cdef bint late = entering is not None
    cdef double total = 0.0
    cdef double *sums = <double *>calloc(p + 1, sizeof(double))
    if sums == NULL:
        raise MemoryError()
    with nogil:
        for block in range(blocks - 1, -1, -1):
            if block == blocks - 1 or first[block + 1]:
                at_risk = 0
            elif late:
                for place in range(entry_start[block + 1], entry_start[block + 2]):
                    row = entering[place]
                    total -= risk[row]
                    at_risk -= 1
                    for i in range(p):
                        sums[i] -= risk[row] * x[row, i]
            if at_risk == 0:
                total = 0.0
                for i in range(p):
                    sums[i] = 0.0
            e0[block] = deaths[block] = death_weight[block] = 0.0
            for i in range(p):
                e1[block, i] = 0.0
            for row in range(block_start[block], block_start[block + 1]):
                at_risk += 1
                total += risk[row]
                for i in range(p):
                    sums[i] += risk[row] * x[row, i]
                if event[row]:
                    deaths[block] += 1.0
                    death_weight[block] += weight[row]
                    e0[block] += risk[row]
                    for i in range(p):
                        e1[block, i] += risk[row] * x[row, i]
            s0[block] = total
            for i in range(p):
                s1[block, i] = sums[i]
        free(sums)


def firth_adjustment(
    const double[:, ::1] x,
    const double[::1] risk,
    const double[::1] weight,
    const signed char[::1] event,
    const int64_t[::1] block_start,
    const signed char[::1] first,
    const int64_t[::1] entering,
    const int64_t[::1] entry_start,
    const double[:, ::1] inverse,
    double[::1] adjustment,
):
    """Fill trace(inverse dI/db_j) / 2 for each column j, Breslow's ties.

    dI/db_j sums, over deaths, the third central moments of x among those at risk. With
    q_i = x_i' V x_i and m the mean at risk, its trace with V is the mean at risk of
    (x_i - m)' V (x_i - m) (x_ij - m_j), which needs the sums of r q, r q x and r x x' only.
    """
    cdef Py_ssize_t block, row, place, i, j, blocks = first.shape[0], p = x.shape[1], at_risk = 0
    cdef bint late = entering is not None
    cdef double s0 = 0.0, q0 = 0.0, q, dead, middle, part
    cdef double *s1 = <double *>calloc(4 * p + p * p + x.shape[0] + 1, sizeof(double))
    if s1 == NULL:
        raise MemoryError()
    cdef double *q1 = s1 + p
    cdef double *mean = q1 + p
    cdef double *turned = mean + p
    cdef double *s2 = turned + p
    cdef double *square = s2 + p * p
    with nogil:
        for j in range(p):
            adjustment[j] = 0.0
        for row in range(x.shape[0]):
            for i in range(p):
                part = 0.0
                for j in range(p):
                    part += inverse[i, j] * x[row, j]
                square[row] += x[row, i] * part
        for block in range(blocks - 1, -1, -1):
            if block == blocks - 1 or first[block + 1]:
                at_risk = 0
            elif late:
                for place in range(entry_start[block + 1], entry_start[block + 2]):
                    row = entering[place]
                    at_risk -= 1
                    s0 -= risk[row]
                    q0 -= risk[row] * square[row]
                    for i in range(p):
                        part = risk[row] * x[row, i]
                        s1[i] -= part
                        q1[i] -= part * square[row]
                        for j in range(p):
                            s2[i * p + j] -= part * x[row, j]
            if at_risk == 0:
                s0 = q0 = 0.0
                for i in range(2 * p):
                    s1[i] = 0.0
                for i in range(p * p):
                    s2[i] = 0.0
            dead = 0.0
            for row in range(block_start[block], block_start[block + 1]):
                at_risk += 1
                if event[row]:
                    dead += weight[row]
                s0 += risk[row]
                q0 += risk[row] * square[row]
                for i in range(p):
                    part = risk[row] * x[row, i]
                    s1[i] += part
                    q1[i] += part * square[row]
                    for j in range(p):
                        s2[i * p + j] += part * x[row, j]
            if dead <= 0.0:
                continue
            middle = 0.0
            for i in range(p):
                mean[i] = s1[i] / s0
            for i in range(p):
                turned[i] = 0.0
                for j in range(p):
                    turned[i] += inverse[i, j] * mean[j]
                middle += turned[i] * mean[i]
            for i in range(p):
                part = 0.0
                for j in range(p):
                    part += s2[i * p + j] * turned[j]
                q = q1[i] - q0 * mean[i] - 2.0 * (part - s0 * middle * mean[i])
                adjustment[i] += 0.5 * dead / s0 * q
        free(s1)
