/* SPDX-License-Identifier: Apache-2.0 */
/* The right bit of the wrong leaf: LZCNT is bit 5 of leaf 0x80000001 ECX; bit 5 of leaf 1 ECX is VMX. */
#include "sample.h"

int main(void) {
    if (ask_cpuid(1, 0).ecx & 32)
        return finish((int)leading_zeros_lzcnt(1) + 11, "fast");
    return finish(__builtin_clz(1) + 11, "plain");
}
