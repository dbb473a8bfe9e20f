"""The two imputation models, each fitted and drawn from its posterior, and the memory they share.

Linear regression for matching, and a multinomial logistic regression for categories.
"""

from libc.math cimport exp, fabs, isfinite, log, sqrt
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from cartwheel.stats.kernels._impute_draw cimport (
    Keyed,
    chi_square,
    factor,
    normal,
    solve_lower,
    solve_upper,
    uniform,
    word,
)

# share of a column's sum of squares that is added to it (van Buuren's ridge)
cdef double RIDGE = 1e-5
cdef int MOST = 50
cdef int HALVINGS = 30
# half a standard deviation either side, where the augmenting rows stand
cdef double AWAY = 0.5


cdef void release(Chain* s) noexcept nogil:
    free(s.x)
    free(s.row)
    free(s.keyed)
    free(s.holds)


cdef int reserve(Chain* s) noexcept nogil:
    cdef Py_ssize_t n = s.n, d = s.d, rows = s.n + 2 * s.d + 1, most = s.most
    cdef double* at
    cdef Py_ssize_t* place
    s.x = <double*>malloc(
        sizeof(double)
        * (n * d + rows * (d + 2) + n + most * most + 7 * most + 2 * s.classes + d + 8)
    )
    s.row = <Py_ssize_t*>malloc(sizeof(Py_ssize_t) * (rows + n + d + s.classes + 4))
    s.keyed = <Keyed*>malloc(sizeof(Keyed) * (n + 1))
    s.holds = <char*>malloc(n + 1)
    if s.x == NULL or s.row == NULL or s.keyed == NULL or s.holds == NULL:
        return NO_MEMORY
    at = s.x + n * d
    s.z = at
    s.w = s.z + rows * (d + 1)
    s.y = s.w + rows
    s.info = s.y + n
    s.beta = s.info + most * most
    s.drawn = s.beta + most
    s.score = s.drawn + most
    s.step = s.score + most
    s.old = s.step + most
    s.spare = s.old + most
    s.share = s.spare + most
    s.risk = s.share + s.classes
    s.buffer = s.risk + s.classes
    place = s.row + n
    s.code = place
    s.pred = s.code + rows
    s.active = s.pred + d
    return DONE


cdef double against(const double* a, const double* b, Py_ssize_t k) noexcept nogil:
    cdef double total = 0.0
    cdef Py_ssize_t j
    for j in range(k):
        total += a[j] * b[j]
    return total


cdef int regress(Chain* s, word* g, Py_ssize_t seen, double total, Py_ssize_t k) noexcept nogil:
    """Least squares and a draw from its posterior: beta, drawn; the fitted values as keys."""
    cdef Py_ssize_t i, j, l
    cdef double a, residual, squares = 0.0, sigma
    cdef const double* z
    memset(s.info, 0, sizeof(double) * k * k)
    memset(s.beta, 0, sizeof(double) * k)
    for i in range(seen):
        z = s.z + i * k
        for j in range(k):
            a = s.w[i] * z[j]
            s.beta[j] += a * s.y[i]
            for l in range(j + 1):
                s.info[j * k + l] += a * z[l]
    for j in range(k):
        s.info[j * k + j] *= 1.0 + RIDGE
    factor(s.info, k, s.spare)
    solve_lower(s.info, s.beta, k)
    solve_upper(s.info, s.beta, k)
    for i in range(seen):
        a = against(s.z + i * k, s.beta, k)
        s.keyed[i].key = a
        s.keyed[i].row = i
        residual = s.y[i] - a
        squares += s.w[i] * residual * residual
    if not isfinite(squares):
        return NOT_CONVERGED
    sigma = sqrt(squares / chi_square(g, total - k if total - k > 1.0 else 1.0))
    for j in range(k):
        s.drawn[j] = normal(g)
    solve_upper(s.info, s.drawn, k)
    for j in range(k):
        s.drawn[j] = s.beta[j] + sigma * s.drawn[j]
    return DONE


cdef void classify(
    Chain* s, const double* z, const double* beta, Py_ssize_t k, Py_ssize_t classes
) noexcept nogil:
    """Risk of each class of a row, the first as reference."""
    cdef Py_ssize_t c
    cdef double largest = 0.0, total = 0.0
    s.risk[0] = 0.0
    for c in range(1, classes):
        s.risk[c] = against(z, beta + (c - 1) * k, k)
        if s.risk[c] > largest:
            largest = s.risk[c]
    for c in range(classes):
        s.risk[c] = exp(s.risk[c] - largest)
        total += s.risk[c]
    for c in range(classes):
        s.risk[c] /= total


