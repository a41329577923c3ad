/* SPDX-License-Identifier: Apache-2.0 */
/* CPUID's bits are added to a word that may hold some already, as the C library's loader does: usable |= ecx & mask. */
#include "sample.h"

static uint32_t reported, usable;

NOINLINE static void ask(void) {
    reported = ask_cpuid(1, 0).ecx;
}

NOINLINE static void add_usable(void) {
    uint32_t ecx = reported;
    usable |= ecx & (ECX1_SSE3 | ECX1_SSSE3);
    if (ecx & ECX1_SSE41)
        usable |= ECX1_SSE41;
    usable |= 1u << 31;
}

NOINLINE static int product(int a, int b) {
    if (usable & ECX1_SSE41)
        return multiply_sse41(a, b);
    return multiply_plain(a, b);
}

int main(void) {
    ask();
    add_usable();
    return finish(product(6, 7), usable & ECX1_SSE41 ? "fast" : "plain");
}
