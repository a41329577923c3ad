/* SPDX-License-Identifier: Apache-2.0 */
/* As PCRE2's code generator does it: LZCNT of zero clears ZF, BSR of zero sets it. */
#include "sample.h"

int main(void) {
    uint32_t zeros, nothing = 0;
    unsigned char have;
    __asm__ volatile("lzcnt %2, %0\n\tsetnz %1" : "=r"(zeros), "=q"(have) : "r"(nothing) : "cc");
    if (have)
        return finish((int)leading_zeros_lzcnt(1) + 11, "fast");
    return finish(__builtin_clz(1) + 11, "plain");
}
