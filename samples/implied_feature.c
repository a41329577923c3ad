/* SPDX-License-Identifier: Apache-2.0 */
/* Tests SSE4.1 and runs SSSE3: against the book, but no known CPU has the one without the other. */
#include "sample.h"

int main(void) {
    if (ask_cpuid(1, 0).ecx & ECX1_SSE41)
        return finish(absolute_ssse3(-42), "fast");
    return finish(abs(-42), "plain");
}
