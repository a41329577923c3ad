/* SPDX-License-Identifier: Apache-2.0 */
/* All four registers are kept in one structure; compilers store them as a vector. */
#include "sample.h"

static struct cpuid_registers saved;

NOINLINE static void detect(void) {
    saved = ask_cpuid(1, 0);
}

NOINLINE static int product(int a, int b) {
    if (saved.ecx & ECX1_SSE41)
        return multiply_sse41(a, b);
    return multiply_plain(a, b);
}

int main(void) {
    detect();
    return finish(product(6, 7), saved.ecx & ECX1_SSE41 ? "fast" : "plain");
}
