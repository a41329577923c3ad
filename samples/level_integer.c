/* SPDX-License-Identifier: Apache-2.0 */
/* A level that grows with the CPU, compared by order. */
#include "sample.h"

static int level;

NOINLINE static void detect(void) {
    uint32_t ecx = ask_cpuid(1, 0).ecx;
    level = 0;
    if (!(ecx & ECX1_SSSE3))
        return;
    level = 1;
    if (!(ecx & ECX1_SSE41))
        return;
    level = 2;
    if (ecx & ECX1_SSE42)
        level = 3;
}

NOINLINE static int product(int a, int b) {
    if (level >= 2)
        return multiply_sse41(a, b);
    return multiply_plain(a, b);
}

int main(void) {
    detect();
    return finish(product(6, 7), level >= 2 ? "fast" : "plain");
}
