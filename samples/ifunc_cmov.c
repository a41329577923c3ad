/* SPDX-License-Identifier: Apache-2.0 */
/* An IFUNC whose resolver chooses without a branch. */
#include "sample.h"

static int product_sse41(int a, int b) {
    return multiply_sse41(a, b);
}

static int product_plain(int a, int b) {
    return multiply_plain(a, b);
}

typedef int product_function(int a, int b);

/* Runs while the program is being relocated: no library calls, no stack protector. */
__attribute__((used)) static product_function *resolve(void) {
    product_function *chosen = product_plain;
    uint32_t ecx = ask_cpuid(1, 0).ecx;
    product_function *fast = product_sse41;
    __asm__("testl %2, %1\n\tcmovne %3, %0" : "+r"(chosen) : "r"(ecx), "i"(ECX1_SSE41), "r"(fast) : "cc");
    return chosen;
}

int product(int a, int b) __attribute__((ifunc("resolve")));

int main(void) {
    return finish(product(6, 7), "either");
}
