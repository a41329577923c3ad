/* SPDX-License-Identifier: Apache-2.0 */
/* TZCNT of zero is 32; BSF leaves its register alone. This program depends on the difference. */
#include "sample.h"

volatile uint32_t input;

int main(void) {
    uint32_t zeros = 7, value = input;
    __asm__ volatile("tzcnt %1, %0" : "+r"(zeros) : "r"(value) : "cc");
    return finish(zeros == 32 ? 42 : 0, "fast");
}
