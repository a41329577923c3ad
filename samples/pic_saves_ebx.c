/* SPDX-License-Identifier: Apache-2.0 */
/* The old way of i386 position-independent code: EBX is the table register, so it is put aside around CPUID. */
#include "sample.h"

NOINLINE static uint32_t leaf1_ecx(void) {
    uint32_t a = 1, b, c = 0, d;
#ifdef __i386__
    __asm__ volatile("xchgl %%ebx, %1\n\tcpuid\n\txchgl %%ebx, %1" : "+a"(a), "=&r"(b), "+c"(c), "=d"(d));
#else
    __asm__ volatile("xchgq %%rbx, %q1\n\tcpuid\n\txchgq %%rbx, %q1" : "+a"(a), "=&r"(b), "+c"(c), "=d"(d));
#endif
    return c;
}

int main(void) {
    if (leaf1_ecx() & ECX1_SSE41)
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
