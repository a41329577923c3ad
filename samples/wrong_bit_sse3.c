/* SPDX-License-Identifier: Apache-2.0 */
/* Tests SSE3, runs SSSE3: one letter. */
#include "sample.h"

int main(void) {
    if (ask_cpuid(1, 0).ecx & ECX1_SSE3)
        return finish(absolute_ssse3(-42), "fast");
    return finish(abs(-42), "plain");
}
