/* SPDX-License-Identifier: Apache-2.0 */
/* The flags are thread-local, with a value that says "not asked yet", as in libjpeg-turbo. */
#include "sample.h"

enum { SUPPORT_SSE2 = 8, SUPPORT_SSE41 = 0x40, NOT_ASKED = ~0 };

static _Thread_local unsigned support = NOT_ASKED;

NOINLINE static void detect(void) {
    if (support != (unsigned)NOT_ASKED)
        return;
    struct cpuid_registers r = ask_cpuid(1, 0);
    support = 0;
    if (r.edx & EDX1_SSE2)
        support |= SUPPORT_SSE2;
    if (r.ecx & ECX1_SSE41)
        support |= SUPPORT_SSE41;
}

NOINLINE static int product(int a, int b) {
    detect();
    if (support & SUPPORT_SSE41)
        return multiply_sse41(a, b);
    return multiply_plain(a, b);
}

int main(void) {
    int result = product(6, 7);
    return finish(result, support & SUPPORT_SSE41 ? "fast" : "plain");
}
