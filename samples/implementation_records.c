/* SPDX-License-Identifier: Apache-2.0 */
/* Records of implementations with the set that each requires, compared with what was found, as in simdjson. With IDIOM_WRONG_SET
 * the first one requires too little. */
#include "sample.h"

enum { HAS_SSSE3 = 1, HAS_SSE41 = 2, HAS_AVX2 = 4 };

struct implementation {
    const char *path;
    unsigned required;
    int (*product)(int a, int b);
};

static int product_sse41(int a, int b) {
    return multiply_sse41(a, b);
}

static int product_plain(int a, int b) {
    return multiply_plain(a, b);
}

#ifdef IDIOM_WRONG_SET
#define REQUIRED HAS_SSSE3
#else
#define REQUIRED (HAS_SSSE3 | HAS_SSE41)
#endif

static const struct implementation implementations[] = {
    {"fast", REQUIRED, product_sse41},
    {"plain", 0, product_plain},
};

NOINLINE static unsigned detect(void) {
    uint32_t ecx = ask_cpuid(1, 0).ecx;
    unsigned found = 0;
    if (ecx & ECX1_SSSE3)
        found |= HAS_SSSE3;
    if (ecx & ECX1_SSE41)
        found |= HAS_SSE41;
    return found;
}

NOINLINE static const struct implementation *choose(unsigned found) {
    for (size_t i = 0; i < sizeof implementations / sizeof *implementations; i++)
        if ((implementations[i].required & found) == implementations[i].required)
            return &implementations[i];
    return NULL;
}

int main(void) {
    const struct implementation *best = choose(detect());
    return best ? finish(best->product(6, 7), best->path) : 1;
}
