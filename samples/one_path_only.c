/* SPDX-License-Identifier: Apache-2.0 */
/* The test is there, but the instruction stands after the paths have met again. */
#include "sample.h"

static volatile int prepared;

NOINLINE static int kernel(int a, int b) {
    return multiply_sse41(a, b);
}

NOINLINE static void prepare(void) {
    prepared = 1;
}

int main(void) {
    if (ask_cpuid(1, 0).ecx & ECX1_SSE41)
        prepare();
    return finish(kernel(6, 7), "fast");
}
