/* SPDX-License-Identifier: Apache-2.0 */
/* The flag says yes until somebody asks, and the first use comes before that. */
#include "sample.h"

static volatile bool have_sse41 = true;

NOINLINE static int product(int a, int b) {
    if (have_sse41)
        return multiply_sse41(a, b);
    return multiply_plain(a, b);
}

NOINLINE static void detect(void) {
    have_sse41 = ask_cpuid(1, 0).ecx & ECX1_SSE41;
}

int main(void) {
    int first = product(6, 7);
    detect();
    return finish(product(first, 1), have_sse41 ? "fast" : "plain");
}
