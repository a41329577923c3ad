/* SPDX-License-Identifier: Apache-2.0 */
/* int guarded(void): the address of the fast variant stays in R10 when the chosen one is jumped to. The plain one is long, and
 * uses no more than the low byte of R10, of what it wrote there itself (libgfortran's matmul, gcc 12).
 * IDIOM_ANYWAY: the plain variant jumps there; IDIOM_LOW_BYTE: after it wrote the low byte, which it finds as it was. */
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
    lea plain(%rip), %rax
    lea fast(%rip), %r10
    and $0x80000, %ecx
    cmovne %r10, %rax
    pop %rbx
    jmp *%rax
    .cfi_endproc
    .size guarded, . - guarded

    .balign 256
    .type fast, @function
fast:
    .cfi_startproc
    mov $6, %eax
    movd %eax, %xmm0
    mov $7, %eax
    movd %eax, %xmm1
    pmulld %xmm1, %xmm0
    movd %xmm0, %eax
    ret
    .cfi_endproc
    .size fast, . - fast

    .type plain, @function
plain:
    .cfi_startproc
#if defined IDIOM_LOW_BYTE
    mov $0, %r10b
    jmp *%r10
#elif defined IDIOM_ANYWAY
    jmp *%r10
#endif
    push %r15
    push %r14
    push %r13
    push %r12
    push %rbp
    push %rbx
    lea (%rdi,%rsi), %rbx
    lea (%rdx,%rcx), %rbp
    lea (%r8,%r9), %r12
    test %rbx, %rbx
    setne %r10b
    test %rbp, %rbp
    setne %r11b
    or %r11b, %r10b
    movzbl %r10b, %eax
    je 3f
2:  lea 1(%r12), %r10
    mov %r10, %r11
    .rept 120 /* more places than are looked at one by one */
    add $1, %eax
    cmp $1000, %eax
    je 1f
    add $1, %r11
1:
    .endr
    xor %eax, %eax
    pop %rbx
    pop %rbp
    pop %r12
    pop %r13
    pop %r14
    pop %r15
    ret
3:  test %r12, %r12
    je 4f
    inc %eax
4:  jmp 2b
    .cfi_endproc
    .size plain, . - plain
