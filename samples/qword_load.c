/* SPDX-License-Identifier: Apache-2.0 */
/* Words of several leaves side by side, read as one 64-bit number: bit 51 of ECX:EBX is bit 19 of ECX. */
#include "sample.h"
#include <string.h>

static uint32_t words[4];

NOINLINE static void detect(void) {
    struct cpuid_registers one = ask_cpuid(1, 0);
    words[0] = one.edx;
    words[1] = one.ebx;
    words[2] = one.ecx;
    words[3] = 0;
}

int main(void) {
    uint64_t both;
    detect();
    memcpy(&both, &words[1], sizeof both);
    if (both & (1ull << 51))
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
