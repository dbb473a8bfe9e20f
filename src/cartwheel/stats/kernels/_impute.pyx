"""Chained equations: predictive mean matching and categorical draws, one imputation after another.

Every design column is standardised by the caller. A variable is imputed from the design columns
of the others, among the rows that are present (multiplicity > 0) and observed; rows that are absent
are imputed by the same models and teach them nothing, as ``ignore`` in R's mice does.
"""

from libc.math cimport exp, fabs, isfinite, log, sqrt
from libc.stdint cimport int64_t, uint8_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from cartwheel.stats.kernels._impute_draw cimport (
    Keyed,
    below,
    chi_square,
    factor,
    lower,
    normal,
    shuffle,
    solve_lower,
    solve_upper,
    sort,
    uniform,
    word,
)

# share of a column's sum of squares that is added to it (van Buuren's ridge)
cdef double RIDGE = 1e-5
cdef int MOST = 50
cdef int HALVINGS = 30
# half a standard deviation either side, where the augmenting rows stand
cdef double AWAY = 0.5

cdef enum:
    DONE = 0
    NO_MEMORY = 1
    TOO_FEW = 2
    NOT_CONVERGED = 3
    NOBODY_OBSERVED = 4


cdef struct Chain:
    Py_ssize_t n          # rows
    Py_ssize_t d          # design columns
    Py_ssize_t most       # parameters of the largest model
    Py_ssize_t classes    # levels of the largest category
    double* x             # (n, d) standardised, completed as the chain runs
    double* z             # (n + 2 d, d + 1) rows of the model at hand
    double* w             # (n + 2 d,) their weights
    double* y             # (n,) standardised target
    Py_ssize_t* code      # (n + 2 d,) class of each row, -1 for an augmenting row
    Py_ssize_t* row       # (n,) which patient
    Py_ssize_t* pred      # (d,)
    Keyed* keyed          # (n,)
    double* info          # (most, most)
    double* beta
    double* drawn
    double* score
    double* step
    double* old
    double* spare
    double* share         # (classes,)
    double* risk          # (classes,)
    double* buffer        # (d + 1,)
    char* holds           # (n,) 1 where the variable at hand is missing
    Py_ssize_t* active    # (classes,) levels that occur


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


cdef inline double against(const double* a, const double* b, Py_ssize_t k) noexcept nogil:
    cdef double total = 0.0
    cdef Py_ssize_t j
    for j in range(k):
        total += a[j] * b[j]
    return total


cdef Py_ssize_t gather(Chain* s, Py_ssize_t i, double* out, Py_ssize_t p) noexcept nogil:
    """Row i of the model: 1 and its predictors."""
    cdef Py_ssize_t j
    cdef const double* x = s.x + i * s.d
    out[0] = 1.0
    for j in range(p):
        out[j + 1] = x[s.pred[j]]
    return p + 1


cdef void fill(
    Chain* s, Py_ssize_t row, double value, Py_ssize_t variable, int64_t levels,
    const int64_t[::1] first, const double[::1] centre, const double[::1] scale,
) noexcept nogil:
    """Write an imputed value into the design columns of its variable."""
    cdef Py_ssize_t c, start = first[variable]
    cdef double shown
    if levels == 0:
        s.x[row * s.d + start] = (value - centre[start]) / scale[start]
        return
    for c in range(levels - 1):
        shown = 1.0 if <Py_ssize_t>value == c + 1 else 0.0
        s.x[row * s.d + start + c] = (shown - centre[start + c]) / scale[start + c]


cdef double matched(
    Chain* s, word* g, double target, Py_ssize_t seen, double total, Py_ssize_t donors,
    const double[:, ::1] values, Py_ssize_t variable,
) noexcept nogil:
    """Value of one of the nearest donors; a donor that stands k times takes k places."""
    cdef Py_ssize_t right = lower(s.keyed, seen, target), left = right - 1, place
    cdef double pool = <double>donors if total > donors else total
    cdef double wanted = <double>below(g, <Py_ssize_t>pool), counted = 0.0
    cdef double under, over
    while True:
        if left < 0:
            place = right
        elif right >= seen:
            place = left
        else:
            under = target - s.keyed[left].key
            over = s.keyed[right].key - target
            place = left if under < over or (under == over and uniform(g) < 0.5) else right
        counted += s.w[s.keyed[place].row]
        if counted > wanted or (left < 0 and right >= seen - 1) or (right >= seen and left <= 0):
            return values[s.row[s.keyed[place].row], variable]
        if place == left:
            left -= 1
        else:
            right += 1


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


cdef double category(Chain* s, word* g, const double* z, Py_ssize_t k, Py_ssize_t classes) \
        noexcept nogil:
    """A class drawn with the risks that the drawn coefficients give."""
    cdef double u = uniform(g), total = 0.0
    cdef Py_ssize_t c
    classify(s, z, s.drawn, k, classes)
    for c in range(classes - 1):
        total += s.risk[c]
        if u < total:
            return <double>s.active[c]
    return <double>s.active[classes - 1]


cdef Py_ssize_t classes_seen(Chain* s, Py_ssize_t seen, double total, int64_t levels) noexcept nogil:
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


