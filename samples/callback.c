/* SPDX-License-Identifier: Apache-2.0 */
/* The function is handed to a driver under the guard. */
#include "sample.h"

static int product_plain(int a, int b) {
    return multiply_plain(a, b);
}

static int product_sse41(int a, int b) {
    return multiply_sse41(a, b);
}

NOINLINE static int drive(int (*product)(int, int), int a, int b) {
    return product(a, b);
}

int main(void) {
    if (ask_cpuid(1, 0).ecx & ECX1_SSE41)
        return finish(drive(product_sse41, 6, 7), "fast");
    return finish(drive(product_plain, 6, 7), "plain");
}
