/* SPDX-License-Identifier: Apache-2.0 */
/* The word is reached through a function that returns its address, and exchanged there; what goes into it was doubled before (as
 * Highway does with its targets). */
#include "sample.h"

#define ASKED 1u
#define FAST (ECX1_SSE41 << 3)

static unsigned long word;

static NOINLINE unsigned long *chosen(void) {
    __asm__ volatile(""); /* a call of it stays a call */
    return &word;
}

__attribute__((constructor)) static void choose(void) {
    unsigned long targets = ASKED;
    if (ask_cpuid(0, 0).eax >= 1)
        targets |= (unsigned long)(ask_cpuid(1, 0).ecx & ECX1_SSE41) << 2;
    __asm__ volatile("add %0, %0" : "+r"(targets) : : "cc");
    __atomic_exchange_n(chosen(), targets, __ATOMIC_SEQ_CST);
}

int main(void) {
    if (__atomic_load_n(chosen(), __ATOMIC_ACQUIRE) & FAST)
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
