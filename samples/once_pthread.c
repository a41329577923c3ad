/* SPDX-License-Identifier: Apache-2.0 */
/* Detection under pthread_once, then a global function pointer, as in libvpx. */
#include "sample.h"
#include <pthread.h>

static int product_plain(int a, int b) {
    return multiply_plain(a, b);
}

static int product_sse41(int a, int b) {
    return multiply_sse41(a, b);
}

static int (*product)(int, int);
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void detect(void) {
    product = product_plain;
    if (ask_cpuid(1, 0).ecx & ECX1_SSE41)
        product = product_sse41;
}

int main(void) {
    pthread_once(&once, detect);
    return finish(product(6, 7), product == product_sse41 ? "fast" : "plain");
}
