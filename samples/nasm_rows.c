/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses between two functions of assembly; with IDIOM_WRONG_BIT it asks for SSE3. */
#include "sample.h"

#include <cpuid.h>

int rows_plain(int a, int b, int width);
int rows_fast(int a, int b, int width);

#ifdef IDIOM_WRONG_BIT
#define BIT_OF_FAST bit_SSE3
#else
#define BIT_OF_FAST bit_SSE4_1
#endif

static int (*multiply)(int a, int b, int width) = rows_plain;

int main(void) {
    unsigned a, b, c, d;
    if (__get_cpuid(1, &a, &b, &c, &d) && c & BIT_OF_FAST)
        multiply = rows_fast;
    int number = 0;
    for (int width = 4; width <= 32; width *= 2)
        number = multiply(6, 7, width);
    return finish(number, multiply == rows_plain ? "plain" : "fast");
}
