/* SPDX-License-Identifier: Apache-2.0 */
/* The guarded call is a jump. */
#include "sample.h"

NOINLINE static int product_sse41(int a, int b) {
    return multiply_sse41(a, b);
}

NOINLINE static int product_plain(int a, int b) {
    return multiply_plain(a, b);
}

NOINLINE static int product(int a, int b) {
    if (ask_cpuid(1, 0).ecx & ECX1_SSE41)
        return product_sse41(a, b);
    return product_plain(a, b);
}

int main(void) {
    return finish(product(6, 7), "either");
}
