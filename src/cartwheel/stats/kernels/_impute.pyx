"""Chained equations: predictive mean matching and categorical draws, one imputation after another.

Every design column is standardised by the caller. A variable is imputed from the design columns
of the others, among the rows that are present (multiplicity > 0) and observed; rows that are absent
are imputed by the same models and teach them nothing, as ``ignore`` in R's mice does.
"""

from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memcpy, memset

from cartwheel.stats.kernels._impute_draw cimport below, lower, shuffle, sort, uniform, word
from cartwheel.stats.kernels._impute_models cimport (
    DONE,
    NOBODY_OBSERVED,
    TOO_FEW,
    Chain,
    against,
    category,
    classes_seen,
    multinomial,
    regress,
    release,
    reserve,
)


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
        wanted = 0.0
        for i in range(seen):
            wanted += s.w[i]
            s.keyed[i].key = wanted
        for t in range(begin, end):
            i = min(lower(s.keyed, seen, uniform(g) * total), seen - 1)
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
