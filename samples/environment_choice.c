/* SPDX-License-Identifier: Apache-2.0 */
/* The user may name one of several tables of functions; otherwise CPUID chooses it, and both ways meet where it is stored. With
 * IDIOM_WRONG_BIT CPUID is asked for something else. */
#include "sample.h"

#include <strings.h>

#ifdef IDIOM_WRONG_BIT
#define BIT_OF_FAST ECX1_SSE3
#else
#define BIT_OF_FAST ECX1_SSE41
#endif

struct kernels {
    const char *path;
    int (*product)(int a, int b);
};

static int product_sse41(int a, int b) {
    return multiply_sse41(a, b);
}

static int product_plain(int a, int b) {
    return multiply_plain(a, b);
}

static const struct kernels fast = {"fast", product_sse41}, plain = {"plain", product_plain};
static const char *const names[] = {"plain", "older", "fast"};
static const struct kernels *kernels;

NOINLINE static int named(const char *wanted) {
    for (int i = 0; i < 3; i++)
        if (!strncasecmp(wanted, names[i], 6))
            return i;
    return -1;
}

NOINLINE static bool is_fast(void) {
    return ask_cpuid(1, 0).ecx & BIT_OF_FAST;
}

static void choose(void) {
    const char *wanted = getenv("SAMPLE_KERNELS");
    if (wanted) {
        switch (named(wanted)) {
        case 0:
        case 1:
            kernels = &plain;
            return;
        case 2:
            kernels = &fast;
            return;
        }
        puts("no such kernels");
    }
    kernels = is_fast() ? &fast : &plain;
}

int main(void) {
    choose();
    return finish(kernels->product(6, 7), kernels->path);
}
