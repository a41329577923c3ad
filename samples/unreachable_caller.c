/* SPDX-License-Identifier: Apache-2.0 */
/* What is known is passed as an argument; another caller passes a constant, and one that nobody calls passes anything. */
#include "sample.h"

NOINLINE static int product(int a, int b, int fast) {
    __asm__ volatile("" : "+r"(a));
    if (fast)
        return multiply_sse41(a, b);
    return multiply_plain(a, b);
}

NOINLINE __attribute__((used)) static int left_over(int a, const int *fast) {
    return product(a, a, *fast) + 1;
}

NOINLINE static int slow_product(int a, int b) {
    return product(a, b, 0) + 1;
}

int main(void) {
    int fast = (ask_cpuid(1, 0).ecx & ECX1_SSE41) != 0;
    return finish(product(6, 7, fast) + slow_product(1, 1) - 2, fast ? "fast" : "plain");
}
