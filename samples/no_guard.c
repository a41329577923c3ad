/* SPDX-License-Identifier: Apache-2.0 */
/* The instruction is simply used. */
#include "sample.h"

NOINLINE static int kernel(int a, int b) {
    return multiply_sse41(a, b);
}

int main(void) {
    return finish(kernel(6, 7), "fast");
}
