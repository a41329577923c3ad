/* SPDX-License-Identifier: Apache-2.0 */
/* Four words are packed into a vector register and stored at once, as compilers do for neighbouring fields. */
    .section .note.GNU-stack, "", @progbits
    .bss
    .balign 16
words:
    .skip 16
    .text
    .globl guarded
    .type guarded, @function
guarded:
    push %rbx
    mov $1, %eax
    xor %ecx, %ecx
    cpuid
    movd %eax, %xmm0
    movd %ebx, %xmm1
    movd %ecx, %xmm2
    movd %edx, %xmm3
    punpckldq %xmm1, %xmm0
    punpckldq %xmm3, %xmm2
    punpcklqdq %xmm2, %xmm0
    movups %xmm0, words(%rip)
    pop %rbx
    mov words+8(%rip), %ecx
    test $0x80000, %ecx
    je 1f
    mov $6, %eax
    movd %eax, %xmm0
    mov $7, %eax
    movd %eax, %xmm1
    pmulld %xmm1, %xmm0
    movd %xmm0, %eax
    ret
1:  xor %eax, %eax
    ret
    .size guarded, . - guarded
