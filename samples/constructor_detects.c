/* SPDX-License-Identifier: Apache-2.0 */
/* A constructor asks, main uses. */
#include "sample.h"

static bool have_sse41;

__attribute__((constructor)) static void detect(void) {
    have_sse41 = ask_cpuid(1, 0).ecx & ECX1_SSE41;
}

int main(void) {
    if (have_sse41)
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
