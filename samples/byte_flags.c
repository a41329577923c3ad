/* SPDX-License-Identifier: Apache-2.0 */
/* One byte per feature, as Go and numpy keep them. */
#include "sample.h"

static struct {
    bool has_sse3, has_ssse3, has_sse41, has_sse42, has_popcnt;
} x86;

NOINLINE static void detect(void) {
    uint32_t ecx = ask_cpuid(1, 0).ecx;
    x86.has_sse3 = ecx & ECX1_SSE3;
    x86.has_ssse3 = ecx & ECX1_SSSE3;
    x86.has_sse41 = ecx & ECX1_SSE41;
    x86.has_sse42 = ecx & ECX1_SSE42;
    x86.has_popcnt = ecx & ECX1_POPCNT;
}

NOINLINE static int product(int a, int b) {
    if (x86.has_sse41)
        return multiply_sse41(a, b);
    return multiply_plain(a, b);
}

int main(void) {
    detect();
    return finish(product(6, 7), x86.has_sse41 ? "fast" : "plain");
}
