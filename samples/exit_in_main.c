/* SPDX-License-Identifier: Apache-2.0 */
/* A program that refuses to start on an older CPU guards all that follows. */
#include "sample.h"

NOINLINE static int kernel(int a, int b) {
    return multiply_sse41(a, b);
}

int main(void) {
    if (!(ask_cpuid(1, 0).ecx & ECX1_SSE41)) {
        fputs("this program needs SSE4.1\n", stderr);
        exit(1);
    }
    return finish(kernel(6, 7), "fast");
}
