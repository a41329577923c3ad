/* SPDX-License-Identifier: Apache-2.0 */
/* Asked once, at the first use. */
#include "sample.h"

static bool asked;
static uint32_t word;

NOINLINE static uint32_t features(void) {
    if (!asked) {
        word = ask_cpuid(1, 0).ecx;
        asked = true;
    }
    return word;
}

int main(void) {
    if (features() & ECX1_SSE41)
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
