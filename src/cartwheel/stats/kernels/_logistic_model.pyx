"""The logistic model in memory: standardised rows, likelihood, score and information.

The columns are centred and divided by their standard deviation once, stored one after the other,
and rows that do not occur in the resample are dropped; everything then runs without the GIL on
memory that belongs to the call alone. With w = p(1 - p), m the multiplicity and
I = sum m w x x', Firth's score is sum m (y - p + h (1/2 - p)) x, where h = w x' I^-1 x is the
leverage of ONE copy of a row, and steps are taken with the information of the augmented data,
sum m w (1 + h) x x'.
"""

from libc.math cimport exp, fabs, isfinite, log, log1p, sqrt
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

# A pivot below this share of its diagonal is a column that the others determine.
cdef double SINGULAR = 1e-11


cdef void release(Model* s) noexcept nogil:
    free(s.memory)
    free(s.held)
    s.memory = NULL
    s.held = NULL


cdef int reserve(Model* s, Py_ssize_t n, Py_ssize_t k) noexcept nogil:
    """One block of memory for everything; 0 if there is none."""
    cdef double* at
    s.memory = <double*>malloc(
        sizeof(double) * (n * (2 * k + 8) + 5 * k * k + (9 + 2 * MEMORY) * k + 1)
    )
    s.held = <char*>malloc(k + 1)
    if s.memory == NULL or s.held == NULL:
        release(s)
        return 0
    memset(s.held, 0, k + 1)
    s.n = n
    s.k = k
    at = s.memory
    s.x = at
    s.v = s.x + n * k
    s.y = s.v + n * k
    s.m = s.y + n
    s.offset = s.m + n
    s.eta = s.offset + n
    s.mw = s.eta + n
    s.pull = s.mw + n
    s.h = s.pull + n
    s.product = s.h + n
    s.info = s.product + n
    s.chol = s.info + k * k
    s.aug = s.chol + k * k
    s.sub = s.aug + k * k
    s.exact = s.sub + k * k
    s.mean = s.exact + k * k
    s.sd = s.mean + k
    s.score = s.sd + k
    s.beta = s.score + k
    s.old = s.beta + k
    s.step = s.old + k
    s.tangent = s.step + k
    s.rhs = s.tangent + k
    s.previous = s.rhs + k
    s.moved = s.previous + k
    s.changed = s.moved + MEMORY * k
    return 1


cdef int load(
    Model* s, const double[:, :] x, const Py_ssize_t* columns, Py_ssize_t p,
    const double[::1] event, const double* multiplicity, const double* offset, bint firth,
) noexcept nogil:
    """Copy the rows that occur and standardise the columns. Returns a status."""
    cdef Py_ssize_t i, j, c, n = 0, rows = event.shape[0]
    cdef double total = 0.0, events = 0.0, first, value, largest, away, mean, sd
    cdef double* column
    s.memory = NULL
    s.held = NULL
    s.culprit = -1
    for i in range(rows):
        if multiplicity == NULL or multiplicity[i] > 0.0:
            n += 1
    if not reserve(s, n, p + 1):
        return NO_MEMORY
    s.firth = firth
    s.has_offset = offset != NULL
    s.weighted = multiplicity != NULL
    s.log_scale = 0.0
    n = 0
    for i in range(rows):
        value = 1.0 if multiplicity == NULL else multiplicity[i]
        if value > 0.0:
            s.m[n] = value
            s.y[n] = event[i]
            s.x[n] = 1.0
            s.offset[n] = offset[i] if s.has_offset else 0.0
            total += value
            events += value * event[i]
            n += 1
    s.total = total
    s.events = events
    s.mean[0] = 0.0
    s.sd[0] = 1.0
    if not (events > 0.0 and events < total):
        return ONE_CLASS
    for j in range(1, p + 1):
        c = columns[j - 1]
        column = s.x + j * s.n
        n = 0
        for i in range(rows):
            if multiplicity == NULL or multiplicity[i] > 0.0:
                column[n] = x[i, c]
                n += 1
        first = column[0]
        largest = fabs(first)
        away = 0.0
        mean = 0.0
        for i in range(n):
            largest = max(largest, fabs(column[i]))
            column[i] -= first
            away = max(away, fabs(column[i]))
            mean += s.m[i] * column[i]
        if away <= 1e-14 * largest:
            s.culprit = j - 1
            return CONSTANT
        mean /= total
        sd = 0.0
        for i in range(n):
            column[i] -= mean
            sd += s.m[i] * column[i] * column[i]
        sd = sqrt(sd / total)
        for i in range(n):
            column[i] /= sd
        s.mean[j] = first + mean
        s.sd[j] = sd
        s.log_scale += log(sd)
    return DONE


cdef double dot(const double* a, const double* b, Py_ssize_t n) noexcept nogil:
    cdef double s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0
    cdef Py_ssize_t i = 0, whole = n - n % 4
    while i < whole:
        s0 += a[i] * b[i]
        s1 += a[i + 1] * b[i + 1]
        s2 += a[i + 2] * b[i + 2]
        s3 += a[i + 3] * b[i + 3]
        i += 4
    while i < n:
        s0 += a[i] * b[i]
        i += 1
    return (s0 + s1) + (s2 + s3)


