/* SPDX-License-Identifier: Apache-2.0 */
/* int guarded(void): the word of CPUID stays in R9 across the call of a function that does not write it, though any callee may
 * (gcc's -fipa-ra; libzstd). IDIOM_WRITTEN: it does write it; IDIOM_DEEPER: a function that it calls does. */
    .section .note.GNU-stack, "", @progbits
    .text
    .globl guarded
    .type guarded, @function
guarded:
    .cfi_startproc
    push %rbx
    mov $1, %eax
    xor %ecx, %ecx
    cpuid
    mov %ecx, %r9d
    mov $7, %edi
    call mix
    test $0x80000, %r9d
    je 1f
    movd %eax, %xmm0
    mov $6, %eax
    movd %eax, %xmm1
    pmulld %xmm1, %xmm0
    movd %xmm0, %eax
    pop %rbx
    ret
1:  xor %eax, %eax
    pop %rbx
    ret
    .cfi_endproc
    .size guarded, . - guarded

    .type mix, @function
mix: /* of a number: itself, by way of a long sum */
    .cfi_startproc
    xor %eax, %eax
    .rept 40
    lea 0x1003(%rdi,%rax), %rax
    lea -0x1003(%rax), %rax
    sub %rdi, %rax
    .endr
    add %rdi, %rax
    jnc 1f
    ud2
1:
#if defined IDIOM_WRITTEN
    or $-1, %r9d
#elif defined IDIOM_DEEPER
    call deeper
#endif
    ret
    .cfi_endproc
    .size mix, . - mix

    .type deeper, @function
deeper:
    .cfi_startproc
    .rept 40
    lea 0x1003(%rdi,%rax), %rax
    lea -0x1003(%rax), %rax
    sub %rdi, %rax
    .endr
    push %rax
    mov $-1, %rax
    xchg %rax, %r9
    pop %rax
    ret
    .cfi_endproc
    .size deeper, . - deeper
