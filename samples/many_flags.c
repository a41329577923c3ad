/* SPDX-License-Identifier: Apache-2.0 */
/* Many flags that come one by one, one of them by the vendor's name, kept in an atomic word that starts with -1, as in FFmpeg. With
 * IDIOM_WRONG_BIT another flag is tested. */
#include "sample.h"

#include <stdatomic.h>
#include <string.h>

enum { FLAG_SSE2 = 0x10, FLAG_SSSE3 = 0x80, FLAG_SSE41 = 0x100, FLAG_AVX = 0x4000, FLAG_SLOW = 0x100000 };

#ifdef IDIOM_WRONG_BIT
#define WANTED FLAG_SSSE3
#else
#define WANTED FLAG_SSE41
#endif

static atomic_int known = -1;

NOINLINE static int ask(void) {
    int flags = 0;
    struct cpuid_registers r = ask_cpuid(0, 0);
    uint32_t vendor[3] = {r.ebx, r.edx, r.ecx};
    if (r.eax >= 1) {
        r = ask_cpuid(1, 0);
        if (r.edx & EDX1_SSE2)
            flags |= FLAG_SSE2;
        if (r.ecx & ECX1_SSSE3)
            flags |= FLAG_SSSE3;
        if (r.ecx & ECX1_SSE41)
            flags |= FLAG_SSE41;
        if (r.ecx & ECX1_AVX)
            flags |= FLAG_AVX;
        if (!strncmp((const char *)vendor, "GenuineIntel", 12) && (r.eax >> 8 & 15) == 6)
            flags |= FLAG_SLOW;
    }
    return flags;
}

NOINLINE static int get_flags(void) {
    int flags = atomic_load_explicit(&known, memory_order_relaxed);
    if (flags == -1) {
        flags = ask();
        atomic_store_explicit(&known, flags, memory_order_relaxed);
    }
    return flags;
}

int main(void) {
    bool fast = get_flags() & WANTED;
    return finish(fast ? multiply_sse41(6, 7) : multiply_plain(6, 7), fast ? "fast" : "plain");
}
