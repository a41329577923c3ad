/* SPDX-License-Identifier: Apache-2.0 */
/* The level comes from CPUID; the user may override it. */
#include "sample.h"

static unsigned capabilities;

NOINLINE static void detect(void) {
    capabilities = ask_cpuid(1, 0).ecx;
    const char *text = getenv("SAMPLE_CAPABILITIES");
    if (text)
        capabilities = (unsigned)strtoul(text, NULL, 0);
}

int main(void) {
    detect();
    if (capabilities & ECX1_SSE41)
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
