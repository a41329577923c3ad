/* SPDX-License-Identifier: Apache-2.0 */
/* A weak function, as C++ inline functions are, has two copies; the linker keeps the one compiled for the newer CPU. This
 * file is the innocent one: it calls its helper without a guard, as it may. */
#include "sample.h"
#include "comdat_leak.h"

int main(void) {
    int result = shared_helper(6, 7);
    if (ask_cpuid(1, 0).ecx & ECX1_SSE41)
        result = high_part(6, 7);
    return finish(result, "fast");
}
