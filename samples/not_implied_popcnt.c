/* SPDX-License-Identifier: Apache-2.0 */
/* Tests POPCNT and runs SSE4.1: AMD's Barcelona has the one without the other. */
#include "sample.h"

int main(void) {
    if (ask_cpuid(1, 0).ecx & ECX1_POPCNT)
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
