"""Small dense linear algebra of the Newton steps, in one order of summation.

Matrices are row-major with rows ``stride`` numbers apart; of symmetric ones the lower half counts.
"""


from libc.math cimport sqrt


cdef extern from *:
    # a pointer whose target nothing else in the call points to
    ctypedef double* alone "double * __restrict"


cdef inline Py_ssize_t factorise_dense(
    const double* matrix, double* low, Py_ssize_t p, Py_ssize_t stride, double collinear
) noexcept nogil:
    """Cholesky factor (lower) of a p by p matrix.

    Gives -1, or the first column of which less than ``collinear`` of its own size is left after
    the columns before it.
    """
    cdef Py_ssize_t i, j, k
    cdef double total, inverse
    for j in range(p):
        total = matrix[j * stride + j]
        for k in range(j):
            total -= low[j * stride + k] * low[j * stride + k]
        if not total > collinear * matrix[j * stride + j] or not total > 1e-200:
            return j
        low[j * stride + j] = sqrt(total)
        inverse = 1.0 / low[j * stride + j]
        for i in range(j + 1, p):
            total = matrix[i * stride + j]
            for k in range(j):
                total -= low[i * stride + k] * low[j * stride + k]
            low[i * stride + j] = total * inverse
    return -1


cdef inline void solve_dense(
    const double* low, const double* right, double* out, Py_ssize_t p, Py_ssize_t stride
) noexcept nogil:
    """Solve (low low') out = right."""
    cdef Py_ssize_t i, k
    cdef double total
    for i in range(p):
        total = right[i]
        for k in range(i):
            total -= low[i * stride + k] * out[k]
        out[i] = total / low[i * stride + i]
    for i in range(p - 1, -1, -1):
        total = out[i]
        for k in range(i + 1, p):
            total -= low[k * stride + i] * out[k]
        out[i] = total / low[i * stride + i]


cdef inline double product(const double* a, const double* b, Py_ssize_t stride) noexcept nogil:
    """Inner product of two vectors of even length."""
    cdef Py_ssize_t i
    cdef double first = 0.0, second = 0.0
    for i in range(0, stride, 2):
        first += a[i] * b[i]
        second += a[i + 1] * b[i + 1]
    return first + second


cdef inline void add_scaled(
    alone sums, const double* x, double by, Py_ssize_t stride
) noexcept nogil:
    """Add a multiple of a vector of even length."""
    cdef Py_ssize_t i
    for i in range(0, stride, 2):
        sums[i] += by * x[i]
        sums[i + 1] += by * x[i + 1]


cdef inline void add_outer_products(
    alone matrix,
    const double* a,
    const double* b,
    const double* c,
    const double* d,
    const double* by,
    Py_ssize_t stride,
) noexcept nogil:
    """Add by[0] a a' + by[1] b b' + by[2] c c' + by[3] d d' to the lower half.

    Four at once, two rows by two columns: the matrix is read and written once for all of them.
    Vectors have even length, stride; what is above the diagonal is not kept.
    """
    cdef Py_ssize_t i, j
    cdef double a0, b0, c0, d0, a1, b1, c1, d1
    cdef alone upper
    cdef alone lower
    for i in range(0, stride, 2):
        a0, a1 = by[0] * a[i], by[0] * a[i + 1]
        b0, b1 = by[1] * b[i], by[1] * b[i + 1]
        c0, c1 = by[2] * c[i], by[2] * c[i + 1]
        d0, d1 = by[3] * d[i], by[3] * d[i + 1]
        upper = matrix + i * stride
        lower = upper + stride
        for j in range(0, i + 2, 2):
            upper[j] += (a0 * a[j] + b0 * b[j]) + (c0 * c[j] + d0 * d[j])
            upper[j + 1] += (a0 * a[j + 1] + b0 * b[j + 1]) + (c0 * c[j + 1] + d0 * d[j + 1])
            lower[j] += (a1 * a[j] + b1 * b[j]) + (c1 * c[j] + d1 * d[j])
            lower[j + 1] += (a1 * a[j + 1] + b1 * b[j + 1]) + (c1 * c[j + 1] + d1 * d[j + 1])
