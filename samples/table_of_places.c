/* SPDX-License-Identifier: Apache-2.0 */
/* Own bits, one after another, by a table of places in CPUID's answers; a second table says what needs the operating system's
 * help. What turns out to be broken is taken away again. */
#include "sample.h"

enum { BIT_SSE3, BIT_SSSE3, BIT_SSE41, BIT_SSE42, BIT_POPCNT, BIT_AVX, BIT_SSE2, BIT_AVX2, BIT_KNOWN };

/* 32 * number of the word + bit */
#ifdef IDIOM_WRONG_BIT
#define PLACE_SSE41 9 /* of SSSE3 */
#else
#define PLACE_SSE41 19
#endif
static const uint8_t places[] = {0, 9, PLACE_SSE41, 20, 23, 28, 32 + 26, 64 + 5};

static const struct {
    uint64_t features, states;
} saved[] = {{1u << BIT_AVX | 1u << BIT_AVX2, 6}, {1u << BIT_AVX2, 2}};

static uint64_t found;
static volatile bool broken = true;

/* Rarely run: gcc puts what is done with its answer into a piece of code elsewhere, which jumps back. */
__attribute__((cold)) NOINLINE static bool is_broken(void) {
    return broken;
}

NOINLINE static uint64_t detect(void) {
    uint32_t words[3] = {0};
    uint64_t features = 0, xcr0 = 0;
    uint32_t highest = ask_cpuid(0, 0).eax;
    struct cpuid_registers one = ask_cpuid(1, 0);
    words[0] = one.ecx;
    words[1] = one.edx;
    if (highest >= 7)
        words[2] = ask_cpuid(7, 0).ebx;
    for (unsigned i = 0; i < sizeof places; i++)
        if (words[places[i] / 32u] & 1u << places[i] % 32u)
            features |= UINT64_C(1) << i;
    if (words[0] & ECX1_OSXSAVE)
        xcr0 = read_xcr0();
    for (unsigned i = 0; i < 2; i++)
        if ((xcr0 & saved[i].states) != saved[i].states)
            features &= ~saved[i].features;
    if (features & 1u << BIT_SSSE3 && is_broken()) {
#ifdef IDIOM_ADDS
        features |= 1u << BIT_SSE41;
#else
        features &= ~(UINT64_C(1) << BIT_SSE42);
#endif
    }
    return features | 1u << BIT_KNOWN;
}

NOINLINE static int product(int a, int b) {
    if (!found)
        found = detect();
    if (found & 1u << BIT_SSE41)
        return multiply_sse41(a, b);
    return multiply_plain(a, b);
}

int main(void) {
    int result = product(6, 7);
    return finish(result, found & 1u << BIT_SSE41 ? "fast" : "plain");
}
