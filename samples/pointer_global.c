/* SPDX-License-Identifier: Apache-2.0 */
/* A global function pointer, set once at the start. */
#include "sample.h"

static int product_plain(int a, int b) {
    return multiply_plain(a, b);
}

static int product_sse41(int a, int b) {
    return multiply_sse41(a, b);
}

int (*product)(int, int) = product_plain;

NOINLINE static void initialise(void) {
    if (ask_cpuid(1, 0).ecx & ECX1_SSE41)
        product = product_sse41;
}

int main(void) {
    initialise();
    return finish(product(6, 7), product == product_plain ? "plain" : "fast");
}
