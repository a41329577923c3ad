/* SPDX-License-Identifier: Apache-2.0 */
/* Encodings that an older CPU takes for NOP: ENDBR64, PREFETCHW, RDSSP, CLDEMOTE. */
#include "sample.h"

static char line[64];

int main(void) {
    uintptr_t shadow = 42;
    __asm__ volatile("endbr64\n\tprefetchw %0" : : "m"(line));
    __asm__ volatile(".byte 0x0f, 0x1c, 0x00" : : "a"(line)); /* cldemote [rax] */
#ifdef __x86_64__
    __asm__ volatile("rdsspq %0" : "+r"(shadow));
#else
    __asm__ volatile("rdsspd %0" : "+r"(shadow));
#endif
    return finish(multiply_plain(6, 7), "plain");
}
