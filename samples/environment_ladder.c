/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities that the user may name or mask, else CPUID's; each next one replaces the function that the one before chose, as in
 * libaom. */
#include "sample.h"

enum { HAS_SSE3 = 1, HAS_SSSE3 = 2, HAS_SSE41 = 4 };

#ifdef IDIOM_WRONG_BIT
#define ASKED ECX1_SSSE3
#else
#define ASKED ECX1_SSE41
#endif

static int arguments;

NOINLINE static int multiply_otherwise(int a, int b) {
    return multiply_plain(b, a);
}

static int (*volatile multiply)(int, int);

NOINLINE static unsigned capabilities(void) {
    unsigned mask = ~0u, have = 0;
    const char *text = getenv("SAMPLE_CAPABILITIES");
    if (text && *text)
        return (unsigned)strtoul(text, NULL, 0);
#ifdef IDIOM_NUMBER
    if (arguments > 0) /* neither an option nor the CPU */
        return HAS_SSE41;
#endif
    text = getenv("SAMPLE_MASK");
    if (text && *text)
        mask = (unsigned)strtoul(text, NULL, 0);
    if (!ask_cpuid(0, 0).eax)
        return 0;
    uint32_t ecx = ask_cpuid(1, 0).ecx;
    if (ecx & ECX1_SSE3)
        have |= HAS_SSE3;
    if (ecx & ECX1_SSSE3)
        have |= HAS_SSSE3;
    if (ecx & ASKED)
        have |= HAS_SSE41;
    return have & mask;
}

NOINLINE static void choose(void) {
    unsigned have = capabilities();
    int (*chosen)(int, int) = multiply_plain;
    if (have & HAS_SSSE3)
        chosen = multiply_otherwise;
    if (have & HAS_SSE41)
        chosen = multiply_sse41;
    multiply = chosen;
}

int main(int argc, char **argv) {
    (void)argv;
    arguments = argc;
    choose();
    return finish(multiply(6, 7), multiply == multiply_sse41 ? "fast" : "plain");
}
