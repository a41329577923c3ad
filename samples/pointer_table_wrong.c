/* SPDX-License-Identifier: Apache-2.0 */
/* A table of functions with a row in the wrong place: level SSE2 runs SSE4.1. */
#include "sample.h"

enum level { PLAIN, SSE2, SSE41 };

static int product_plain(int a, int b) {
    return multiply_plain(a, b);
}

static int product_sse41(int a, int b) {
    return multiply_sse41(a, b);
}

static int (*const products[])(int, int) = {[PLAIN] = product_plain, [SSE2] = product_sse41, [SSE41] = product_sse41};

NOINLINE static int find_level(void) {
    struct cpuid_registers r = ask_cpuid(1, 0);
    int level = PLAIN;
    if (r.edx & EDX1_SSE2)
        level = SSE2;
    if (r.ecx & ECX1_SSE41)
        level = SSE41;
    return level;
}

int main(void) {
    return finish(products[find_level()](6, 7), "fast");
}
