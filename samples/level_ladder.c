/* SPDX-License-Identifier: Apache-2.0 */
/* Levels in an order, each with what the ones below have. With IDIOM_TOO_LOW the level below is enough. */
#include "sample.h"

#ifdef IDIOM_TOO_LOW
#define ENOUGH LEVEL_SSSE3
#else
#define ENOUGH LEVEL_SSE41
#endif

enum level { LEVEL_NONE, LEVEL_SSE2, LEVEL_SSSE3, LEVEL_SSE41, LEVEL_AVX };

static enum level level;

NOINLINE static enum level find_level(void) {
    struct cpuid_registers r = ask_cpuid(1, 0);
    if (!(r.edx & EDX1_SSE2))
        return LEVEL_NONE;
    if (!(r.ecx & ECX1_SSSE3))
        return LEVEL_SSE2;
    if (!(r.ecx & ECX1_SSE41))
        return LEVEL_SSSE3;
    return r.ecx & ECX1_AVX ? LEVEL_AVX : LEVEL_SSE41;
}

int main(void) {
    level = find_level();
    return finish(level >= ENOUGH ? multiply_sse41(6, 7) : multiply_plain(6, 7), level >= ENOUGH ? "fast" : "plain");
}
