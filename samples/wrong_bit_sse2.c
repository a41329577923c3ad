/* SPDX-License-Identifier: Apache-2.0 */
/* Tests SSE2, runs SSE4.1. */
#include "sample.h"

int main(void) {
    if (ask_cpuid(1, 0).edx & EDX1_SSE2)
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
