/* SPDX-License-Identifier: Apache-2.0 */
/* "This CPU has it, or that of another architecture does": nothing in this build ever writes the other word (Go's crypto/aes:
 * cpu.X86.HasAES || cpu.ARM64.HasAES). */
#include "sample.h"

static uint8_t here[4];
__attribute__((visibility("hidden"))) volatile uint8_t elsewhere[4];
static uint8_t supported;

NOINLINE static void detect(void) {
    here[1] = (ask_cpuid(1, 0).ecx & ECX1_SSE41) != 0;
}

NOINLINE static void decide(void) {
    supported = here[1] || elsewhere[2];
}

NOINLINE static int product(int a, int b) {
    if (supported)
        return multiply_sse41(a, b);
    return multiply_plain(a, b);
}

int main(void) {
    detect();
    decide();
    return finish(product(6, 7), supported ? "fast" : "plain");
}
