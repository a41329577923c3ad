/* SPDX-License-Identifier: Apache-2.0 */
/* A lazily filled atomic word with own numbering, whose top bit says that it is filled, as Rust's std_detect has it. */
#include "sample.h"

enum { CACHE_SSSE3 = 1u << 4, CACHE_SSE41 = 1u << 5 };
#define CACHE_FILLED (1u << 31)

static uint32_t cache;

NOINLINE static uint32_t fill(void) {
    uint32_t ecx = ask_cpuid(1, 0).ecx, found = CACHE_FILLED;
    if (ecx & ECX1_SSSE3)
        found |= CACHE_SSSE3;
    if (ecx & ECX1_SSE41)
        found |= CACHE_SSE41;
    __atomic_store_n(&cache, found, __ATOMIC_RELAXED);
    return found;
}

static inline bool detected(uint32_t bit) {
    uint32_t word = __atomic_load_n(&cache, __ATOMIC_RELAXED);
    if (word == 0)
        word = fill();
    return word & bit;
}

int main(void) {
    if (detected(CACHE_SSE41))
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
