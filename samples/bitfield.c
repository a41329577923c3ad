/* SPDX-License-Identifier: Apache-2.0 */
/* CPUID laid over a bitfield. */
#include "sample.h"

union leaf1_ecx {
    uint32_t word;
    struct {
        uint32_t sse3 : 1, unused1 : 8, ssse3 : 1, unused2 : 9, sse41 : 1, sse42 : 1, unused3 : 11;
    } bit;
};

int main(void) {
    union leaf1_ecx leaf = {.word = ask_cpuid(1, 0).ecx};
    if (leaf.bit.sse41)
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
