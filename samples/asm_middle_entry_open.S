/* SPDX-License-Identifier: Apache-2.0 */
/* The same, but the part for SSE4.1 can be entered from outside through a second symbol. */
    .section .note.GNU-stack, "", @progbits
    .text
    .globl guarded
    .type guarded, @function
    .globl middle
guarded:
    push %rbx
    mov $1, %eax
    xor %ecx, %ecx
    cpuid
    pop %rbx
    mov $6, %eax
    mov $7, %edx
    bt $19, %ecx
    jnc .Lplain
middle:
    movd %eax, %xmm0
    movd %edx, %xmm1
    pmulld %xmm1, %xmm0
    movd %xmm0, %eax
    ret
.Lplain:
    xor %eax, %eax
    ret
    .size guarded, . - guarded
