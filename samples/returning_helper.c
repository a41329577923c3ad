/* SPDX-License-Identifier: Apache-2.0 */
/* It looks like the end of the process, but it only complains. */
#include "sample.h"

NOINLINE static void complain(const char *why) {
    fputs(why, stderr);
}

int main(void) {
    if (!(ask_cpuid(1, 0).ecx & ECX1_SSE41))
        complain("this program needs SSE4.1\n");
    return finish(multiply_sse41(6, 7), "fast");
}
