/* SPDX-License-Identifier: Apache-2.0 */
/* Own bits in a global: 8 is SSSE3, 16 is SSE4.1. With IDIOM_WRONG_BIT the user of them takes the wrong one. */
#include "sample.h"

enum { FLAG_SSE2 = 1, FLAG_SSSE3 = 8, FLAG_SSE41 = 16 };

#ifdef IDIOM_WRONG_BIT
#define WANTED FLAG_SSSE3
#else
#define WANTED FLAG_SSE41
#endif

static unsigned flags;

NOINLINE static void detect(void) {
    struct cpuid_registers r = ask_cpuid(1, 0);
    if (r.edx & EDX1_SSE2)
        flags |= FLAG_SSE2;
    if (r.ecx & ECX1_SSSE3)
        flags |= FLAG_SSSE3;
    if (r.ecx & ECX1_SSE41)
        flags |= FLAG_SSE41;
}

NOINLINE static int product(int a, int b) {
    if (flags & WANTED)
        return multiply_sse41(a, b);
    return multiply_plain(a, b);
}

int main(void) {
    detect();
    return finish(product(6, 7), flags & WANTED ? "fast" : "plain");
}
