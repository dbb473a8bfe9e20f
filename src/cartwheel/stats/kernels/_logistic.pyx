"""Logistic regression by maximum likelihood and by Firth's penalised likelihood: the climb."""

from libc.math cimport fabs, isfinite, log, log1p, sqrt
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from cartwheel.stats.kernels._logistic_model cimport (
    COLLINEAR,
    DONE,
    MEMORY,
    NOT_CONVERGED,
    Model,
    cholesky,
    dot,
    evaluate,
    load,
    pointer,
    release,
    solve,
)

import numpy as np

from cartwheel.errors import NotEstimable, refuse

# Longest step in standard deviations of a column: a first step from far away must not overshoot.
cdef double LONGEST = 5.0
cdef int HALVINGS = 30
# A mixed step is at most this many times as long as the plain one.
cdef double FARTHEST = 3.0
cdef int MOST = 100
cdef int MOST_PLAIN = 45
# Evaluations after which Firth's steps are taken with the exact curvature.
cdef int PATIENCE = 25
# Where classes overlap at all, two rows or more cost log 2 each: far below this.
cdef double SEPARATED = -1e-6


cdef Py_ssize_t factor_free(Model* s) noexcept nogil:
    """Cholesky factor of the information of the columns that are not held."""
    cdef Py_ssize_t j, l, a = 0, b, k = s.k, f = 0
    for j in range(k):
        if not s.held[j]:
            f += 1
    for j in range(k):
        if s.held[j]:
            continue
        b = 0
        for l in range(j + 1):
            if not s.held[l]:
                s.sub[a * f + b] = s.aug[j * k + l]
                b += 1
        a += 1
    b = cholesky(s.sub, f)
    if b >= 0:
        s.culprit = b - 1
        return -1
    return f


cdef void solve_free(Model* s, const double* right, double* out, Py_ssize_t f) noexcept nogil:
    """out = (information of the free columns)^-1 right, zero where held."""
    cdef Py_ssize_t j, a = 0
    for j in range(s.k):
        if not s.held[j]:
            s.rhs[a] = right[j]
            a += 1
    solve(s.sub, s.rhs, f)
    a = 0
    for j in range(s.k):
        if s.held[j]:
            out[j] = 0.0
        else:
            out[j] = s.rhs[a]
            a += 1


cdef void accelerate(Model* s, int turn) noexcept nogil:
    """Anderson's mixing: use how earlier steps changed to jump nearer to where the step is 0.

    The augmented information is not the exact curvature of the penalised likelihood, so plain
    steps shrink by a constant factor; the last few steps tell that factor, direction by
    direction. s.step holds the plain step, s.rhs is working space.
    """
    cdef Py_ssize_t a, b, j, k = s.k
    cdef int have = turn if turn < MEMORY else MEMORY
    cdef double c, length
    cdef double* q
    cdef double* d
    # newest difference first, each made orthogonal to the newer ones
    for a in range(have - 1, 0, -1):
        memcpy(s.changed + a * k, s.changed + (a - 1) * k, sizeof(double) * k)
        memcpy(s.moved + a * k, s.moved + (a - 1) * k, sizeof(double) * k)
    for j in range(k):
        s.changed[j] = s.step[j] - s.previous[j]
        s.moved[j] = s.beta[j] - s.old[j]
        s.previous[j] = s.step[j]
    for a in range(have):
        q = s.changed + a * k
        d = s.moved + a * k
        for b in range(a):
            length = dot(s.changed + b * k, s.changed + b * k, k)
            if length > 0.0:
                c = dot(q, s.changed + b * k, k) / length
                for j in range(k):
                    q[j] -= c * s.changed[b * k + j]
                    d[j] -= c * s.moved[b * k + j]
        length = dot(q, q, k)
        if length < 1e-8 * dot(s.changed, s.changed, k):
            memset(q, 0, sizeof(double) * k)
            memset(d, 0, sizeof(double) * k)
            continue
        c = dot(s.previous, q, k) / length
        for j in range(k):
            s.step[j] -= c * (q[j] + d[j])
    # far from the top the factors are not to be trusted with a long jump
    length = sqrt(dot(s.step, s.step, k) / dot(s.previous, s.previous, k))
    if length > FARTHEST:
        for j in range(k):
            s.step[j] *= FARTHEST / length


