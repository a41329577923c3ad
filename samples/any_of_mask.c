/* SPDX-License-Identifier: Apache-2.0 */
/* Several bits at once, and any of them will do: (v & M) != 0. */
#include "sample.h"

int main(void) {
    uint32_t either = ECX1_SSSE3 | ECX1_SSE41;
    if ((ask_cpuid(1, 0).ecx & either) != 0)
        return finish(absolute_ssse3(multiply_sse41(6, -7)), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
