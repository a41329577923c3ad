/* SPDX-License-Identifier: Apache-2.0 */
/* A function that tells of one feature, called through an exported variable that anybody may set. */
#include "sample.h"

enum { FEATURE_SSE2, FEATURE_SSE41 };

static int ask_feature(int feature) {
    struct cpuid_registers r = ask_cpuid(1, 0);
    if (feature == FEATURE_SSE2)
        return (r.edx & EDX1_SSE2) != 0;
    if (feature == FEATURE_SSE41)
        return (r.ecx & ECX1_SSE41) != 0;
    return 0;
}

int (*get_feature)(int feature) = ask_feature;

static const char *path = "plain";

static int multiply_fast(int a, int b) {
    path = "fast";
    return multiply_sse41(a, b);
}

static int multiply_slow(int a, int b) {
    return multiply_plain(a, b);
}

static int (*multiply)(int, int) = multiply_slow;

NOINLINE static void initialise(void) {
    if (get_feature && get_feature(FEATURE_SSE41))
        multiply = multiply_fast;
}

int main(void) {
    initialise();
    int result = multiply(6, 7);
    return finish(result, path);
}
