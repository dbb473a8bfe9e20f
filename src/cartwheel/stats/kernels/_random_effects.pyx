"""Between-study variance and pooled coefficients of a random-effects meta-(regression).

With w = 1 / (v + tau2), W their diagonal, M = (X'WX)^-1 and P = W - W X M X' W, the residuals r of
the weighted regression give Wr = Py, and

    y'Py = sum w r2,   y'PPy = sum w2 r2,   y'PPPy = sum w3 r2 - c'Mc,   c = X'W2r
    tr P = sum w - tr(M X'W2X),   tr PP = sum w2 - 2 tr(M X'W3X) + tr(M X'W2X M X'W2X)

so nothing of the size k by k is ever built. The (restricted) likelihood is stationary where
y'PPy = sum w (tr P). The sign of that score on a grid of tau2 brackets every maximum; each is
polished by Newton's steps on sum w / y'PPy - 1, which is straight in tau2 if all v are equal, and
the highest wins. Paule-Mandel and Q-profile solve y'Py = target by Newton on its reciprocal.
"""

from libc.math cimport ceil, fabs, fmax, fmin, log, pow
from libc.stdlib cimport calloc, free

from cartwheel.stats.kernels._dense cimport factorise_dense, solve_dense

# less of a column is left than this after the columns before it: collinear
cdef double SINGULAR = 1e-13
# a Newton step of this share of tau2 leaves an error of its square; below the second, rounding rules
cdef double NEAR = 1e-8
cdef double ROUNDING = 1e-15
cdef int MOST = 200
# neighbours on the grid of tau2 differ by this factor, more only where variances span decades
cdef double STRIDE = 3.0
cdef int GRID = 30


cdef int allocate(Studies *s, Py_ssize_t k, Py_ssize_t p, bint plain) noexcept nogil:
    """One block of memory for everything; 0 when there is none."""
    cdef double *at = <double *>calloc(k * (3 + p) + 6 * p * p + 3 * p, sizeof(double))
    if at == NULL:
        return 0
    s.memory, s.k, s.p, s.plain, s.evaluations = at, k, p, plain, 0
    s.y = at
    s.v = s.y + k
    s.w = s.v + k
    s.x = s.w + k
    s.information = s.x + k * p
    s.factor = s.information + p * p
    s.inverse = s.factor + p * p
    s.second = s.inverse + p * p
    s.third = s.second + p * p
    s.product = s.third + p * p
    s.right = s.product + p * p
    s.coef = s.right + p
    s.pull = s.coef + p
    return 1


cdef void release(Studies *s) noexcept nogil:
    free(s.memory)


cdef void weigh(Studies *s, double tau2) noexcept nogil:
    """Weights for a between-study variance."""
    cdef Py_ssize_t i
    for i in range(s.k):
        s.w[i] = 1.0 / (s.v[i] + tau2)


cdef int regress_plain(Studies *s) noexcept nogil:
    cdef Py_ssize_t i
    cdef double a = 0.0, b = 0.0, w2 = 0.0, w3 = 0.0, w, r, wr, c = 0.0
    for i in range(s.k):
        w = s.w[i]
        a += w
        b += w * s.y[i]
        w2 += w * w
        w3 += w * w * w
    b /= a
    s.q1 = s.q2 = s.q3 = 0.0
    for i in range(s.k):
        w = s.w[i]
        r = s.y[i] - b
        wr = w * r
        s.q1 += wr * r
        s.q2 += wr * wr
        s.q3 += w * wr * wr
        c += w * wr
    s.q3 -= c * c / a
    s.coef[0], s.information[0], s.inverse[0] = b, a, 1.0 / a
    s.sum_w, s.sum_w2 = a, w2
    s.trace = a - w2 / a
    s.trace_squared = w2 - 2.0 * w3 / a + (w2 / a) * (w2 / a)
    return DONE


cdef int invert(Studies *s) noexcept nogil:
    """Inverse of the information, whose lower half is filled; COLLINEAR where there is none."""
    cdef Py_ssize_t i, j, p = s.p
    if factorise_dense(s.information, s.factor, p, p, SINGULAR) >= 0:
        return COLLINEAR
    for j in range(p):
        for i in range(p):
            s.product[i] = 1.0 if i == j else 0.0
        solve_dense(s.factor, s.product, s.inverse + j * p, p, p)
    return DONE


cdef double trace_of_product(const double *a, const double *b, Py_ssize_t p) noexcept nogil:
    """Trace of a b, both symmetric, b by its lower half."""
    cdef Py_ssize_t i, j
    cdef double total = 0.0
    for i in range(p):
        total += a[i * p + i] * b[i * p + i]
        for j in range(i):
            total += 2.0 * a[i * p + j] * b[i * p + j]
    return total


