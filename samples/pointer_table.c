/* SPDX-License-Identifier: Apache-2.0 */
/* A constant table of functions, indexed by a level. */
#include "sample.h"

enum level { PLAIN, SSE2, SSE41 };

static int product_plain(int a, int b) {
    return multiply_plain(a, b);
}

static int product_sse2(int a, int b) {
    return multiply_plain(b, a);
}

static int product_sse41(int a, int b) {
    return multiply_sse41(a, b);
}

static int (*const products[])(int, int) = {[PLAIN] = product_plain, [SSE2] = product_sse2, [SSE41] = product_sse41};
static const char *const names[] = {"plain", "plain", "fast"};

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
    int level = find_level();
    return finish(products[level](6, 7), names[level]);
}
