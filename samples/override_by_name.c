/* SPDX-License-Identifier: Apache-2.0 */
/* A list of features in the environment, each by its name, instead of what CPUID says. */
#include "sample.h"

#include <string.h>

struct features {
    int sse2, sse41;
};

NOINLINE static void find_features(struct features *features) {
    const char *list = getenv("SAMPLE_FEATURES");
    features->sse2 = features->sse41 = 0;
    if (!list) {
        struct cpuid_registers r = ask_cpuid(1, 0);
        features->sse2 = (r.edx & EDX1_SSE2) != 0;
        features->sse41 = (r.ecx & ECX1_SSE41) != 0;
        return;
    }
    for (;;) {
        const char *comma = strchr(list, ',');
        size_t length = comma ? (size_t)(comma - list) : strlen(list);
        if (length == 5 && !memcmp(list, "sse41", 5))
            features->sse41 = 1;
        if (!comma)
            return;
        list = comma + 1;
    }
}

int main(void) {
    struct features features;
    find_features(&features);
    return finish(features.sse41 ? multiply_sse41(6, 7) : multiply_plain(6, 7), features.sse41 ? "fast" : "plain");
}
