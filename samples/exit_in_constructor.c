/* SPDX-License-Identifier: Apache-2.0 */
/* The same from a constructor. */
#include "sample.h"

NOINLINE static int kernel(int a, int b) {
    return multiply_sse41(a, b);
}

__attribute__((constructor)) static void refuse(void) {
    if (!(ask_cpuid(1, 0).ecx & ECX1_SSE41)) {
        fputs("this program needs SSE4.1\n", stderr);
        exit(1);
    }
}

int main(void) {
    return finish(kernel(6, 7), "fast");
}
