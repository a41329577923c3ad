/* SPDX-License-Identifier: Apache-2.0 */
/* A global pointer to one of two constant structures of functions. */
#include "sample.h"

struct operations {
    int (*product)(int a, int b);
    int (*absolute)(int a);
    const char *path;
};

static int product_plain(int a, int b) {
    return multiply_plain(a, b);
}

static int absolute_plain(int a) {
    return abs(a);
}

static int product_fast(int a, int b) {
    return multiply_sse41(a, b);
}

static int absolute_fast(int a) {
    return absolute_ssse3(a);
}

static const struct operations plain = {product_plain, absolute_plain, "plain"};
static const struct operations fast = {product_fast, absolute_fast, "fast"};
const struct operations *operations = &plain;

NOINLINE static void initialise(void) {
    uint32_t needed = ECX1_SSSE3 | ECX1_SSE41;
    if ((ask_cpuid(1, 0).ecx & needed) == needed)
        operations = &fast;
}

int main(void) {
    initialise();
    return finish(operations->absolute(operations->product(6, -7)), operations->path);
}
