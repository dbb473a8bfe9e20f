"""Largest absolute value of a Gaussian Markov sequence: the chance that it reaches b.

X_1 .. X_k are standard normal with corr(X_i, X_{i+1}) = r_i, and X_{i+1} depends on the past only
through X_i. With f_i the density of X_i on the paths that stayed inside (-b, b),

    f_{i+1}(y) = integral over (-b, b) of f_i(x) phi((y - r_i x) / s_i) / s_i dx,  s_i^2 = 1 - r_i^2
    p          = 2 Phi(-b) + sum_i integral f_i(x) (Phi((-b - r_i x) / s_i) + Phi((r_i x - b) / s_i))

Every term is positive, so a small p keeps its relative precision. Integrals by the quadrature
given (nodes rising over (-b, b)). Beyond 9 s_i the density of a step is below 1e-18 and left out.
"""

from libc.math cimport M_PI, erfc, exp, sqrt

cdef double WIDE = 9.0


cdef inline double _tail(double z) noexcept nogil:
    """Chance that a standard normal exceeds z."""
    return 0.5 * erfc(z * 0.7071067811865476)


def crossing(
    const double[::1] nodes,
    const double[::1] weights,
    const double[::1] correlation,
    double[::1] density,
    double[::1] following,
    double b,
):
    """Chance that the largest absolute value reaches b; the two densities are room to work in."""
    cdef Py_ssize_t m = nodes.shape[0], k = correlation.shape[0], i, j, step, first
    cdef double r, s, p = 2.0 * _tail(b), scale, z, total
    with nogil:
        for j in range(m):
            density[j] = weights[j] * exp(-0.5 * nodes[j] * nodes[j]) / sqrt(2.0 * M_PI)
        for step in range(k):
            r = correlation[step]
            s = sqrt((1.0 - r) * (1.0 + r))
            for j in range(m):
                p += density[j] * (_tail((b + r * nodes[j]) / s) + _tail((b - r * nodes[j]) / s))
            if step == k - 1:
                break
            scale = 1.0 / (s * sqrt(2.0 * M_PI))
            first = 0
            for i in range(m):
                while first < m and nodes[i] - r * nodes[first] > WIDE * s:
                    first += 1
                total = 0.0
                j = first
                while j < m:
                    z = (nodes[i] - r * nodes[j]) / s
                    if z < -WIDE:
                        break
                    total += density[j] * exp(-0.5 * z * z)
                    j += 1
                following[i] = weights[i] * scale * total
            for j in range(m):
                density[j] = following[j]
    return p
