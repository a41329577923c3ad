/* SPDX-License-Identifier: Apache-2.0 */
/* A function that hands its question on by a tail call. */
#include "sample.h"

static uint32_t known;

NOINLINE static uint32_t read_flags(uint32_t mask) {
    struct cpuid_registers r = ask_cpuid(1, 0);
    uint32_t flags = 1;
    if (r.edx & EDX1_SSE2)
        flags |= 2;
    if (r.ecx & ECX1_SSE41)
        flags |= 4;
    return known = flags & mask;
}

NOINLINE static uint32_t read_all_flags(void) {
    return read_flags(~0u);
}

NOINLINE static bool has_flag(uint32_t flag) {
    uint32_t flags = known;
    return (flags ? flags : read_all_flags()) & flag;
}

int main(void) {
    bool fast = has_flag(4);
    return finish(fast ? multiply_sse41(6, 7) : multiply_plain(6, 7), fast ? "fast" : "plain");
}
