/* SPDX-License-Identifier: Apache-2.0 */
/* A helper that returns a structure. */
#include "sample.h"

NOINLINE static struct cpuid_registers cpuid(uint32_t leaf) {
    return ask_cpuid(leaf, 0);
}

int main(void) {
    if (cpuid(1).ecx & ECX1_SSE41)
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
