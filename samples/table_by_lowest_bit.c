/* SPDX-License-Identifier: Apache-2.0 */
/* The lowest bit of a mask picks a row of a table of functions; the table's address stays in a register when the function is
 * called, but is not passed to it. */
#include "sample.h"

typedef int multiply_function(int a, int b);

#define HAS_SSE41 (1ul << 1)
#define HAS_ALWAYS (1ul << 2)

static unsigned long mask = HAS_ALWAYS;
static const char *path = "plain";

static int multiply_never(int a, int b) {
    return a - b;
}

static int multiply_fast(int a, int b) {
    path = "fast";
    return multiply_sse41(a, b);
}

static int multiply_slow(int a, int b) {
    return multiply_plain(a, b);
}

static multiply_function *const table[3] = {multiply_never, multiply_fast, multiply_slow};

NOINLINE static int multiply(int a, int b) {
    return table[__builtin_ctzl(mask & (HAS_SSE41 | HAS_ALWAYS))](a, b);
}

int main(void) {
    if (ask_cpuid(0, 0).eax >= 1 && ask_cpuid(1, 0).ecx & ECX1_SSE41)
        mask |= HAS_SSE41;
    int result = multiply(6, 7);
    return finish(result, path);
}
