/* SPDX-License-Identifier: Apache-2.0 */
/* One caller asks, the other does not. */
#include "sample.h"

NOINLINE static int kernel(int a, int b) {
    return multiply_sse41(a, b);
}

NOINLINE static int careful(int a, int b) {
    if (ask_cpuid(1, 0).ecx & ECX1_SSE41)
        return kernel(a, b);
    return multiply_plain(a, b);
}

NOINLINE static int careless(int a, int b) {
    return kernel(a, b);
}

int main(int argc, char **argv) {
    (void)argv;
    if (argc < 5)
        return finish(careless(6, 7), "fast");
    return finish(careful(6, 7), "fast");
}
