/* SPDX-License-Identifier: Apache-2.0 */
/* "Every Intel CPU from model 0x17 on has SSE4.1", but not every virtual one. */
#include "sample.h"

int main(void) {
    uint32_t eax = ask_cpuid(1, 0).eax;
    uint32_t family = (eax >> 8) & 15;
    uint32_t model = ((eax >> 4) & 15) | ((eax >> 12) & 0xf0);
    if (family > 6 || (family == 6 && model >= 0x17))
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
