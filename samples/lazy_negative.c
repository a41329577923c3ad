/* SPDX-License-Identifier: Apache-2.0 */
/* A flag that starts with -1 for "not asked yet". With IDIOM_WRONG_BIT it is another feature's. */
#include "sample.h"

#ifdef IDIOM_WRONG_BIT
#define WANTED ECX1_SSE3
#else
#define WANTED ECX1_SSE41
#endif

static int usable = -1;

NOINLINE static int is_usable(void) {
    if (usable < 0)
        usable = (ask_cpuid(1, 0).ecx & WANTED) != 0;
    return usable;
}

int main(void) {
    int fast = is_usable();
    return finish(fast ? multiply_sse41(6, 7) : multiply_plain(6, 7), fast ? "fast" : "plain");
}
