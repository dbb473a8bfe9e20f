"""Coordinate descent for a quadratic with an elastic-net penalty.

Minimises b' Q b / 2 - c' b + l1 |b|_1 + l2 |b|^2 / 2 over b. Nothing is validated here.
"""

from libc.math cimport fabs


def descend(
    const double[:, ::1] quadratic,
    const double[::1] linear,
    double l1,
    double l2,
    double tolerance,
    int most,
    double[::1] b,
    double[::1] gradient,
):
    """Improve b in place until a round moves no coordinate by more than tolerance; say whether.

    gradient (p) is work space; it ends as c - Q b.
    """
    cdef Py_ssize_t i, j, p = b.shape[0]
    cdef double pull, curvature, now, moved, largest = 0.0
    cdef int step
    cdef bint done = False
    with nogil:
        for i in range(p):
            gradient[i] = linear[i]
            for j in range(p):
                gradient[i] -= quadratic[i, j] * b[j]
        for step in range(most):
            largest = 0.0
            for j in range(p):
                curvature = quadratic[j, j] + l2
                if not curvature > 0.0:
                    continue
                pull = gradient[j] + quadratic[j, j] * b[j]
                if pull > l1:
                    now = (pull - l1) / curvature
                elif pull < -l1:
                    now = (pull + l1) / curvature
                else:
                    now = 0.0
                moved = now - b[j]
                if moved == 0.0:
                    continue
                b[j] = now
                for i in range(p):
                    gradient[i] -= quadratic[j, i] * moved
                if fabs(moved) > largest:
                    largest = fabs(moved)
            if largest <= tolerance:
                done = True
                break
    return done