cdef double trace_of_square(Studies *s, const double *b) noexcept nogil:
    """Trace of (M b)(M b), b by its lower half."""
    cdef Py_ssize_t i, j, h, p = s.p
    cdef double total = 0.0
    for i in range(p):
        for j in range(p):
            s.product[i * p + j] = 0.0
            for h in range(p):
                s.product[i * p + j] += s.inverse[i * p + h] * (
                    b[h * p + j] if j <= h else b[j * p + h]
                )
    for i in range(p):
        for j in range(p):
            total += s.product[i * p + j] * s.product[j * p + i]
    return total


cdef int regress(Studies *s) noexcept nogil:
    """Weighted regression and all its sums, at the weights that stand."""
    cdef Py_ssize_t i, a, b, p = s.p
    cdef double w, r, wr, xa, part
    s.evaluations += 1
    if s.plain:
        return regress_plain(s)
    for a in range(p * p):
        s.information[a] = s.second[a] = s.third[a] = 0.0
    for a in range(p):
        s.right[a] = s.pull[a] = 0.0
    s.sum_w = s.sum_w2 = 0.0
    for i in range(s.k):
        w = s.w[i]
        s.sum_w += w
        s.sum_w2 += w * w
        for a in range(p):
            xa = w * s.x[i * p + a]
            s.right[a] += xa * s.y[i]
            for b in range(a + 1):
                part = xa * s.x[i * p + b]
                s.information[a * p + b] += part
                s.second[a * p + b] += w * part
                s.third[a * p + b] += w * w * part
    if invert(s) != DONE:
        return COLLINEAR
    solve_dense(s.factor, s.right, s.coef, p, p)
    s.q1 = s.q2 = s.q3 = 0.0
    for i in range(s.k):
        w = s.w[i]
        r = s.y[i]
        for a in range(p):
            r -= s.x[i * p + a] * s.coef[a]
        wr = w * r
        s.q1 += wr * r
        s.q2 += wr * wr
        s.q3 += w * wr * wr
        for a in range(p):
            s.pull[a] += w * wr * s.x[i * p + a]
    solve_dense(s.factor, s.pull, s.right, p, p)
    for a in range(p):
        s.q3 -= s.pull[a] * s.right[a]
    s.trace = s.sum_w - trace_of_product(s.inverse, s.second, p)
    s.trace_squared = (
        s.sum_w2 - 2.0 * trace_of_product(s.inverse, s.third, p) + trace_of_square(s, s.second)
    )
    return DONE


cdef double spread(const Studies *s) noexcept nogil:
    """Mean squared deviation of the effects from their plain mean."""
    cdef Py_ssize_t i
    cdef double mean = 0.0, total = 0.0
    for i in range(s.k):
        mean += s.y[i] / s.k
    for i in range(s.k):
        total += (s.y[i] - mean) * (s.y[i] - mean) / s.k
    return total


cdef double log_variances(const Studies *s, double tau2) noexcept nogil:
    """Sum of log(v + tau2)."""
    cdef Py_ssize_t i
    cdef double total = 0.0
    for i in range(s.k):
        total += log(s.v[i] + tau2)
    return total


cdef double log_determinant(const Studies *s) noexcept nogil:
    """Of the information."""
    cdef Py_ssize_t a
    cdef double total = 0.0
    if s.plain:
        return log(s.information[0])
    for a in range(s.p):
        total += 2.0 * log(s.factor[a * s.p + a])
    return total


cdef double score(Studies *s, double tau2, bint restricted) noexcept nogil:
    """Twice the slope of the (restricted) likelihood."""
    weigh(s, tau2)
    regress(s)
    return s.q2 - (s.trace if restricted else s.sum_w)


cdef double height(Studies *s, double tau2, bint restricted) noexcept nogil:
    """The (restricted) likelihood but for a constant, times two."""
    weigh(s, tau2)
    regress(s)
    return -log_variances(s, tau2) - s.q1 - (log_determinant(s) if restricted else 0.0)


cdef double polish(
    Studies *s, double low, double high, bint restricted, int *status
) noexcept nogil:
    """Maximum between two values of tau2 where the score is above and not above nought."""
    cdef double t = 0.5 * (low + high), step, up, expected, bend, typical
    cdef int turn
    for turn in range(MOST):
        up = score(s, t, restricted)
        if up > 0.0:
            low = t
        else:
            high = t
        expected, typical = s.trace if restricted else s.sum_w, s.k / s.sum_w
        bend = 2.0 * expected * s.q3 - (s.trace_squared if restricted else s.sum_w2) * s.q2
        step = up * s.q2 / bend if bend > 0.0 else 0.0
        if bend > 0.0 and low <= t + step <= high:
            t += step
            if fabs(step) <= fmax(NEAR * t, ROUNDING * typical):
                return t
        else:
            t = 0.5 * (low + high)
        if high - low <= ROUNDING * typical:
            return t
    status[0] = NOT_CONVERGED
    return t


