/* SPDX-License-Identifier: Apache-2.0 */
/* The right bit of the wrong leaf: leaf 7 EBX bit 19 is ADX, not SSE4.1. */
#include "sample.h"

int main(void) {
    if (ask_cpuid(0, 0).eax >= 7 && (ask_cpuid(7, 0).ebx & ECX1_SSE41))
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