cdef Py_ssize_t factor_exact(Model* s) noexcept nogil:
    """Factor the exact curvature of the penalised likelihood instead, by differences of its score.

    Costs two evaluations a column, so it is kept for the few fits that the augmented information
    leads too slowly. Falls back on that where the exact curvature is not that of a hill.
    """
    cdef Py_ssize_t j, l, f, k = s.k
    cdef double b, width = 1e-5
    for l in range(k):
        if s.held[l]:
            continue
        b = s.beta[l]
        s.beta[l] = b + width
        evaluate(s)
        memcpy(s.exact + l * k, s.score, sizeof(double) * k)
        s.beta[l] = b - width
        evaluate(s)
        for j in range(k):
            s.exact[l * k + j] = (s.score[j] - s.exact[l * k + j]) / (2.0 * width)
        s.beta[l] = b
    if not evaluate(s):
        return -1
    for j in range(k):
        for l in range(j + 1):
            b = s.aug[j * k + l]
            if not s.held[j] and not s.held[l]:
                s.aug[j * k + l] = 0.5 * (s.exact[j * k + l] + s.exact[l * k + j])
            s.exact[j * k + l] = b
    f = factor_free(s)
    memcpy(s.aug, s.exact, sizeof(double) * k * k)
    return f if f >= 0 else factor_free(s)


cdef int newton(Model* s, double tolerance, int* iterations) noexcept nogil:
    """Climb from s.beta over the free columns. Returns a status.

    A plain likelihood within SEPARATED of its ceiling, or information that vanishes on the way,
    means that the maximum lies at infinity.
    """
    cdef Py_ssize_t j, f, k = s.k
    cdef int turn, halvings = 0, ok, remembered = 0, most = MOST if s.firth else MOST_PLAIN
    cdef bint mixed = False
    cdef double best = 0.0, last = 0.0, gain, size, cap
    for turn in range(most):
        iterations[0] = turn + 1
        ok = evaluate(s)
        if turn == 0 and not ok:
            return COLLINEAR
        if turn > 0 and (not ok or s.log_likelihood < best - 1e-11 * (1.0 + fabs(best))):
            halvings += 1
            if halvings > HALVINGS:
                break
            for j in range(k):
                # a mixed step that fails is replaced by the plain one before any is halved
                s.step[j] = s.previous[j] if mixed else 0.5 * s.step[j]
                s.beta[j] = s.old[j] + s.step[j]
            mixed = False
            remembered = 0
            continue
        best = s.log_likelihood
        if not s.firth and best > SEPARATED:
            break
        f = factor_exact(s) if turn >= PATIENCE and s.firth else factor_free(s)
        if f < 0:
            if turn == 0:
                return COLLINEAR
            break
        solve_free(s, s.score, s.step, f)
        gain = dot(s.score, s.step, k)
        size = 0.0
        for j in range(k):
            size = max(size, fabs(s.step[j]))
        if not isfinite(size):
            break
        cap = LONGEST / size if size > LONGEST else 1.0
        for j in range(k):
            s.step[j] *= cap
        mixed = s.firth and size < 1.0 and remembered > 0 and turn < PATIENCE
        if mixed:
            accelerate(s, remembered)
        else:
            memcpy(s.previous, s.step, sizeof(double) * k)
        remembered = remembered + 1 if size < 1.0 else 0
        for j in range(k):
            s.old[j] = s.beta[j]
            s.beta[j] += s.step[j]
        if size <= tolerance:
            return DONE
        # exact steps that no longer shrink are as near as rounding lets them come
        if (
            (not s.firth or turn >= PATIENCE)
            and size < 1e-5
            and size > 0.3 * last
            and gain < 1e-13 * (1.0 + fabs(best))
        ):
            return DONE
        last = size
    s.log_likelihood = best
    return NOT_CONVERGED


cdef void begin(Model* s) noexcept nogil:
    """Start at the intercept alone."""
    cdef Py_ssize_t i
    cdef double shift = 0.0
    memset(s.beta, 0, sizeof(double) * s.k)
    if s.has_offset:
        for i in range(s.n):
            shift += s.m[i] * s.offset[i]
        shift /= s.total
    s.beta[0] = log(s.events / (s.total - s.events)) - shift


cdef double intercept_only(Model* s) noexcept nogil:
    """Plain log-likelihood of the intercept alone, without offset: in closed form."""
    cdef double p = s.events / s.total
    return s.events * log(p) + (s.total - s.events) * log1p(-p)