cdef void cross(Model* s, const double* weight, double* out) noexcept nogil:
    """out = X' diag(weight) X, lower triangle."""
    cdef Py_ssize_t i, j, l, n = s.n, k = s.k
    cdef double* column
    for j in range(k):
        column = s.x + j * n
        for i in range(n):
            s.product[i] = weight[i] * column[i]
        for l in range(j + 1):
            out[j * k + l] = dot(s.product, s.x + l * n, n)


cdef Py_ssize_t cholesky(double* a, Py_ssize_t k) noexcept nogil:
    """Lower factor in place; returns the first column that fails, or -1."""
    cdef Py_ssize_t i, j, l
    cdef double total, diagonal
    for j in range(k):
        diagonal = a[j * k + j]
        total = diagonal
        for l in range(j):
            total -= a[j * k + l] * a[j * k + l]
        if not (total > SINGULAR * diagonal and isfinite(total)):
            return j
        total = sqrt(total)
        a[j * k + j] = total
        for i in range(j + 1, k):
            diagonal = a[i * k + j]
            for l in range(j):
                diagonal -= a[i * k + l] * a[j * k + l]
            a[i * k + j] = diagonal / total
    return -1


cdef void solve(const double* chol, double* b, Py_ssize_t k) noexcept nogil:
    cdef Py_ssize_t i, l
    for i in range(k):
        for l in range(i):
            b[i] -= chol[i * k + l] * b[l]
        b[i] /= chol[i * k + i]
    for i in range(k - 1, -1, -1):
        for l in range(i + 1, k):
            b[i] -= chol[l * k + i] * b[l]
        b[i] /= chol[i * k + i]


cdef void probabilities(Model* s) noexcept nogil:
    """Linear predictor, weights, residuals and the plain log-likelihood."""
    cdef Py_ssize_t i, j, c, n = s.n
    cdef double b, a, e, r, p, m, share = 1.0, total = 0.0
    cdef double* column
    memcpy(s.eta, s.offset, sizeof(double) * n)
    for j in range(s.k):
        b = s.beta[j]
        if b == 0.0:
            continue
        column = s.x + j * n
        for i in range(n):
            s.eta[i] += b * column[i]
    for i in range(n):
        a = s.eta[i]
        m = s.m[i]
        e = exp(-fabs(a))
        r = 1.0 / (1.0 + e)
        p = r if a >= 0.0 else e * r
        s.mw[i] = m * e * r * r
        s.pull[i] = m * (s.y[i] - p)
        s.h[i] = 0.5 - p
        total += m * (s.y[i] * a - (a if a > 0.0 else 0.0))
        # the logarithms are taken of products of many factors: one call instead of many
        if m == 1.0:
            share *= 1.0 + e
        elif m == 2.0:
            share *= (1.0 + e) * (1.0 + e)
        else:
            total -= m * log1p(e)
        if share > 1e250:
            total -= log(share)
            share = 1.0
    s.log_likelihood = total - log(share)


cdef int evaluate(Model* s) noexcept nogil:
    """Likelihood, score and information at s.beta; 0 where the information is singular."""
    cdef Py_ssize_t i, j, l, n = s.n, k = s.k
    cdef double logdet = 0.0, d, leverage
    cdef double* column
    cdef double* row
    probabilities(s)
    cross(s, s.mw, s.info)
    if not s.firth:
        for j in range(k):
            s.score[j] = dot(s.pull, s.x + j * n, n)
        memcpy(s.aug, s.info, sizeof(double) * k * k)
        return isfinite(s.log_likelihood)
    memcpy(s.chol, s.info, sizeof(double) * k * k)
    j = cholesky(s.chol, k)
    if j >= 0:
        s.culprit = j - 1
        return 0
    # v = L^-1 x for all rows at once, column after column; product gathers its square length
    for j in range(k):
        row = s.v + j * n
        memcpy(row, s.x + j * n, sizeof(double) * n)
        for l in range(j):
            d = s.chol[j * k + l]
            column = s.v + l * n
            for i in range(n):
                row[i] -= d * column[i]
        d = s.chol[j * k + j]
        logdet += log(d)
        d = 1.0 / d
        if j == 0:
            for i in range(n):
                row[i] *= d
                s.product[i] = row[i] * row[i]
        else:
            for i in range(n):
                row[i] *= d
                s.product[i] += row[i] * row[i]
    for i in range(n):
        # mw / m would be the weight of one copy; m times its leverage is mw times the square
        leverage = s.mw[i] * s.product[i]
        s.pull[i] += leverage * s.h[i]
        s.h[i] = s.mw[i] * (1.0 + leverage / s.m[i])
    for j in range(k):
        s.score[j] = dot(s.pull, s.x + j * n, n)
    cross(s, s.h, s.aug)
    # log det on the original scale of the columns, as logistf reports it
    s.log_likelihood += logdet + s.log_scale
    return isfinite(s.log_likelihood)


cdef const double* pointer(const double[::1] view) noexcept nogil:
    return &view[0] if view is not None and view.shape[0] > 0 else NULL
