/* SPDX-License-Identifier: Apache-2.0 */
/* See tested_twice.S. */
#include "sample.h"

__attribute__((visibility("hidden"))) uint8_t flags;
__attribute__((visibility("hidden"))) int compute(int a, int b);

NOINLINE static void detect(void) {
    uint32_t ecx = ask_cpuid(1, 0).ecx;
    if (ecx & ECX1_SSE41)
        flags = ecx & ECX1_SSE42 ? 3 : 1;
}

int main(void) {
    detect();
    return finish(compute(6, 7), flags ? "fast" : "plain");
}
