/* SPDX-License-Identifier: Apache-2.0 */
/* A pointer that starts with the function that chooses. */
#include "sample.h"

static const char *path = "plain";

static int multiply_fast(int a, int b) {
    path = "fast";
    return multiply_sse41(a, b);
}

static int multiply_slow(int a, int b) {
    return multiply_plain(a, b);
}

static int choose_first(int a, int b);
static int (*multiply)(int, int) = choose_first;

static int choose_first(int a, int b) {
    multiply = ask_cpuid(1, 0).ecx & ECX1_SSE41 ? multiply_fast : multiply_slow;
    return multiply(a, b);
}

int main(void) {
    int first = multiply(6, 7);
    int result = multiply(first / 7, 7);
    return finish(result, path);
}
