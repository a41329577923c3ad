/* SPDX-License-Identifier: Apache-2.0 */
/* TZCNT tells by CF that its source was zero; BSF says so by ZF, and leaves CF as it comes. */
#include "sample.h"

volatile uint32_t input;

int main(void) {
    uint32_t zeros = 0, value = input;
    unsigned char none;
    __asm__ volatile("clc\n\ttzcnt %2, %0\n\tmovl $42, %0\n\tsetc %1" : "+&r"(zeros), "=&q"(none) : "r"(value) : "cc");
    return finish(none ? (int)zeros : 0, "fast");
}
