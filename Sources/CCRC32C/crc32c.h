// The processor's own instruction for CRC-32C, where it has one.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)

#include <cpuid.h>

static inline int crc32c_is_built_in(void) {
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_2);
}

// Only to be called where `crc32c_is_built_in`.
__attribute__((target("sse4.2")))
static inline uint32_t crc32c_built_in(uint32_t state, const void *bytes, size_t count) {
    const unsigned char *place = (const unsigned char *)bytes;
    uint64_t wide = state;
    for (; count >= 8; count -= 8, place += 8) {
        uint64_t word;
        memcpy(&word, place, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    uint32_t narrow = (uint32_t)wide;
    for (; count > 0; count -= 1, place += 1) {
        narrow = __builtin_ia32_crc32qi(narrow, *place);
    }
    return narrow;
}

#else

static inline int crc32c_is_built_in(void) { return 0; }

static inline uint32_t crc32c_built_in(uint32_t state, const void *bytes, size_t count) {
    (void)bytes;
    (void)count;
    return state;
}

#endif
