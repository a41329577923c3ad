/* SPDX-License-Identifier: Apache-2.0 */
/* A helper that writes the registers through four pointers. */
#include "sample.h"

NOINLINE static void cpuid(uint32_t leaf, uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d) {
    __asm__ volatile("cpuid" : "=a"(*a), "=b"(*b), "=c"(*c), "=d"(*d) : "0"(leaf), "2"(0));
}

int main(void) {
    uint32_t a, b, c, d;
    cpuid(0, &a, &b, &c, &d);
    if (a >= 1) {
        cpuid(1, &a, &b, &c, &d);
        if (c & ECX1_SSE41)
            return finish(multiply_sse41(6, 7), "fast");
    }
    return finish(multiply_plain(6, 7), "plain");
}
