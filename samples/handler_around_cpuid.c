/* SPDX-License-Identifier: Apache-2.0 */
/* CPUID itself may trap on the oldest CPUs: a handler is there while it runs, and decides nothing else. */
#include "sample.h"

#include <setjmp.h>
#include <signal.h>

static jmp_buf back;

static void no_cpuid(int signal_number) {
    (void)signal_number;
    longjmp(back, 1);
}

NOINLINE static bool try_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t output[4]) {
    volatile bool result = true;
    void (*volatile before)(int) = signal(SIGILL, no_cpuid);
    if (before == SIG_ERR)
        return false;
    if (setjmp(back)) {
        result = false;
    } else {
        struct cpuid_registers r = ask_cpuid(leaf, subleaf);
        output[0] = r.eax;
        output[1] = r.ebx;
        output[2] = r.ecx;
        output[3] = r.edx;
    }
    signal(SIGILL, before);
    return result;
}

static bool has_sse41;

NOINLINE static void detect(void) {
    uint32_t output[4] = {0};
    if (try_cpuid(1, 0, output))
        has_sse41 = output[2] & ECX1_SSE41;
}

int main(void) {
    detect();
    return finish(has_sse41 ? multiply_sse41(6, 7) : multiply_plain(6, 7), has_sse41 ? "fast" : "plain");
}
