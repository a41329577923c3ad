/* SPDX-License-Identifier: Apache-2.0 */
/* Leaf 7 has subleaves, and ECX is whatever it was. */
#include "sample.h"
#include "avx.h"

volatile uint32_t leftover;

int main(void) {
    if (ask_cpuid(0, 0).eax >= 7 && avx_usable() && (ask_cpuid(7, leftover).ebx & EBX7_AVX2))
        return finish(absolute_avx2(-42), "fast");
    return finish(abs(-42), "plain");
}
