/* SPDX-License-Identifier: Apache-2.0 */
/* The lowest set bit of the supported targets is the index of the best function, as in Highway. */
#include "sample.h"

static int product_plain(int a, int b) {
    return multiply_plain(a, b);
}

static int product_sse41(int a, int b) {
    return multiply_sse41(a, b);
}

static int (*const products[3])(int, int) = {product_sse41, product_plain, product_plain};
static const char *const names[3] = {"fast", "plain", "plain"};

NOINLINE static unsigned targets(void) {
    uint32_t ecx = ask_cpuid(1, 0).ecx;
    unsigned found = 4;
    if (ecx & ECX1_SSSE3)
        found |= 2;
    if (ecx & ECX1_SSE41)
        found |= 1;
    return found;
}

int main(void) {
    int index = __builtin_ctz(targets());
    return finish(products[index](6, 7), names[index]);
}
