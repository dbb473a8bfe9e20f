"""Random numbers inside the kernels: xoshiro256++, the same on every platform."""

from libc.stdint cimport uint32_t, uint64_t


cdef inline uint64_t turn(uint64_t x, int k) noexcept nogil:
    return (x << k) | (x >> (64 - k))


cdef inline uint64_t draw(uint64_t* s) noexcept nogil:
    """Next number of xoshiro256++ (Blackman and Vigna 2021, doi 10.1145/3460772)."""
    cdef uint64_t result = turn(s[0] + s[3], 23) + s[0]
    cdef uint64_t t = s[1] << 17
    s[2] ^= s[0]
    s[3] ^= s[1]
    s[1] ^= s[2]
    s[0] ^= s[3]
    s[2] ^= t
    s[3] = turn(s[3], 45)
    return result


cdef inline uint32_t uniform(uint64_t* s, uint32_t bound) noexcept nogil:
    """Uniform on 0..bound-1, without bias (Lemire 2019, doi 10.1145/3230636)."""
    cdef uint64_t product = (draw(s) >> 32) * <uint64_t>bound
    cdef uint32_t low = <uint32_t>product, least
    if low < bound:
        least = <uint32_t>(0u - bound) % bound
        while low < least:
            product = (draw(s) >> 32) * <uint64_t>bound
            low = <uint32_t>product
    return <uint32_t>(product >> 32)
