/* SPDX-License-Identifier: Apache-2.0 */
/* AVX2 with everything the guideline asks: highest leaf, AVX, OSXSAVE, XCR0, AVX2. */
#include "sample.h"
#include "avx.h"

int main(void) {
    if (ask_cpuid(0, 0).eax >= 7 && avx_usable() && (ask_cpuid(7, 0).ebx & EBX7_AVX2))
        return finish(absolute_avx2(-42), "fast");
    return finish(abs(-42), "plain");
}
