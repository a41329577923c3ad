/* SPDX-License-Identifier: Apache-2.0 */
/* An atomic pointer to a function, filled when it is first needed. */
#include "sample.h"

#include <stdatomic.h>

typedef int multiply_function(int a, int b);

static const char *path = "plain";

static int multiply_fast(int a, int b) {
    path = "fast";
    return multiply_sse41(a, b);
}

static int multiply_slow(int a, int b) {
    return multiply_plain(a, b);
}

static _Atomic(multiply_function *) chosen;

NOINLINE static int multiply(int a, int b) {
    multiply_function *function = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (!function) {
        function = ask_cpuid(1, 0).ecx & ECX1_SSE41 ? multiply_fast : multiply_slow;
        atomic_store_explicit(&chosen, function, memory_order_relaxed);
    }
    return function(a, b);
}

int main(void) {
    int result = multiply(6, 7);
    return finish(result, path);
}
