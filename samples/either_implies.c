/* SPDX-License-Identifier: Apache-2.0 */
/* One way to the SSSE3 code tests SSE4.2, the other SSE4.1: no known CPU has either without it. */
#include "sample.h"

static volatile int minus = -1;

NOINLINE static int help(int a) {
    return absolute_ssse3(a) + (minus + 1);
}

NOINLINE static int first(void) {
    return help(-40) + 2;
}

NOINLINE static int second(void) {
    return help(-41) + 1;
}

int main(void) {
    uint32_t ecx = ask_cpuid(0, 0).eax >= 1 ? ask_cpuid(1, 0).ecx : 0;
    if (ecx & ECX1_SSE42)
        return finish(second(), "fast");
    if (ecx & ECX1_SSE41)
        return finish(first(), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
