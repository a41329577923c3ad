/* SPDX-License-Identifier: Apache-2.0 */
/* The lowest bit of a mask picks a row of a table of functions, whose address is left in a register in which a third argument would
 * be. What the functions call reads that register only if it goes on behind the end of a function that never returns, or takes
 * numbers of floating point in it. So does libjxl with Highway's tables. With IDIOM_PASSED one of the functions does get the table. */
#include "sample.h"

#include <math.h>

#define HAS_SSE41 (1ul << 1)
#define HAS_ALWAYS (1ul << 2)

static unsigned long mask = HAS_ALWAYS;
static const char *path = "plain";

__attribute__((noreturn)) NOINLINE static void fail(const char *what) {
    puts(what);
    abort();
}

NOINLINE static int checked(double product) {
    if (product > 1e9)
        fail("too much");
    return (int)product;
}

#ifdef IDIOM_PASSED
typedef int multiply_function(int a, int b, const void *table);
#define PARAMETER , const void *rows
#else
typedef int multiply_function(int a, int b);
#define PARAMETER
#endif

static int multiply_never(int a, int b PARAMETER) {
#ifdef IDIOM_PASSED
    return ((multiply_function *const *)rows)[1](a, b, rows);
#else
    return a - b;
#endif
}

static int multiply_fast(int a, int b PARAMETER) {
#ifdef IDIOM_PASSED
    (void)rows;
#endif
    if (a < 0)
        fail("negative");
    path = "fast";
    double rest = fmod(b, 1000.0);
    return checked(multiply_sse41(a, (int)rest));
}

static int multiply_slow(int a, int b PARAMETER) {
#ifdef IDIOM_PASSED
    return ((multiply_function *const *)rows)[0](a, b, rows);
#else
    return checked(fmod(a, 1000.0) * b);
#endif
}

static multiply_function *const table[3] = {multiply_never, multiply_fast, multiply_slow};

NOINLINE static int multiply(int a, int b) {
#ifdef IDIOM_PASSED
    return table[__builtin_ctzl(mask & (HAS_SSE41 | HAS_ALWAYS))](a, b, table);
#else
    return table[__builtin_ctzl(mask & (HAS_SSE41 | HAS_ALWAYS))](a, b);
#endif
}

int main(void) {
    if (ask_cpuid(0, 0).eax >= 1 && ask_cpuid(1, 0).ecx & ECX1_SSE41)
        mask |= HAS_SSE41;
    int result = multiply(6, 7);
    return finish(result, path);
}
