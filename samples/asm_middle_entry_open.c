/* SPDX-License-Identifier: Apache-2.0 */
/* Enters the routine above its test, and also behind it. */
#include "sample.h"

int guarded(void);

int main(void) {
    int result;
    __asm__ volatile("mov $6, %%eax\n\tmov $7, %%edx\n\tcall middle" : "=a"(result) : : "rdx", "xmm0", "xmm1", "memory");
    return finish(result ? result : guarded(), "fast");
}
