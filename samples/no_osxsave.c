/* SPDX-License-Identifier: Apache-2.0 */
/* The AVX bit alone. A mask hides it, so a migration is safe; a kernel without AVX support is not. */
#include "sample.h"

int main(void) {
    if (ask_cpuid(1, 0).ecx & ECX1_AVX)
        return finish(copy_avx(42), "fast");
    return finish(42, "plain");
}
