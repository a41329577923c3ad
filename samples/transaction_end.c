/* SPDX-License-Identifier: Apache-2.0 */
/* A lock that is elided where there are transactions. Who leaves asks the lock whether there is a transaction to end, not the CPU.
 * With IDIOM_WRONG_BIT the first asks for AVX2. */
#include "sample.h"

#include <immintrin.h>

#ifdef IDIOM_WRONG_BIT
#define BIT_OF_FAST (1u << 5)
#else
#define BIT_OF_FAST (1u << 11)
#endif

static volatile int held;
static bool has_transactions;

__attribute__((constructor)) static void detect(void) {
    has_transactions = ask_cpuid(0, 0).eax >= 7 && ask_cpuid(7, 0).ebx & BIT_OF_FAST;
}

NOINLINE __attribute__((target("rtm"))) static void enter(void) {
    if (has_transactions && _xbegin() == _XBEGIN_STARTED) {
        if (!held)
            return;
        _xabort(1);
    }
    held = 1;
}

NOINLINE __attribute__((target("rtm"))) static void leave(void) {
    if (held)
        held = 0;
    else
        _xend();
}

int main(void) {
    enter();
    int product = multiply_plain(6, 7);
    leave();
    return finish(product, has_transactions ? "fast" : "plain");
}
