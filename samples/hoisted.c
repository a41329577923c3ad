/* SPDX-License-Identifier: Apache-2.0 */
/* The instruction has moved above its test, as a compiler may do with one that it believes harmless. */
#include "sample.h"

int main(void) {
    int early = multiply_sse41(6, 7);
    if (ask_cpuid(1, 0).ecx & ECX1_SSE41)
        return finish(early, "fast");
    return finish(multiply_plain(6, 7), "plain");
}
