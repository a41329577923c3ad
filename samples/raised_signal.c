/* SPDX-License-Identifier: Apache-2.0 */
/* A check at the start that ends the program by a signal. */
#include "sample.h"

#include <signal.h>

int main(void) {
    if (!(ask_cpuid(1, 0).ecx & ECX1_SSE41))
        raise(SIGKILL);
    return finish(multiply_sse41(6, 7), "fast");
}
