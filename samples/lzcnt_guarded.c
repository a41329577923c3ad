/* SPDX-License-Identifier: Apache-2.0 */
/* LZCNT's bit is leaf 0x80000001 ECX bit 5. */
#include "sample.h"

int main(void) {
    if (ask_cpuid(0x80000000u, 0).eax >= 0x80000001u && (ask_cpuid(0x80000001u, 0).ecx & 32))
        return finish((int)leading_zeros_lzcnt(1) + 11, "fast");
    return finish(__builtin_clz(1) + 11, "plain");
}
