/* SPDX-License-Identifier: Apache-2.0 */
/* XGETBV is an instruction too: without OSXSAVE it faults. */
#include "sample.h"

int main(void) {
    if ((read_xcr0() & 6) == 6 && (ask_cpuid(1, 0).ecx & ECX1_AVX))
        return finish(copy_avx(42), "fast");
    return finish(42, "plain");
}