cdef void original_scale(Model* s, double* out) noexcept nogil:
    cdef Py_ssize_t j
    out[0] = s.beta[0]
    for j in range(1, s.k):
        out[j] = s.beta[j] / s.sd[j]
        out[0] -= out[j] * s.mean[j]


cdef int check_lengths(
    const double[:, :] x, const double[::1] event, const double[::1] multiplicity,
    const double[::1] offset,
) except -1:
    """Refuse arrays of different lengths: reading past an end is worse than an error."""
    cdef Py_ssize_t n = event.shape[0]
    if (
        x.shape[0] != n
        or (multiplicity is not None and multiplicity.shape[0] != n)
        or (offset is not None and offset.shape[0] != n)
    ):
        raise refuse(NotEstimable, "lengths_differ", "x, event and weights differ in length")
    return 0


cdef int copy_columns(object group, Py_ssize_t* columns, Py_ssize_t p) except -1:
    """Column numbers into columns; refuses one that is not there. Returns how many."""
    cdef Py_ssize_t count = 0, column
    for item in group:
        column = item
        if column < 0 or column >= p or count >= p:
            raise refuse(NotEstimable, "unknown_column", f"there is no column {column} in x")
        columns[count] = column
        count += 1
    return count


def fit(
    const double[:, :] x, const double[::1] event, const double[::1] multiplicity,
    const double[::1] offset, bint firth, double tolerance, held=(),
):
    """Fit once: (coefficients, log-likelihood, converged).

    ``held`` are columns of x whose coefficient stays 0; under Firth they stay in the penalty.
    Where nothing could be fitted the coefficients are 0 and converged is False.
    """
    check_lengths(x, event, multiplicity, offset)
    cdef Model s
    cdef Py_ssize_t j, p = x.shape[1]
    cdef int status, iterations = 0, count
    cdef double[::1] out = np.zeros(p + 1)
    cdef double level = 0.0
    cdef Py_ssize_t* columns = <Py_ssize_t*>malloc(sizeof(Py_ssize_t) * (2 * p + 1))
    if columns == NULL:
        raise MemoryError
    try:
        count = copy_columns(held, columns + p, p) if held else 0
        with nogil:
            for j in range(p):
                columns[j] = j
            status = load(
                &s, x, columns, p, event, pointer(multiplicity), pointer(offset), firth
            )
            if status == DONE:
                for j in range(count):
                    s.held[columns[p + j] + 1] = 1
                begin(&s)
                status = newton(&s, tolerance, &iterations)
                original_scale(&s, &out[0])
                level = s.log_likelihood
            release(&s)
    finally:
        free(columns)
    for j in range(p + 1):
        if not isfinite(out[j]):
            status = NOT_CONVERGED
            out[:] = 0.0
    return np.asarray(out), level, status == DONE


def ratio_tests(
    const double[:, :] x, const double[::1] event, const double[::1] multiplicity, bint firth,
    groups,
):
    """Likelihood-ratio chi-square of each group of columns alone against the intercept."""
    check_lengths(x, event, multiplicity, None)
    cdef Model s
    cdef Py_ssize_t g = 0, j, p, most = x.shape[1], count = len(groups)
    cdef int status, iterations = 0
    cdef double full, null
    cdef double[::1] out = np.zeros(count)
    cdef Py_ssize_t* columns = <Py_ssize_t*>malloc(sizeof(Py_ssize_t) * (most + 1))
    if columns == NULL:
        raise MemoryError
    try:
        for group in groups:
            p = copy_columns(group, columns, most)
            with nogil:
                status = load(&s, x, columns, p, event, pointer(multiplicity), NULL, firth)
                if status == DONE:
                    begin(&s)
                    # the likelihood is flat at its top: an error e in a coefficient costs e^2
                    status = newton(&s, 1e-6, &iterations)
                if status == DONE or status == NOT_CONVERGED:
                    full = s.log_likelihood
                    null = intercept_only(&s)
                    if firth:
                        begin(&s)
                        for j in range(1, s.k):
                            s.held[j] = 1
                        newton(&s, 1e-6, &iterations)
                        null = s.log_likelihood
                    out[g] = max(0.0, 2.0 * (full - null))
                release(&s)
            g += 1
    finally:
        free(columns)
    return np.asarray(out)
