/* SPDX-License-Identifier: Apache-2.0 */
/* int compute(int a, int b): one byte of flags is tested in two ways, and both lead to the same code: is it 1, has it bit 0?
 * (runtime.memmove of Go 1.24.) The byte is `flags`, set by the caller. */
    .text
    .globl compute
    .type compute, @function
compute:
    mov flags(%rip), %al
    cmp $1, %al
    je 1f
    test $1, %al
    jne 1f
    mov %edi, %eax
    imul %esi, %eax
    ret
1:  movd %edi, %xmm0
    movd %esi, %xmm1
    pmulld %xmm1, %xmm0
    movd %xmm0, %eax
    ret
    .size compute, . - compute
    .section .note.GNU-stack, "", @progbits
