"""What is reported of one logistic fit: covariances, null model, profile limits, ratio tests."""

from libc.math cimport fabs, sqrt
from libc.string cimport memcpy, memset

from cartwheel.stats.kernels._logistic cimport (
    begin,
    check_lengths,
    factor_free,
    newton,
    original_scale,
    solve_free,
)
from cartwheel.stats.kernels._logistic_model cimport (
    DONE,
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

# A nuisance step longer than this, in standard deviations, sends the search to the bracket.
cdef double LONGEST = 5.0
cdef int MOST_PROFILE = 60


cdef int inverse(
    const double* information, double* work, double* out, Py_ssize_t k
) noexcept nogil:
    """Inverse of a symmetric matrix given by its lower triangle; 0 where singular."""
    cdef Py_ssize_t i, j
    memcpy(work, information, sizeof(double) * k * k)
    if cholesky(work, k) >= 0:
        return 0
    for j in range(k):
        for i in range(k):
            out[j * k + i] = 1.0 if i == j else 0.0
        solve(work, out + j * k, k)
    return 1


cdef void along(
    Model* s, const double* top, const double* cov, Py_ssize_t j, double b
) noexcept nogil:
    """Set column j to b and the others where the quadratic through the top puts them."""
    cdef Py_ssize_t i, k = s.k
    cdef double share = (b - top[j]) / cov[j * k + j]
    for i in range(k):
        s.beta[i] = top[i] + cov[i * k + j] * share
    s.beta[j] = b


cdef int joint_limit(
    Model* s, const double* top, const double* cov, Py_ssize_t j, double peak, double z,
    double* limit, int* iterations,
) noexcept nogil:
    """One profile limit, column and nuisance columns moved together.

    The signed root r = sqrt(2 (peak - profile)) is nearly linear in the column, so Newton's step
    is taken on r = |z|; the profile and its slope are had from the current point by eliminating
    the nuisance columns to second order.
    """
    cdef Py_ssize_t i, f, k = s.k
    cdef int turn
    cdef double start = z * sqrt(cov[j * k + j]), level = fabs(z), gain, slope, r, move, size
    cdef double last = 0.0
    along(s, top, cov, j, top[j] + start)
    for turn in range(MOST_PROFILE):
        iterations[0] += 1
        if not evaluate(s):
            return NOT_CONVERGED
        f = factor_free(s)
        if f < 0:
            return NOT_CONVERGED
        solve_free(s, s.score, s.step, f)
        for i in range(k):
            s.old[i] = s.aug[j * k + i] if i < j else s.aug[i * k + j]
        solve_free(s, s.old, s.tangent, f)
        gain = 0.0
        slope = s.score[j]
        size = 0.0
        for i in range(k):
            if i != j:
                gain += 0.5 * s.score[i] * s.step[i]
                slope -= s.old[i] * s.step[i]
                size = max(size, fabs(s.step[i]))
        r = 2.0 * (peak - s.log_likelihood - gain)
        if not (r > 0.0 and slope * z < 0.0 and size < LONGEST):
            return NOT_CONVERGED
        if turn > 10 and size > 0.6 * last:
            return NOT_CONVERGED
        last = size
        r = sqrt(r)
        move = (level - r) * r / -slope
        if not fabs(move) <= 2.0 * fabs(start):
            return NOT_CONVERGED
        for i in range(k):
            s.beta[i] += s.step[i] - s.tangent[i] * move
        s.beta[j] += move
        # what the nuisance columns are still off enters the limit only by its square
        if fabs(move) <= 1e-8 * fabs(start) and size <= 1e-6:
            limit[0] = s.beta[j]
            return DONE
    return NOT_CONVERGED


cdef double root_at(
    Model* s, const double* top, const double* cov, double b, Py_ssize_t j, double peak,
    int* iterations,
) noexcept nogil:
    """sqrt(2 (peak - profile)) with column j at b, the others climbing from where they are."""
    cdef int used = 0
    cdef int status
    s.beta[j] = b
    status = newton(s, 1e-8, &used)
    iterations[0] += used
    if status != DONE:
        along(s, top, cov, j, b)
        status = newton(s, 1e-8, &used)
        iterations[0] += used
    if status != DONE:
        memcpy(s.beta, top, sizeof(double) * s.k)
        return -1.0
    return sqrt(max(0.0, 2.0 * (peak - s.log_likelihood)))


cdef int bracketed_limit(
    Model* s, const double* top, const double* cov, Py_ssize_t j, double peak, double z,
    double* limit, int* iterations,
) noexcept nogil:
    """The same limit by bracketing and false position, where the joint search lost its way."""
    cdef double near = top[j], far, level = fabs(z), move = z * sqrt(cov[j * s.k + j])
    cdef double below = -level, above = 0.0, r, b
    cdef int turn, side = 0
    memcpy(s.beta, top, sizeof(double) * s.k)
    far = near + move
    for turn in range(60):
        r = root_at(s, top, cov, far, j, peak, iterations)
        if r < 0.0:
            # too far out to fit: nearer, and then not as boldly
            move *= 0.4
            far = near + move
            continue
        above = r - level
        if above >= 0.0:
            break
        near = far
        below = above
        move *= 1.5
        far += move
    if above < 0.0:
        return NOT_CONVERGED
    for turn in range(200):
        b = far if above == below else near - below * (far - near) / (above - below)
        r = root_at(s, top, cov, b, j, peak, iterations)
        if r < 0.0:
            return NOT_CONVERGED
        r -= level
        limit[0] = b
        if fabs(r) <= 1e-9 or fabs(far - near) <= 1e-10 * (fabs(far) + fabs(move)):
            return DONE
        if r < 0.0:
            near = b
            below = r
            if side == -1:
                above *= 0.5
            side = -1
        else:
            far = b
            above = r
            if side == 1:
                below *= 0.5
            side = 1
    return NOT_CONVERGED


cdef int profile_limit(
    Model* s, const double* top, const double* cov, Py_ssize_t j, double peak, double z,
    double* limit, int* iterations,
) noexcept nogil:
    cdef int status = joint_limit(s, top, cov, j, peak, z, limit, iterations)
    if status != DONE:
        status = bracketed_limit(s, top, cov, j, peak, z, limit, iterations)
    return status


cdef double ratio_at_zero(
    Model* s, const double* top, const double* cov, Py_ssize_t j, double peak, int* iterations,
) noexcept nogil:
    """Likelihood-ratio chi-square of column j held at 0; negative where it was not found."""
    cdef int status
    along(s, top, cov, j, 0.0)
    status = newton(s, 1e-7, iterations)
    if status != DONE:
        memset(s.beta, 0, sizeof(double) * s.k)
        status = newton(s, 1e-7, iterations)
    if status != DONE:
        return -1.0
    return max(0.0, 2.0 * (peak - s.log_likelihood))


cdef int peak_at(Model* s, double* top, double* cov, double* peak) noexcept nogil:
    """Keep the top that newton found, with the curvature there."""
    if not evaluate(s):
        return 0
    peak[0] = s.log_likelihood
    memcpy(top, s.beta, sizeof(double) * s.k)
    return inverse(s.aug, s.sub, cov, s.k)


cdef void turn_to_intercept(Model* s) noexcept nogil:
    """Rotate the columns so that the first coefficient is the original intercept.

    With centred columns the original intercept is the combination w'b, w = (1, -mean / sd). The
    reflection H that sends w to |w| e_0 makes it, over |w|, a coefficient of its own; being
    orthogonal it keeps the determinant and the condition of the information, which shifting the
    columns back would not. sd[0] becomes what that coefficient is divided by.
    """
    cdef Py_ssize_t i, j, k = s.k, n = s.n
    cdef double length = 1.0, square = 0.0, share
    cdef double* v = s.tangent
    for j in range(1, k):
        v[j] = -s.mean[j] / s.sd[j]
        square += v[j] * v[j]
    if square == 0.0:
        return
    length = sqrt(1.0 + square)
    # 1 - |w| without cancellation
    v[0] = -square / (1.0 + length)
    square += v[0] * v[0]
    for i in range(n):
        share = 0.0
        for j in range(k):
            share += s.x[j * n + i] * v[j]
        share *= 2.0 / square
        for j in range(k):
            s.x[j * n + i] -= share * v[j]
    share = dot(s.beta, v, k) * 2.0 / square
    for j in range(k):
        s.beta[j] -= share * v[j]
    s.sd[0] = 1.0 / length


cdef int profile_column(
    Model* s, const double* top, const double* cov, Py_ssize_t j, double peak, double z,
    double* row,
) noexcept nogil:
    """low, high, chi-square at 0 and iterations of one column into row."""
    cdef int used = 0, ratio_used = 0, status
    cdef double scale = s.sd[j]
    s.held[j] = 1
    status = profile_limit(s, top, cov, j, peak, -z, &row[0], &used)
    if status == DONE:
        status = profile_limit(s, top, cov, j, peak, z, &row[1], &used)
    row[2] = ratio_at_zero(s, top, cov, j, peak, &ratio_used)
    row[3] = used
    row[0] /= scale
    row[1] /= scale
    s.held[j] = 0
    if row[2] < 0.0:
        status = NOT_CONVERGED
    return status


cdef int detail_of(
    Model* s, double tolerance, double[::1] coefficients, double[::1] numbers,
    double[:, ::1] covariance, double[:, ::1] augmented, double[::1] score,
) noexcept nogil:
    """Fit, then the null log-likelihood, both covariances and the score, standardised."""
    cdef int status, iterations = 0, unused = 0
    cdef Py_ssize_t j, k = s.k
    begin(s)
    status = newton(s, tolerance, &iterations)
    if status != DONE:
        return status
    if not evaluate(s):
        return NOT_CONVERGED
    memcpy(&score[0], s.score, sizeof(double) * k)
    if not inverse(s.info, s.sub, &covariance[0, 0], k):
        return NOT_CONVERGED
    if not inverse(s.aug, s.sub, &augmented[0, 0], k):
        return NOT_CONVERGED
    numbers[0] = s.log_likelihood
    original_scale(s, &coefficients[0])
    # the null model leaves tangent alone: the top is kept there
    memcpy(s.tangent, s.beta, sizeof(double) * k)
    for j in range(1, k):
        s.held[j] = 1
    begin(s)
    status = newton(s, tolerance, &unused)
    memset(s.held, 0, k)
    numbers[1] = s.log_likelihood
    numbers[2] = iterations
    memcpy(s.beta, s.tangent, sizeof(double) * k)
    return status


def detail(
    const double[:, :] x, const double[::1] event, const double[::1] multiplicity,
    const double[::1] offset, bint firth, double tolerance, double z=0.0, wanted=(),
):
    """Fit with everything that is reported; profile limits of the ``wanted`` design columns.

    Column 0 of the design is the intercept. Returns a dict: the covariances and the score are
    those of the standardised columns, with their ``mean`` and ``sd``; ``profile`` has a row
    (low, high, chi-square at 0, iterations) for each wanted column, on the original scale.
    """
    check_lengths(x, event, multiplicity, offset)
    cdef Model s
    cdef Py_ssize_t j, p = x.shape[1], k = p + 1, count = len(wanted), row
    cdef int status
    cdef double peak = 0.0
    cdef Py_ssize_t[::1] columns = np.arange(p + 1, dtype=np.intp)
    cdef double[::1] coefficients = np.zeros(k)
    cdef double[::1] numbers = np.zeros(3)
    cdef double[::1] score = np.zeros(k)
    cdef double[::1] mean = np.zeros(k)
    cdef double[::1] sd = np.ones(k)
    cdef double[::1] top = np.zeros(k)
    cdef double[:, ::1] covariance = np.zeros((k, k))
    cdef double[:, ::1] augmented = np.zeros((k, k))
    cdef double[:, ::1] cov = np.zeros((k, k))
    cdef double[:, ::1] profile = np.zeros((count + 1, 4))
    cdef Py_ssize_t[::1] order = np.asarray(tuple(wanted) + (0,), dtype=np.intp)
    with nogil:
        status = load(
            &s, x, &columns[0], p, event, pointer(multiplicity), pointer(offset), firth
        )
        if status == DONE:
            status = detail_of(&s, tolerance, coefficients, numbers, covariance, augmented, score)
            for j in range(k):
                mean[j] = s.mean[j]
                sd[j] = s.sd[j]
        if status == DONE and count > 0:
            if not peak_at(&s, &top[0], &cov[0, 0], &peak):
                status = NOT_CONVERGED
            for row in range(count):
                if status == DONE and order[row] > 0:
                    status = profile_column(
                        &s, &top[0], &cov[0, 0], order[row], peak, z, &profile[row, 0]
                    )
            # the intercept last, for it turns the columns
            for row in range(count):
                if status == DONE and order[row] == 0:
                    memcpy(s.beta, &top[0], sizeof(double) * k)
                    turn_to_intercept(&s)
                    if not peak_at(&s, &top[0], &cov[0, 0], &peak):
                        status = NOT_CONVERGED
                    else:
                        status = profile_column(
                            &s, &top[0], &cov[0, 0], 0, peak, z, &profile[row, 0]
                        )
                    break
    cdef Py_ssize_t culprit = s.culprit
    total, events = s.total, s.events
    release(&s)
    return {
        "status": status,
        "culprit": culprit,
        "coefficients": np.asarray(coefficients),
        "log_likelihood": numbers[0],
        "log_likelihood_null": numbers[1],
        "iterations": int(numbers[2]),
        "covariance": np.asarray(covariance),
        "covariance_augmented": np.asarray(augmented),
        "score": np.asarray(score),
        "mean": np.asarray(mean),
        "sd": np.asarray(sd),
        "profile": np.asarray(profile)[:count],
        "total": total,
        "events": events,
    }
