/* SPDX-License-Identifier: Apache-2.0 */
/* The right bit of the wrong register: EDX bit 9 is APIC. */
#include "sample.h"

int main(void) {
    if (ask_cpuid(1, 0).edx & ECX1_SSSE3)
        return finish(absolute_ssse3(-42), "fast");
    return finish(abs(-42), "plain");
}
