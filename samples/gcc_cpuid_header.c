/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler's own <cpuid.h>, which asks for the highest leaf first. */
#include "sample.h"
#include <cpuid.h>

int main(void) {
    unsigned eax, ebx, ecx, edx;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & bit_SSE4_1))
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
