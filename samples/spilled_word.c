/* SPDX-License-Identifier: Apache-2.0 */
/* The word goes through memory between the question and the test. */
#include "sample.h"

int main(void) {
    volatile uint32_t word = ask_cpuid(1, 0).ecx;
    puts("looking");
    if (word & ECX1_SSE41)
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