cdef int visit(
    Chain* s, word* g, Py_ssize_t v, int64_t levels, Py_ssize_t donors, bint starting,
    const double[:, ::1] values, const double* m, const uint8_t[:, ::1] used,
    const int64_t[::1] first, const double[::1] centre, const double[::1] scale,
    const int64_t[::1] missing, Py_ssize_t begin, Py_ssize_t end, double* imputed,
) noexcept nogil:
    """Impute one variable once; at the start by values drawn from those observed."""
    cdef Py_ssize_t i, t, p = 0, k, seen = 0, classes = 0
    cdef double total = 0.0, wanted
    cdef int status
    memset(s.holds, 0, s.n)
    for t in range(begin, end):
        s.holds[missing[t]] = 1
    for i in range(s.d):
        if used[v, i]:
            s.pred[p] = i
            p += 1
    k = p + 1
    for i in range(s.n):
        if s.holds[i] or (m != NULL and m[i] <= 0.0):
            continue
        s.w[seen] = 1.0 if m == NULL else m[i]
        s.row[seen] = i
        s.y[seen] = values[i, v] if levels > 0 else s.x[i * s.d + first[v]]
        if not starting:
            gather(s, i, s.z + seen * k, p)
        total += s.w[seen]
        seen += 1
    if seen == 0:
        return NOBODY_OBSERVED
    if starting:
        for t in range(begin, end):
            wanted = uniform(g) * total
            i = 0
            while i < seen - 1 and wanted >= s.w[i]:
                wanted -= s.w[i]
                i += 1
            imputed[t] = values[s.row[i], v]
            fill(s, missing[t], imputed[t], v, levels, first, centre, scale)
        return DONE
    if levels == 0:
        if total <= k:
            return TOO_FEW
        status = regress(s, g, seen, total, k)
        if status != DONE:
            return status
        shuffle(g, s.keyed, seen)
        sort(s.keyed, seen)
    else:
        classes = classes_seen(s, seen, total, levels)
        if classes > 1:
            status = multinomial(s, g, seen, total, p, classes)
            if status != DONE:
                return status
    for t in range(begin, end):
        gather(s, missing[t], s.buffer, p)
        if levels == 0:
            imputed[t] = matched(
                s, g, against(s.buffer, s.drawn, k), seen, total, donors, values, v
            )
        elif classes > 1:
            imputed[t] = category(s, g, s.buffer, k, classes)
        else:
            imputed[t] = <double>s.active[0]
        fill(s, missing[t], imputed[t], v, levels, first, centre, scale)
    return DONE


cdef void describe(
    const double* imputed, const double* m, const int64_t[::1] missing, Py_ssize_t begin,
    Py_ssize_t end, double* mean, double* variance,
) noexcept nogil:
    """Mean and variance of a variable's imputed values among those present; 0 if there are none."""
    cdef Py_ssize_t t
    cdef double w, total = 0.0, middle = 0.0, spread = 0.0
    for t in range(begin, end):
        w = 1.0 if m == NULL else m[missing[t]]
        total += w
        middle += w * imputed[t]
    middle = middle / total if total > 0.0 else 0.0
    for t in range(begin, end):
        w = 1.0 if m == NULL else m[missing[t]]
        spread += w * (imputed[t] - middle) * (imputed[t] - middle)
    mean[0] = middle
    variance[0] = spread / (total - 1.0) if total > 1.0 else 0.0


def chain(
    const double[:, ::1] values, const double[:, ::1] design, const double[::1] multiplicity,
    const int64_t[::1] order, const int64_t[::1] levels, const int64_t[::1] first,
    const uint8_t[:, ::1] used, const double[::1] centre, const double[::1] scale,
    const int64_t[::1] missing, const int64_t[::1] begin, Py_ssize_t iterations, Py_ssize_t donors,
    word[:, ::1] state, double[:, ::1] imputed, double[:, :, ::1] mean,
    double[:, :, ::1] variance,
):
    """Run one chain for each row of ``state``: (status, variable at fault or -1)."""
    cdef Chain s
    cdef Py_ssize_t b, j, v, turn, most = 1, wide
    cdef int status = DONE
    cdef Py_ssize_t culprit = -1
    cdef const double* m = NULL
    cdef word* g
    if multiplicity is not None:
        m = &multiplicity[0]
    s.n = values.shape[0]
    s.d = design.shape[1]
    s.classes = 2
    for j in range(order.shape[0]):
        v = order[j]
        if levels[v] > s.classes:
            s.classes = levels[v]
        wide = (s.d + 1) * (levels[v] - 1 if levels[v] > 2 else 1)
        if wide > most:
            most = wide
    s.most = most
    with nogil:
        status = reserve(&s)
        for b in range(state.shape[0] if status == DONE else 0):
            g = &state[b, 0]
            memcpy(s.x, &design[0, 0], sizeof(double) * s.n * s.d)
            for turn in range(-1, iterations):
                for j in range(order.shape[0]):
                    v = order[j]
                    status = visit(
                        &s, g, v, levels[v], donors, turn < 0, values, m, used, first, centre,
                        scale, missing, begin[v], begin[v + 1], &imputed[b, 0],
                    )
                    if status != DONE:
                        culprit = v
                        break
                    if turn >= 0:
                        describe(
                            &imputed[b, 0], m, missing, begin[v], begin[v + 1],
                            &mean[b, turn, v], &variance[b, turn, v],
                        )
                if status != DONE:
                    break
            if status != DONE:
                break
        release(&s)
    return status, culprit
