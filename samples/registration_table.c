/* SPDX-License-Identifier: Apache-2.0 */
/* A table of functions that register kernels, run only where their feature is. */
#include "sample.h"

typedef int kernel(int a, int b);

static kernel *registered;

static int multiply_slow(int a, int b) {
    return multiply_plain(a, b);
}

static const char *path = "plain";

static int multiply_fast(int a, int b) {
    path = "fast";
    return multiply_sse41(a, b);
}

static void register_slow(void) {
    registered = multiply_slow;
}

static void register_fast(void) {
    registered = multiply_fast;
}

struct registration {
    void (*run)(void);
    const char *name;
};

static const struct registration standard[] = {{register_slow, "slow"}, {NULL, NULL}};
static const struct registration sse41[] = {{register_fast, "fast"}, {NULL, NULL}};

NOINLINE static void run_all(const struct registration *table) {
    for (; table->run; table++)
        table->run();
}

NOINLINE static int has_sse41(void) {
    static int asked, result;
    if (!asked) {
        result = (ask_cpuid(1, 0).ecx & ECX1_SSE41) != 0;
        asked = 1;
    }
    return result;
}

int main(void) {
    run_all(standard);
    if (has_sse41())
        run_all(sse41);
    int result = registered(6, 7);
    return finish(result, path);
}
