/* SPDX-License-Identifier: Apache-2.0 */
/* One byte for each feature, which a function hands out by the feature's number, as in NumPy. With IDIOM_WRONG_NUMBER another one
 * is asked for. */
#include "sample.h"

#include <string.h>

enum { FEATURE_SSE2 = 1, FEATURE_SSSE3, FEATURE_SSE41, FEATURES = 40 };

#ifdef IDIOM_WRONG_NUMBER
#define WANTED FEATURE_SSSE3
#else
#define WANTED FEATURE_SSE41
#endif

static unsigned char have[FEATURES];

NOINLINE static void ask(void) {
    memset(have, 0, sizeof have);
    if (ask_cpuid(0, 0).eax == 0)
        return;
    struct cpuid_registers r = ask_cpuid(1, 0);
    have[FEATURE_SSE2] = (r.edx & EDX1_SSE2) != 0;
    have[FEATURE_SSSE3] = (r.ecx & ECX1_SSSE3) != 0;
    have[FEATURE_SSE41] = (r.ecx & ECX1_SSE41) != 0;
}

NOINLINE static int has_feature(int number) {
    if (number <= 0 || number >= FEATURES)
        return 0;
    return have[number];
}

int main(void) {
    ask();
    if (has_feature(WANTED))
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
