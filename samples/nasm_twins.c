/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses between two functions of assembly; with IDIOM_WRONG_BIT it asks for SSE3, with IDIOM_NAMED it runs another one without
 * asking. */
#include "sample.h"

#include <cpuid.h>

int twins_plain(int a, int b);
int twins_fast(int a, int b);
int twins_any(int a, int b);

#ifdef IDIOM_WRONG_BIT
#define BIT_OF_FAST bit_SSE3
#else
#define BIT_OF_FAST bit_SSE4_1
#endif
#ifdef IDIOM_NAMED
#define PLAIN twins_any
#else
#define PLAIN twins_plain
#endif

static int (*multiply)(int a, int b) = PLAIN;

int main(void) {
    unsigned a, b, c, d;
    if (__get_cpuid(1, &a, &b, &c, &d) && c & BIT_OF_FAST)
        multiply = twins_fast;
    int number = multiply(7, 6);
    return finish(number == multiply(6, 7) ? number : 0, multiply == PLAIN ? "plain" : "fast");
}
