/* SPDX-License-Identifier: Apache-2.0 */
/* glibc's public answer, 2.33 and later: <sys/platform/x86.h>, in CPUID's own numbering. */
#include "sample.h"
#include <sys/platform/x86.h>

int main(void) {
    if (CPU_FEATURE_ACTIVE(SSE4_1))
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
