/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments and results travel on the stack, as in Go's assembly before its register convention. */
    .section .note.GNU-stack, "", @progbits
    .text
    .type cpuid_on_stack, @function
cpuid_on_stack: /* leaf, subleaf at 8(%rsp); eax, ebx, ecx, edx at 16(%rsp) */
    mov 8(%rsp), %eax
    mov 12(%rsp), %ecx
    cpuid
    mov %eax, 16(%rsp)
    mov %ebx, 20(%rsp)
    mov %ecx, 24(%rsp)
    mov %edx, 28(%rsp)
    ret
    .size cpuid_on_stack, . - cpuid_on_stack

    .globl guarded
    .type guarded, @function
guarded:
    push %rbx
    sub $32, %rsp
    movl $1, (%rsp)
    movl $0, 4(%rsp)
    call cpuid_on_stack
    mov 16(%rsp), %ecx
    add $32, %rsp
    pop %rbx
    bt $19, %ecx
    jnc 1f
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
