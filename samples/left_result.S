/* SPDX-License-Identifier: Apache-2.0 */
/* int guarded(void): a function without a result stores the variant that it chose. The address of the fast one stays in RAX, where
 * it was put for the choice, when it returns (libgcrypt's hashes). IDIOM_RETURNED: somebody calls what is there. */
    .section .note.GNU-stack, "", @progbits
    .section .data.rel.ro, "aw", @progbits
    .balign 8
operations:
    .quad begin
    .text
    .globl guarded
    .type guarded, @function
guarded:
    .cfi_startproc
    sub $24, %rsp
    .cfi_adjust_cfa_offset 24
    mov %rsp, %rdi
    lea operations(%rip), %rax
    call *(%rax)
    mov $6, %edi
    mov $7, %esi
    call *(%rsp)
#if defined IDIOM_RETURNED
    mov %rsp, %rdi
    call begin
    mov $6, %edi
    mov $7, %esi
    call *%rax
#endif
    add $24, %rsp
    ret
    .cfi_endproc
    .size guarded, . - guarded

    .type begin, @function
begin: /* of a structure whose first word is the function to call */
    .cfi_startproc
    push %rbx
    mov $1, %eax
    xor %ecx, %ecx
    cpuid
    lea plain(%rip), %rdx
    and $0x80000, %ecx
    lea fast(%rip), %rax
    cmovne %rax, %rdx
    mov %rdx, (%rdi)
    pop %rbx
    ret
    .cfi_endproc
    .size begin, . - begin

    .type plain, @function
plain:
    .cfi_startproc
    xor %eax, %eax
    ret
    .cfi_endproc
    .size plain, . - plain

    .type fast, @function
fast:
    .cfi_startproc
    movd %edi, %xmm0
    movd %esi, %xmm1
    pmulld %xmm1, %xmm0
    movd %xmm0, %eax
    ret
    .cfi_endproc
    .size fast, . - fast
