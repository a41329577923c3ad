/* SPDX-License-Identifier: Apache-2.0 */
/* The word is handed to the function that tests it. */
#include "sample.h"

NOINLINE static int product(uint32_t ecx, int a, int b) {
    if (ecx & ECX1_SSE41)
        return multiply_sse41(a, b);
    return multiply_plain(a, b);
}

int main(void) {
    uint32_t ecx = ask_cpuid(1, 0).ecx;
    puts("asked");
    return finish(product(ecx, 6, 7), ecx & ECX1_SSE41 ? "fast" : "plain");
}
