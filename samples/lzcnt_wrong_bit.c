/* SPDX-License-Identifier: Apache-2.0 */
/* LZCNT's bit is in leaf 0x80000001; this asks for POPCNT. */
#include "sample.h"

int main(void) {
    if (ask_cpuid(1, 0).ecx & ECX1_POPCNT)
        return finish((int)leading_zeros_lzcnt(1) + 11, "fast");
    return finish(__builtin_clz(1) + 11, "plain");
}
