/* SPDX-License-Identifier: Apache-2.0 */
/* What the samples share: asking CPUID, instructions of known features, and the closing word.
 *
 * A sample computes 6 * 7 (or another number known beforehand) on one of two paths, prints "fast" or "plain" and ends with
 * 0; a wrong result prints "wrong" and ends with 3. The instructions are inline assembly, so that no compiler flag adds or
 * moves any. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define NOINLINE __attribute__((noinline))

/* Places in CPUID: Intel SDM volume 2, CPUID; leaf 1 and leaf 7. */
#define ECX1_SSE3 (1u << 0)
#define ECX1_SSSE3 (1u << 9)
#define ECX1_SSE41 (1u << 19)
#define ECX1_SSE42 (1u << 20)
#define ECX1_POPCNT (1u << 23)
#define ECX1_OSXSAVE (1u << 27)
#define ECX1_AVX (1u << 28)
#define EDX1_SSE2 (1u << 26)
#define EBX7_AVX2 (1u << 5)

struct cpuid_registers {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid_registers ask_cpuid(uint32_t leaf, uint32_t subleaf) {
    struct cpuid_registers r;
    __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "0"(leaf), "2"(subleaf));
    return r;
}

static inline uint64_t read_xcr0(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

/* PMULLD is SSE4.1. */
static inline int multiply_sse41(int a, int b) {
    int product;
    __asm__ volatile("movd %1, %%xmm0\n\tmovd %2, %%xmm1\n\tpmulld %%xmm1, %%xmm0\n\tmovd %%xmm0, %0"
                     : "=r"(product)
                     : "r"(a), "r"(b)
                     : "xmm0", "xmm1");
    return product;
}

/* PABSD is SSSE3. */
static inline int absolute_ssse3(int a) {
    int result;
    __asm__ volatile("movd %1, %%xmm0\n\tpabsd %%xmm0, %%xmm0\n\tmovd %%xmm0, %0" : "=r"(result) : "r"(a) : "xmm0");
    return result;
}

/* VPABSD on YMM is AVX2. */
static inline int absolute_avx2(int a) {
    int result;
    __asm__ volatile("movd %1, %%xmm0\n\tvpabsd %%ymm0, %%ymm0\n\tvzeroupper\n\tmovd %%xmm0, %0"
                     : "=r"(result)
                     : "r"(a)
                     : "xmm0");
    return result;
}

/* VORPS on YMM is AVX. */
static inline int copy_avx(int a) {
    int result;
    __asm__ volatile("movd %1, %%xmm0\n\tvorps %%ymm0, %%ymm0, %%ymm0\n\tvzeroupper\n\tmovd %%xmm0, %0"
                     : "=r"(result)
                     : "r"(a)
                     : "xmm0");
    return result;
}

static inline uint32_t count_popcnt(uint32_t a) {
    uint32_t count;
    __asm__ volatile("popcnt %1, %0" : "=r"(count) : "r"(a) : "cc");
    return count;
}

/* LZCNT runs as BSR on a CPU that lacks it: no fault, another number. */
static inline uint32_t leading_zeros_lzcnt(uint32_t a) {
    uint32_t count;
    __asm__ volatile("lzcnt %1, %0" : "=r"(count) : "r"(a) : "cc");
    return count;
}

/* The same work for every CPU. */
static inline int multiply_plain(int a, int b) {
    return a * b;
}

static inline int finish(int result, const char *path) {
    if (result != 42) {
        puts("wrong");
        return 3;
    }
    puts(path);
    return 0;
}

#endif
