/* SPDX-License-Identifier: Apache-2.0 */
/* A row of functions is copied out of a constant table, 16 bytes at a time; the level is counted up inside of one function. */
#include "sample.h"

struct operations {
    int (*product)(int, int);
    int (*again)(int, int);
    const char *name;
    const char *unused;
};

static int product_plain(int a, int b) {
    return multiply_plain(a, b);
}

static int product_sse2(int a, int b) {
    return multiply_plain(b, a);
}

static int product_sse41(int a, int b) {
    return multiply_sse41(a, b);
}

static const struct operations table[] = {{product_plain, product_plain, "plain", ""},
                                          {product_sse2, product_sse2, "plain", ""},
                                          {product_sse41, product_sse41, "fast", ""}};
static struct operations chosen;

NOINLINE static void choose(void) {
    struct cpuid_registers r = ask_cpuid(1, 0);
    int level = 0;
    if (r.edx & EDX1_SSE2) {
        level = 1;
        if (r.ecx & ECX1_SSE41)
            level = 2;
    }
    chosen = table[level];
}

int main(void) {
    choose();
    return finish(chosen.again(chosen.product(2, 3), 7), chosen.name);
}
