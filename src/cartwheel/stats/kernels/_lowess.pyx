"""Cleveland's locally weighted regression, without the robustness iterations.

x ascends. At each place a straight line is fitted to the nearest points with tricube weights; places
within ``delta`` of the last one are interpolated. Follows Cleveland's 1979 rules: points within a
thousandth of the window's half-width weigh 1, those beyond 0.999 of it 0.
"""

from libc.math cimport fabs, sqrt


cdef double local(
    const double[::1] x, const double[::1] y, double place, Py_ssize_t left, Py_ssize_t right,
    double fallback, double[::1] weight,
) noexcept nogil:
    """Value at ``place`` of the line through the points from left on, in reach of the window."""
    cdef Py_ssize_t n = x.shape[0], j, last = left
    cdef double span = x[n - 1] - x[0], h, distance, total = 0.0, mean = 0.0, spread = 0.0
    cdef double slope, value = 0.0
    h = place - x[left]
    if x[right] - place > h:
        h = x[right] - place
    for j in range(left, n):
        weight[j] = 0.0
        distance = fabs(x[j] - place)
        if distance <= 0.999 * h:
            if distance <= 0.001 * h:
                weight[j] = 1.0
            else:
                distance /= h
                weight[j] = 1.0 - distance * distance * distance
                weight[j] = weight[j] * weight[j] * weight[j]
            total += weight[j]
        elif x[j] > place:
            break
        last = j
    if total <= 0.0:
        return fallback
    for j in range(left, last + 1):
        weight[j] /= total
        mean += weight[j] * x[j]
    if h > 0.0:
        for j in range(left, last + 1):
            spread += weight[j] * (x[j] - mean) * (x[j] - mean)
        # a line only where the points spread enough to hold one
        if sqrt(spread) > 0.001 * span:
            slope = (place - mean) / spread
            for j in range(left, last + 1):
                weight[j] *= 1.0 + slope * (x[j] - mean)
    for j in range(left, last + 1):
        value += weight[j] * y[j]
    return value


def smooth(
    const double[::1] x,
    const double[::1] y,
    Py_ssize_t nearest,
    double delta,
    double[::1] fitted,
    double[::1] weight,
):
    """Fill ``fitted``; ``weight`` is room to work in."""
    cdef Py_ssize_t n = x.shape[0], i = 0, j, left = 0, right = nearest - 1, last = -1
    cdef double share, limit
    with nogil:
        while True:
            while right < n - 1 and x[i] - x[left] > x[right + 1] - x[i]:
                left += 1
                right += 1
            fitted[i] = local(x, y, x[i], left, right, y[i], weight)
            if last >= 0 and last < i - 1:
                for j in range(last + 1, i):
                    share = (x[j] - x[last]) / (x[i] - x[last])
                    fitted[j] = share * fitted[i] + (1.0 - share) * fitted[last]
            last = i
            limit = x[last] + delta
            i = last + 1
            while i < n and x[i] <= limit:
                if x[i] == x[last]:
                    fitted[i] = fitted[last]
                    last = i
                i += 1
            i = i - 1 if i - 1 > last + 1 else last + 1
            if last >= n - 1:
                break