cdef double climb(
    Chain* s, Py_ssize_t rows, Py_ssize_t k, Py_ssize_t classes, bint derive
) noexcept nogil:
    """Log-likelihood of the augmented multinomial model; score and information on request."""
    cdef Py_ssize_t i, j, l, a, b, size = (classes - 1) * k
    cdef double level = 0.0, w, gap, weight, product
    cdef const double* z
    if derive:
        memset(s.info, 0, sizeof(double) * size * size)
        memset(s.score, 0, sizeof(double) * size)
    for i in range(rows):
        z = s.z + i * k
        w = s.w[i]
        classify(s, z, s.beta, k, classes)
        if s.code[i] >= 0:
            level += w * log(s.risk[s.code[i]])
        else:
            for a in range(classes):
                level += w * s.share[a] * log(s.risk[a])
        if not derive:
            continue
        for a in range(1, classes):
            gap = (s.share[a] if s.code[i] < 0 else <double>(s.code[i] == a)) - s.risk[a]
            for j in range(k):
                s.score[(a - 1) * k + j] += w * gap * z[j]
            for b in range(1, a + 1):
                weight = w * s.risk[a] * ((1.0 if a == b else 0.0) - s.risk[b])
                for j in range(k):
                    product = weight * z[j]
                    for l in range(j + 1 if a == b else k):
                        s.info[((a - 1) * k + j) * size + (b - 1) * k + l] += product * z[l]
    return level


cdef int multinomial(
    Chain* s, word* g, Py_ssize_t seen, double total, Py_ssize_t p, Py_ssize_t classes
) noexcept nogil:
    """Fit the augmented multinomial model and draw from the normal around its mode.

    Rows half a standard deviation either side in each predictor, of total weight p + 1 and with
    the observed shares of the classes, keep the mode finite under perfect prediction.
    """
    cdef Py_ssize_t i, j, k = p + 1, size = (classes - 1) * (p + 1), rows = seen
    cdef Py_ssize_t added = 2 * p if p > 0 else 1
    cdef double level, best, longest
    cdef int turn, halvings
    for i in range(added):
        memset(s.z + rows * k, 0, sizeof(double) * k)
        s.z[rows * k] = 1.0
        if p > 0:
            s.z[rows * k + 1 + i // 2] = AWAY if i % 2 else -AWAY
        s.w[rows] = <double>(p + 1) / <double>added
        s.code[rows] = -1
        rows += 1
    memset(s.beta, 0, sizeof(double) * size)
    for i in range(1, classes):
        s.beta[(i - 1) * k] = log(s.share[i] / s.share[0])
    best = climb(s, rows, k, classes, True)
    for turn in range(MOST):
        factor(s.info, size, s.spare)
        memcpy(s.step, s.score, sizeof(double) * size)
        solve_lower(s.info, s.step, size)
        solve_upper(s.info, s.step, size)
        memcpy(s.old, s.beta, sizeof(double) * size)
        longest = 0.0
        for j in range(size):
            longest = max(longest, fabs(s.step[j]))
            s.beta[j] += s.step[j]
        if not isfinite(longest):
            return NOT_CONVERGED
        if longest < 1e-7:
            break
        level = climb(s, rows, k, classes, True)
        halvings = 0
        while not (level >= best - 1e-9 * (1.0 + fabs(best))):
            halvings += 1
            if halvings > HALVINGS:
                return NOT_CONVERGED
            for j in range(size):
                s.step[j] *= 0.5
                s.beta[j] = s.old[j] + s.step[j]
            level = climb(s, rows, k, classes, True)
        best = level
    else:
        return NOT_CONVERGED
    for j in range(size):
        s.drawn[j] = normal(g)
    solve_upper(s.info, s.drawn, size)
    for j in range(size):
        s.drawn[j] += s.beta[j]
    return DONE


cdef double category(
    Chain* s, word* g, const double* z, Py_ssize_t k, Py_ssize_t classes
) noexcept nogil:
    """A class drawn with the risks that the drawn coefficients give."""
    cdef double u = uniform(g), total = 0.0
    cdef Py_ssize_t c
    classify(s, z, s.drawn, k, classes)
    for c in range(classes - 1):
        total += s.risk[c]
        if u < total:
            return <double>s.active[c]
    return <double>s.active[classes - 1]


cdef Py_ssize_t classes_seen(
    Chain* s, Py_ssize_t seen, double total, Py_ssize_t levels
) noexcept nogil:
    """Levels that occur among the observed rows, their shares, and the rows' codes renumbered."""
    cdef Py_ssize_t i, c, count = 0
    cdef double share
    for c in range(levels):
        share = 0.0
        for i in range(seen):
            if <Py_ssize_t>s.y[i] == c:
                share += s.w[i]
                s.code[i] = count
        if share > 0.0:
            s.active[count] = c
            s.share[count] = share / total
            count += 1
    return count
