/* SPDX-License-Identifier: Apache-2.0 */
/* A helper in the manner of MSVC: int registers[4]. */
#include "sample.h"

NOINLINE static void cpuid(int registers[4], int leaf) {
    struct cpuid_registers r = ask_cpuid((uint32_t)leaf, 0);
    registers[0] = (int)r.eax;
    registers[1] = (int)r.ebx;
    registers[2] = (int)r.ecx;
    registers[3] = (int)r.edx;
}

int main(void) {
    int registers[4];
    cpuid(registers, 1);
    if (registers[2] & (int)ECX1_SSE41)
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
