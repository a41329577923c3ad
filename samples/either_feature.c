/* SPDX-License-Identifier: Apache-2.0 */
/* One way to the SSSE3 code tests SSE4.1, which no known CPU has without it, the other SSSE3 itself; or SSE4.2 and SSE4.1; or, in the
 * wrong variant, POPCNT, which some CPUs have without it. */
#include "sample.h"

#if defined IDIOM_WRONG_BIT
#define FIRST ECX1_POPCNT
#define SECOND ECX1_SSSE3
#elif defined IDIOM_BOTH_IMPLY
#define FIRST ECX1_SSE42
#define SECOND ECX1_SSE41
#else
#define FIRST ECX1_SSE41
#define SECOND ECX1_SSSE3
#endif

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
    if (ecx & FIRST)
        return finish(second(), "fast");
    if (ecx & SECOND)
        return finish(first(), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
