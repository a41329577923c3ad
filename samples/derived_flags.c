/* SPDX-License-Identifier: Apache-2.0 */
/* Flags made of other flags. */
#include "sample.h"

enum { HAS_SSSE3 = 1, HAS_SSE41 = 2, IS_FAST = 4 };

static unsigned flags;

NOINLINE static void detect(void) {
    uint32_t ecx = ask_cpuid(1, 0).ecx;
    unsigned found = 0;
    if (ecx & ECX1_SSSE3)
        found |= HAS_SSSE3;
    if (ecx & ECX1_SSE41)
        found |= HAS_SSE41;
    if ((found & HAS_SSSE3) && (found & HAS_SSE41))
        found |= IS_FAST;
    flags = found;
}

NOINLINE static int product(int a, int b) {
    if (flags & IS_FAST)
        return multiply_sse41(a, b);
    return multiply_plain(a, b);
}

int main(void) {
    detect();
    return finish(product(6, 7), flags & IS_FAST ? "fast" : "plain");
}
