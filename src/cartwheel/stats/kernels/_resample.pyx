"""Bootstrap resamples as counts: each from a stream of its own, spawned from one seed.

The numbers are those of ``numpy.random.SeedSequence(seed).spawn(...)``, ``PCG64`` and
``Generator.integers(0, n, n)`` (numpy 2), which numpy itself does not promise to keep: a seed gives
the same resamples here whatever its version, and a small resample costs a tenth.

Seeds are mixed by hashing (O'Neill 2015, seed_seq_fe); PCG64 is PCG XSL RR 128/64 (O'Neill 2014,
HMC-CS-2014-0905); numbers below n are drawn by Lemire's method (2019, doi 10.1145/3230636).
"""

from libc.stdint cimport uint32_t, uint64_t

cdef enum:
    WORDS = 4  # of the entropy pool


cdef struct Stream:
    uint64_t high      # state
    uint64_t low
    uint64_t odd_high  # increment
    uint64_t odd_low
    uint32_t kept      # upper half of the last output
    bint has_kept


cdef inline uint32_t hashed(uint32_t value, uint32_t *constant, uint32_t factor) noexcept nogil:
    value ^= constant[0]
    constant[0] *= factor
    value *= constant[0]
    return value ^ (value >> 16)


cdef inline uint32_t mixed(uint32_t x, uint32_t y) noexcept nogil:
    cdef uint32_t value = <uint32_t>0xCA01F9DD * x - <uint32_t>0x4973F715 * y
    return value ^ (value >> 16)


cdef inline uint32_t entropy_word(
    const uint32_t[::1] seed, uint32_t index, Py_ssize_t place
) noexcept nogil:
    """Words of the seed, filled up with noughts to those of the pool, then the stream's number."""
    if place < seed.shape[0]:
        return seed[place]
    return 0 if place < WORDS else index


cdef void mix(const uint32_t[::1] seed, uint32_t index, uint32_t *pool) noexcept nogil:
    """Spread seed and number of the stream over the pool."""
    cdef uint32_t constant = 0x43B0D7E5, factor = 0x931E8875
    cdef Py_ssize_t source, to, words = max(seed.shape[0], <Py_ssize_t>WORDS) + 1
    for to in range(WORDS):
        pool[to] = hashed(entropy_word(seed, index, to), &constant, factor)
    for source in range(WORDS):
        for to in range(WORDS):
            if to != source:
                pool[to] = mixed(pool[to], hashed(pool[source], &constant, factor))
    for source in range(WORDS, words):
        for to in range(WORDS):
            pool[to] = mixed(
                pool[to], hashed(entropy_word(seed, index, source), &constant, factor)
            )


cdef inline uint64_t two_words(
    const uint32_t *pool, Py_ssize_t place, uint32_t *constant
) noexcept nogil:
    cdef uint64_t low = hashed(pool[place], constant, 0x58F38DED)
    cdef uint64_t high = hashed(pool[place + 1], constant, 0x58F38DED)
    return low | (high << 32)


cdef inline void advance(Stream *s) noexcept nogil:
    """state = state * 0x2360ED051FC65DA44385DF649FCCF645 + increment, modulo 2**128."""
    cdef uint64_t factor_high = 0x2360ED051FC65DA4, factor_low = 0x4385DF649FCCF645
    cdef uint64_t mask = 0xFFFFFFFF
    cdef uint64_t a = s.low >> 32, b = s.low & mask, c = factor_low >> 32, d = factor_low & mask
    cdef uint64_t bottom = b * d, middle = a * d + (bottom >> 32)
    cdef uint64_t other = b * c + (middle & mask)
    cdef uint64_t high = a * c + (middle >> 32) + (other >> 32)
    high += s.high * factor_low + s.low * factor_high
    s.low = s.low * factor_low + s.odd_low
    s.high = high + s.odd_high + (1 if s.low < s.odd_low else 0)


cdef void begin(Stream *s, const uint32_t[::1] seed, uint32_t index) noexcept nogil:
    """Set the stream to its start."""
    cdef uint32_t[WORDS] pool
    cdef uint32_t constant = 0x8B51F9DD
    cdef uint64_t start_high, start_low, high, low
    mix(seed, index, pool)
    start_high = two_words(pool, 0, &constant)
    start_low = two_words(pool, 2, &constant)
    high = two_words(pool, 0, &constant)
    low = two_words(pool, 2, &constant)
    s.odd_high, s.odd_low = (high << 1) | (low >> 63), (low << 1) | 1
    # from nought one step leads to the increment
    s.low = s.odd_low + start_low
    s.high = s.odd_high + start_high + (1 if s.low < start_low else 0)
    advance(s)
    s.has_kept = False


cdef inline uint64_t next_half(Stream *s) noexcept nogil:
    """32 random bits: the lower half of an output, then its upper one."""
    cdef uint64_t folded
    cdef int turn
    if s.has_kept:
        s.has_kept = False
        return s.kept
    advance(s)
    folded = s.high ^ s.low
    turn = <int>(s.high >> 58)
    folded = (folded >> turn) | (folded << ((64 - turn) & 63))
    s.kept = <uint32_t>(folded >> 32)
    s.has_kept = True
    return <uint32_t>folded


def count_draws(const uint32_t[::1] seed, uint32_t index, double[::1] counts):
    """Draw n of n patients with replacement in stream ``index``; add how often each was drawn.

    seed: its 32-bit words, the lowest first, at least one. n is between 1 and 2**32 - 1.
    """
    cdef Stream s
    cdef uint64_t n = counts.shape[0], drawn, threshold = (<uint64_t>1 << 32) % n
    cdef Py_ssize_t i
    with nogil:
        begin(&s, seed, index)
        for i in range(counts.shape[0]):
            drawn = next_half(&s) * n
            while <uint32_t>drawn < threshold:
                drawn = next_half(&s) * n
            counts[drawn >> 32] += 1.0
