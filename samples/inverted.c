/* SPDX-License-Identifier: Apache-2.0 */
/* The branches are swapped. */
#include "sample.h"

int main(void) {
    if (!(ask_cpuid(1, 0).ecx & ECX1_SSE41))
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
