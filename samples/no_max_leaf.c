/* SPDX-License-Identifier: Apache-2.0 */
/* Leaf 7 is asked without asking whether there is one: an old Intel CPU answers with its last leaf. */
#include "sample.h"
#include "avx.h"

int main(void) {
    if (avx_usable() && (ask_cpuid(7, 0).ebx & EBX7_AVX2))
        return finish(absolute_avx2(-42), "fast");
    return finish(abs(-42), "plain");
}
