/* SPDX-License-Identifier: Apache-2.0 */
/* Several bits at once: (v & M) == M. */
#include "sample.h"

int main(void) {
    uint32_t needed = ECX1_SSSE3 | ECX1_SSE41;
    if ((ask_cpuid(1, 0).ecx & needed) == needed)
        return finish(absolute_ssse3(multiply_sse41(6, -7)), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
