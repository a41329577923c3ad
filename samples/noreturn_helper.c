/* SPDX-License-Identifier: Apache-2.0 */
/* The end of the process is in a function of the program's own. */
#include "sample.h"

__attribute__((noreturn)) NOINLINE static void give_up(const char *why) {
    fputs(why, stderr);
    exit(1);
}

int main(void) {
    if (!(ask_cpuid(1, 0).ecx & ECX1_SSE41))
        give_up("this program needs SSE4.1\n");
    return finish(multiply_sse41(6, 7), "fast");
}
