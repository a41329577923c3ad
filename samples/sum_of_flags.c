/* SPDX-License-Identifier: Apache-2.0 */
/* Flags of an own numbering, added up; the upper half of the word has some, too. */
#include "sample.h"

static uint64_t flags;

NOINLINE static uint64_t detect(void) {
    struct cpuid_registers r = ask_cpuid(1, 0);
    uint64_t sum = (uint64_t)(r.ecx & ECX1_SSE42) << 20;
    sum += (r.ecx & ECX1_SSE3) << 4;
    sum += (r.ecx & ECX1_SSSE3) >> 4;
    sum += (r.ecx & ECX1_SSE41) >> 10;
    sum += (r.ecx & ECX1_POPCNT) >> 10;
    sum += (r.edx & EDX1_SSE2) >> 15;
    return sum;
}

int main(void) {
    flags = detect();
    bool fast = flags & 0x200;
    return finish(fast ? multiply_sse41(6, 7) : multiply_plain(6, 7), fast ? "fast" : "plain");
}
