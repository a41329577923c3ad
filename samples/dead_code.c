/* SPDX-License-Identifier: Apache-2.0 */
/* The function is there, but no way leads to it. */
#include "sample.h"

__attribute__((used)) NOINLINE static int never_called(int a, int b) {
    return multiply_sse41(a, b);
}

int main(void) {
    return finish(multiply_plain(6, 7), "plain");
}
