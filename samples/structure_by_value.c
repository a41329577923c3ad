/* SPDX-License-Identifier: Apache-2.0 */
/* A structure that a detecting function returns, copied to a global. With IDIOM_WRONG_MEMBER another member is tested. */
#include "sample.h"

#include <string.h>

#ifdef IDIOM_WRONG_MEMBER
#define MEMBER ssse3
#else
#define MEMBER sse41
#endif

struct features {
    char vendor[12];
    bool sse2, ssse3, sse41, avx;
    uint32_t highest;
};

static struct features features;

NOINLINE static struct features detect(void) {
    struct features found;
    memset(&found, 0, sizeof found);
    struct cpuid_registers r = ask_cpuid(0, 0);
    memcpy(found.vendor, &r.ebx, 4);
    memcpy(found.vendor + 4, &r.edx, 4);
    memcpy(found.vendor + 8, &r.ecx, 4);
    found.highest = r.eax;
    if (r.eax < 1)
        return found;
    r = ask_cpuid(1, 0);
    found.sse2 = r.edx & EDX1_SSE2;
    found.ssse3 = r.ecx & ECX1_SSSE3;
    found.sse41 = r.ecx & ECX1_SSE41;
    found.avx = r.ecx & ECX1_AVX;
    return found;
}

int main(void) {
    features = detect();
    return finish(features.MEMBER ? multiply_sse41(6, 7) : multiply_plain(6, 7), features.MEMBER ? "fast" : "plain");
}
