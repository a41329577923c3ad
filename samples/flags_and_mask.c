/* SPDX-License-Identifier: Apache-2.0 */
/* flags & mask, where the mask lets the user switch features off, as in dav1d. */
#include "sample.h"

static unsigned flags;
static unsigned mask = ~0u;

NOINLINE void set_mask(unsigned value);
NOINLINE void set_mask(unsigned value) {
    mask = value;
}

NOINLINE static void detect(void) {
    uint32_t ecx = ask_cpuid(1, 0).ecx;
    if (ecx & ECX1_SSSE3)
        flags |= 2;
    if (ecx & ECX1_SSE41)
        flags |= 4;
}

int main(void) {
    detect();
    if (getenv("SAMPLE_MASK"))
        set_mask((unsigned)strtoul(getenv("SAMPLE_MASK"), NULL, 0));
    if (flags & mask & 4)
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
