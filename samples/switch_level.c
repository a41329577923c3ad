/* SPDX-License-Identifier: Apache-2.0 */
/* A switch over the level, with enough cases for a jump table. */
#include "sample.h"

NOINLINE static int find_level(void) {
    uint32_t ecx = ask_cpuid(1, 0).ecx;
    int level = 0;
    if (ecx & ECX1_SSE3)
        level = 1;
    if (ecx & ECX1_SSSE3)
        level = 2;
    if (ecx & ECX1_SSE41)
        level = 3;
    if ((ecx & ECX1_SSE41) && (ecx & ECX1_SSE42))
        level = 4;
    return level;
}

NOINLINE static int product(int level, int a, int b) {
    switch (level) {
    case 0: return multiply_plain(a, b);
    case 1: return multiply_plain(b, a);
    case 2: return multiply_plain(a + 1, b) - b;
    case 3: return multiply_sse41(a, b);
    case 4: return multiply_sse41(b, a);
    default: return 0;
    }
}

int main(void) {
    int level = find_level();
    return finish(product(level, 6, 7), level >= 3 ? "fast" : "plain");
}
