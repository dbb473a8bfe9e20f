"""Small dense linear algebra of the Newton steps: factor and solve, in one order of summation."""


cdef inline Py_ssize_t factorise_dense(
    const double* matrix, double* low, Py_ssize_t p, double collinear
) noexcept nogil:
    """Cholesky factor (lower, row-major) of a p by p matrix, of which the lower half is read.

    Gives -1, or the first column of which less than ``collinear`` of its own size is left after
    the columns before it.
    """
    cdef Py_ssize_t i, j, k
    cdef double total
    for j in range(p):
        for i in range(j, p):
            total = matrix[i * p + j]
            for k in range(j):
                total -= low[i * p + k] * low[j * p + k]
            if i == j:
                if not total > collinear * matrix[j * p + j] or not total > 1e-200:
                    return j
                low[j * p + j] = total ** 0.5
            else:
                low[i * p + j] = total / low[j * p + j]
    return -1


cdef inline void solve_dense(
    const double* low, const double* right, double* out, Py_ssize_t p
) noexcept nogil:
    """Solve (low low') out = right."""
    cdef Py_ssize_t i, k
    cdef double total
    for i in range(p):
        total = right[i]
        for k in range(i):
            total -= low[i * p + k] * out[k]
        out[i] = total / low[i * p + i]
    for i in range(p - 1, -1, -1):
        total = out[i]
        for k in range(i + 1, p):
            total -= low[k * p + i] * out[k]
        out[i] = total / low[i * p + i]
