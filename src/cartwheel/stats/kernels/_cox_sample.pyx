"""The sample of a Cox fit, made ready: sorted, grouped, centred and scaled.

A group is one death time: its deaths, then all who are censored from then on until the next death
time. Who is censored before the first is in no group. Columns are centred and divided by their mean
absolute deviation: neither moves the likelihood, both keep exp(x b) in range. With more than one
column rows have even length, a column of noughts added where need be.
"""

from libc.math cimport fabs
from libc.stdint cimport int64_t
from libc.stdlib cimport malloc
from libc.string cimport memset

from cartwheel.stats.kernels._dense cimport alone


cdef int allocate(Sample *s, Py_ssize_t n, Py_ssize_t p, Py_ssize_t blocks) noexcept nogil:
    """One block of memory for everything; 0 when there is none."""
    cdef Py_ssize_t stride = 1 if p == 1 else max(2, p + (p & 1))
    cdef Py_ssize_t small = 13 * stride + 2 * stride * stride
    cdef Py_ssize_t doubles = small + n * stride + 3 * n + 3 * blocks
    cdef Py_ssize_t size = doubles * sizeof(double) + (2 * blocks + 1) * sizeof(Py_ssize_t)
    cdef double *at = <double *>malloc(size)
    if at == NULL:
        return 0
    memset(at, 0, small * sizeof(double))
    s.newton.p, s.newton.stride, s.waiting = p, stride, 0
    s.mean = at
    s.scale = s.mean + stride
    s.fallen = s.scale + stride
    s.s1 = s.fallen + stride
    s.e1 = s.s1 + stride
    s.outer = s.e1 + stride
    s.newton.score = s.outer + 4 * stride
    s.newton.coef = s.newton.score + stride
    s.newton.trial = s.newton.coef + stride
    s.newton.step = s.newton.trial + stride
    s.newton.information = s.newton.step + stride
    s.newton.factor = s.newton.information + stride * stride
    s.x = at + small
    s.weight = s.x + n * stride
    s.died = s.weight + n
    s.risk = s.died + n
    s.deaths = s.risk + n
    s.hazard = s.deaths + blocks
    s.spared = s.hazard + blocks
    s.start = <Py_ssize_t *>(s.spared + blocks)
    s.censored = s.start + blocks + 1
    s.newton.x, s.newton.weight = s.x, s.weight
    return 1


cdef inline void copy_row(
    alone to, alone sums, const double *x, double weight, Py_ssize_t p, Py_ssize_t stride
) noexcept nogil:
    """Copy one patient's columns, and sum them."""
    cdef Py_ssize_t column
    for column in range(p):
        to[column] = x[column]
        sums[column] += weight * x[column]
    for column in range(p, stride):
        to[column] = 0.0


cdef inline void centre_row(
    alone x, alone deviations, const double *mean, double weight, Py_ssize_t p
) noexcept nogil:
    """Take the means off one patient's columns, and sum what is left of them."""
    cdef Py_ssize_t column
    for column in range(p):
        x[column] -= mean[column]
        deviations[column] += weight * fabs(x[column])


cdef inline void scale_row(
    alone x, alone fallen, const double *by, double died, Py_ssize_t p
) noexcept nogil:
    """Scale one patient's columns, and sum them over the deaths."""
    cdef Py_ssize_t column
    for column in range(p):
        x[column] *= by[column]
        fallen[column] += died * x[column]


cdef double gather(
    Sample *s,
    const int64_t[::1] order,
    const int64_t[::1] block_start,
    const signed char[::1] event,
    const double[:, ::1] x,
    const double[::1] multiplicity,
    bint weighted,
) noexcept nogil:
    """Copy the patients present in time order; return the number of events."""
    cdef Py_ssize_t block, row, first, last, kept = 0, groups = 0
    cdef Py_ssize_t p = s.newton.p, stride = s.newton.stride
    cdef int64_t patient
    cdef double weight, deaths, events = 0.0
    for block in range(block_start.shape[0] - 1):
        first = last = kept
        deaths = 0.0
        for row in range(block_start[block], block_start[block + 1]):
            patient = order[row]
            weight = multiplicity[patient] if weighted else 1.0
            if weight <= 0.0:
                continue
            copy_row(s.x + kept * stride, s.mean, &x[patient, 0], weight, p, stride)
            s.weight[kept] = weight
            s.died[kept] = 0.0
            if event[patient]:
                # events stand first within a time
                s.died[kept] = weight
                deaths += weight
                last = kept + 1
            kept += 1
        if deaths > 0.0:
            s.start[groups], s.censored[groups], s.deaths[groups] = first, last, deaths
            events += deaths
            groups += 1
    s.start[groups] = kept
    s.newton.n, s.groups = kept, groups
    return events


cdef bint is_constant(const Sample *s, Py_ssize_t column) noexcept nogil:
    """Whether a column has one value and no other."""
    cdef Py_ssize_t row, stride = s.newton.stride
    for row in range(1, s.newton.n):
        if s.x[row * stride + column] != s.x[column]:
            return False
    return True


cdef Py_ssize_t standardise(Sample *s) noexcept nogil:
    """Centre and scale the columns; return the first constant one, or -1."""
    cdef Py_ssize_t row, column, p = s.newton.p, stride = s.newton.stride
    cdef double total = 0.0, size
    for row in range(s.newton.n):
        total += s.weight[row]
    for column in range(p):
        s.mean[column] /= total
    for row in range(s.newton.n):
        centre_row(s.x + row * stride, s.scale, s.mean, s.weight[row], p)
    for column in range(p):
        s.scale[column] /= total
        size = fabs(s.mean[column])
        # a deviation of rounding only is none; nor is one that has no reciprocal
        if not s.scale[column] > 1e-13 * size + 1e-300:
            return column
        # of very many equal values the mean may be further off than that
        if s.scale[column] < 1e-8 * size and is_constant(s, column):
            return column
        s.s1[column] = 1.0 / s.scale[column]
    for row in range(s.newton.n):
        scale_row(s.x + row * stride, s.fallen, s.s1, s.died[row], p)
    return -1