cdef double most_likely(Studies *s, bint restricted, int *status) noexcept nogil:
    """The highest of all maxima of the (restricted) likelihood over tau2 >= 0."""
    cdef Py_ssize_t i
    cdef int found = 0, turn = 0
    cdef double least = s.v[0], most = spread(s), stride, low, high, up, best = 0.0, top = 0.0
    cdef double other, rival
    for i in range(s.k):
        least, most = fmin(least, s.v[i]), fmax(most, s.v[i])
    stride = fmax(STRIDE, pow(16.0 * most / least, 1.0 / GRID))
    low, up = 0.0, score(s, 0.0, restricted)
    if not up > 0.0:
        found = 1
    high = 0.125 * least
    # beyond `most` only on, until the score is below nought for good
    while turn < 2 * MOST and (up > 0.0 or low < 2.0 * most):
        turn += 1
        rival = score(s, high, restricted)
        if up > 0.0 and not rival > 0.0:
            other = polish(s, low, high, restricted, status)
            if found:
                if found == 1:
                    top = height(s, best, restricted)
                rival = height(s, other, restricted)
                if rival > top:
                    best, top = other, rival
            else:
                best = other
            found += 1
            up = -1.0
        else:
            up = rival
        low, high = high, high * stride
    if not found:
        status[0] = NOT_CONVERGED
    return best


cdef double where_q_is(Studies *s, double target, int *status) noexcept nogil:
    """The tau2 >= 0 at which y'Py falls to a target; 0 where it never is as high."""
    cdef double t = 0.0, step
    cdef int turn
    for turn in range(MOST):
        weigh(s, t)
        regress(s)
        if turn == 0 and not s.q1 > target:
            return 0.0
        # d(1/Q)/dt = y'PPy / Q2, which grows no faster: the steps come from below
        step = s.q1 * (s.q1 / target - 1.0) / s.q2
        t = fmax(t + step, 0.0)
        if fabs(step) <= fmax(NEAR * t, ROUNDING * s.k / s.sum_w):
            return t
    status[0] = NOT_CONVERGED
    return t


cdef double leverage(const Studies *s, Py_ssize_t i) noexcept nogil:
    """x_i' M x_i."""
    cdef Py_ssize_t a, b, p = s.p
    cdef double total = 0.0
    if s.plain:
        return s.inverse[0]
    for a in range(p):
        for b in range(p):
            total += s.x[i * p + a] * s.inverse[a * p + b] * s.x[i * p + b]
    return total


cdef int heterogeneity(Studies *s, int method, double crude, Fit *fit) noexcept nogil:
    """Estimate tau2; leaves the weights and sums at that estimate.

    ``crude`` is the starting variance of SJ, taken from the effects where negative.
    """
    cdef Py_ssize_t i, df = s.k - s.p
    cdef double total = 0.0
    s.evaluations = 0
    fit.status, fit.tau2, fit.crude = DONE, 0.0, crude
    weigh(s, 0.0)
    if regress(s) != DONE:
        fit.status = COLLINEAR
        return COLLINEAR
    fit.q, fit.trace = s.q1, s.trace
    if df <= 0:
        fit.q = fit.trace = 0.0
        return DONE
    if method == DL:
        fit.tau2 = (s.q1 - df) / s.trace
    elif method == HS:
        fit.tau2 = (s.q1 - s.k) / s.sum_w
    elif method == HE:
        for i in range(s.k):
            s.w[i] = 1.0
        regress(s)
        total = s.q1  # less tr(PV)
        for i in range(s.k):
            total -= s.v[i] * (1.0 - leverage(s, i))
        fit.tau2 = total / df
    elif method == SJ:
        fit.crude = spread(s) if crude < 0.0 else crude
        weigh(s, fit.crude)
        regress(s)
        fit.tau2 = fit.crude * s.q1 / df
    elif method == PM or method == EB:
        fit.tau2 = where_q_is(s, df, &fit.status)
    elif method == ML or method == REML:
        fit.tau2 = most_likely(s, method == REML, &fit.status)
    fit.tau2 = fmax(fit.tau2, 0.0)
    weigh(s, fit.tau2)
    regress(s)
    return fit.status
