/* SPDX-License-Identifier: Apache-2.0 */
/* An option stands in a word of its own and goes first; only where nobody set it, CPUID says which targets there are. */
#include "sample.h"

#define PLAIN 1u

static unsigned long forced;

NOINLINE static unsigned long targets(void) {
    unsigned long found = forced;
    if (!found) {
        found = PLAIN;
        if (ask_cpuid(0, 0).eax >= 1)
            found |= ask_cpuid(1, 0).ecx & (ECX1_SSE41 | ECX1_SSSE3);
    }
    return found;
}

void force(const char *word);

NOINLINE void force(const char *word) {
    forced = strtoul(word, NULL, 0);
}

int main(int argc, char **argv) {
    if (argc > 1)
        force(argv[1]);
    if (targets() & ECX1_SSE41)
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
