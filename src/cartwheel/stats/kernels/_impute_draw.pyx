"""Random draws, sorting and a triangular factor, all without the GIL, for the imputation kernel.

The generator is xoshiro256++ (Blackman D, Vigna S 2021, doi:10.1145/3460772): four words of state
that belong to one imputation alone, so that an imputation is the same in whichever thread it runs.
"""

from libc.math cimport log, sqrt

# A pivot below this share of its diagonal belongs to a column that the others determine.
cdef double SINGULAR = 1e-12


cdef inline word turned(word x, int by) noexcept nogil:
    return (x << by) | (x >> (64 - by))


cdef inline word following(word* s) noexcept nogil:
    cdef word result = turned(s[0] + s[3], 23) + s[0]
    cdef word t = s[1] << 17
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= t
    s[3] = turned(s[3], 45)
    return result


cdef double uniform(word* s) noexcept nogil:
    """In [0, 1), 53 bits."""
    return <double>(following(s) >> 11) * (1.0 / 9007199254740992.0)


cdef Py_ssize_t below(word* s, Py_ssize_t n) noexcept nogil:
    """Whole number in 0..n-1; the bias n / 2^53 is far below anything that can be seen."""
    return <Py_ssize_t>(uniform(s) * <double>n)


cdef double normal(word* s) noexcept nogil:
    """Standard normal by Marsaglia's polar method; the second of each pair is not kept."""
    cdef double u, v, r
    while True:
        u = 2.0 * uniform(s) - 1.0
        v = 2.0 * uniform(s) - 1.0
        r = u * u + v * v
        if 0.0 < r < 1.0:
            return u * sqrt(-2.0 * log(r) / r)


cdef double chi_square(word* s, double df) noexcept nogil:
    """Twice a gamma variate of shape df / 2 (Marsaglia G, Tsang WW 2000); df >= 1."""
    cdef double shape = 0.5 * df, boost = 1.0, d, c, x, v, u
    if shape < 1.0:
        # 1 - u lies in (0, 1], so that the logarithm below never meets 0
        boost = (1.0 - uniform(s)) ** (1.0 / shape)
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / sqrt(9.0 * d)
    while True:
        x = normal(s)
        v = 1.0 + c * x
        if v <= 0.0:
            continue
        v = v * v * v
        u = 1.0 - uniform(s)
        if log(u) < 0.5 * x * x + d * (1.0 - v + log(v)):
            return 2.0 * d * v * boost


cdef void shuffle(word* s, Keyed* a, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef Keyed held
    for i in range(n - 1, 0, -1):
        j = below(s, i + 1)
        held = a[i]
        a[i] = a[j]
        a[j] = held


cdef void insertion(Keyed* a, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef Keyed held
    for i in range(1, n):
        held = a[i]
        j = i
        while j > 0 and a[j - 1].key > held.key:
            a[j] = a[j - 1]
            j -= 1
        a[j] = held


cdef void sort(Keyed* a, Py_ssize_t n) noexcept nogil:
    """Ascending by key. Equal keys keep no order: a shuffle beforehand breaks ties at random."""
    cdef Py_ssize_t i, j
    cdef double pivot
    cdef Keyed held
    while n > 16:
        # the shuffle makes any element a random pivot; the middle one also suits sorted input
        pivot = a[n // 2].key
        i = 0
        j = n - 1
        while i <= j:
            while a[i].key < pivot:
                i += 1
            while a[j].key > pivot:
                j -= 1
            if i <= j:
                held = a[i]
                a[i] = a[j]
                a[j] = held
                i += 1
                j -= 1
        # the shorter side by recursion, so that the stack stays shallow
        if j + 1 < n - i:
            sort(a, j + 1)
            a += i
            n -= i
        else:
            sort(a + i, n - i)
            n = j + 1
    insertion(a, n)


cdef Py_ssize_t lower(const Keyed* a, Py_ssize_t n, double key) noexcept nogil:
    """First place whose key is not below the one given."""
    cdef Py_ssize_t low = 0, high = n, middle
    while low < high:
        middle = (low + high) // 2
        if a[middle].key < key:
            low = middle + 1
        else:
            high = middle
    return low


cdef void factor(double* a, Py_ssize_t k, double* largest) noexcept nogil:
    """Lower Cholesky factor in place; a column that the others determine gets a pivot of 0.

    ``largest`` (k,) is working space. The solutions below give such a column the coefficient 0.
    """
    cdef Py_ssize_t i, j, l
    cdef double total
    for j in range(k):
        largest[j] = a[j * k + j]
    for j in range(k):
        total = largest[j]
        for l in range(j):
            total -= a[j * k + l] * a[j * k + l]
        if not total > SINGULAR * largest[j]:
            for i in range(j, k):
                a[i * k + j] = 0.0
            continue
        total = sqrt(total)
        a[j * k + j] = total
        for i in range(j + 1, k):
            for l in range(j):
                a[i * k + j] -= a[i * k + l] * a[j * k + l]
            a[i * k + j] /= total


cdef void solve_lower(const double* a, double* b, Py_ssize_t k) noexcept nogil:
    cdef Py_ssize_t i, l
    for i in range(k):
        if a[i * k + i] == 0.0:
            b[i] = 0.0
            continue
        for l in range(i):
            b[i] -= a[i * k + l] * b[l]
        b[i] /= a[i * k + i]


cdef void solve_upper(const double* a, double* b, Py_ssize_t k) noexcept nogil:
    """With the transpose of the lower factor."""
    cdef Py_ssize_t i, l
    for i in range(k - 1, -1, -1):
        if a[i * k + i] == 0.0:
            b[i] = 0.0
            continue
        for l in range(i + 1, k):
            b[i] -= a[l * k + i] * b[l]
        b[i] /= a[i * k + i]
