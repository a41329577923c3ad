/* SPDX-License-Identifier: Apache-2.0 */
/* A function that answers yes or no. */
#include "sample.h"

NOINLINE static bool have_sse41(void) {
    return (ask_cpuid(1, 0).ecx >> 19) & 1;
}

int main(void) {
    if (have_sse41())
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
