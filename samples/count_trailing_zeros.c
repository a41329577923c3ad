/* SPDX-License-Identifier: Apache-2.0 */
/* Compilers write TZCNT's bytes for __builtin_ctz in code for any CPU: for a number that is not zero BSF is as good. */
#include "sample.h"

volatile unsigned input = 1u << 21;

int main(void) {
    int zeros = __builtin_ctz(input);
    return finish(zeros * 2, "plain");
}
