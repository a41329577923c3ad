/* SPDX-License-Identifier: Apache-2.0 */
/* main is careful; what runs after it is not. */
#include "sample.h"

static volatile int sum;

__attribute__((destructor)) static void tidy(void) {
    sum = multiply_sse41(6, 7);
}

int main(void) {
    return finish(multiply_plain(6, 7), "plain");
}
