/* SPDX-License-Identifier: Apache-2.0 */
/* Tests BMI2 and runs LZCNT, as libzstd does: no known CPU has the one without the other. */
#include "sample.h"

int main(void) {
    if (ask_cpuid(0, 0).eax >= 7 && (ask_cpuid(7, 0).ebx & (1u << 8)))
        return finish((int)leading_zeros_lzcnt(1) + 11, "fast");
    return finish(__builtin_clz(1) + 11, "plain");
}
