/* SPDX-License-Identifier: Apache-2.0 */
/* int have_sse41(void) and int guarded(void): the tests that compilers make of one bit, one per -D. */
#ifdef __i386__
#define BX %ebx
#else
#define BX %rbx
#endif
    .section .note.GNU-stack, "", @progbits
    .text
    .globl guarded
    .type guarded, @function
guarded:
    push BX
    mov $1, %eax
    xor %ecx, %ecx
    cpuid
#if defined IDIOM_TEST
    test $0x80000, %ecx
    je 1f
#elif defined IDIOM_TEST_BYTE /* a byte of the word: bit 19 is bit 3 of byte 2 */
    shr $16, %ecx
    test $8, %cl
    je 1f
#elif defined IDIOM_BT
    bt $19, %ecx
    jnc 1f
#elif defined IDIOM_SHR_AND
    shr $19, %ecx
    and $1, %ecx
    je 1f
#elif defined IDIOM_SHR_CARRY /* the bit shifted out last is the carry */
    shr $20, %ecx
    jnc 1f
#elif defined IDIOM_SHL_SIGN
    shl $12, %ecx
    test %ecx, %ecx
    jns 1f
#elif defined IDIOM_SETCC
    bt $19, %ecx
    setc %al
    movzbl %al, %eax
    test %eax, %eax
    jz 1f
#elif defined IDIOM_SBB
    bt $19, %ecx
    sbb %eax, %eax
    and $5, %eax
    cmp $5, %eax
    jne 1f
#elif defined IDIOM_NOT_TEST
    not %ecx
    test $0x80000, %ecx
    jne 1f
#elif defined IDIOM_CMP_MASK
    and $0x80200, %ecx
    cmp $0x80200, %ecx
    jne 1f
#elif defined IDIOM_HIGH_BYTE /* SSSE3 is bit 9: bit 1 of CH */
    test $2, %ch
    je 1f
#elif defined IDIOM_PUSH_POP
    push %rcx
    xor %ecx, %ecx
    pop %rdx
    bt $19, %edx
    jnc 1f
#endif
#if defined IDIOM_HIGH_BYTE
    mov $-42, %eax
    movd %eax, %xmm0
    pabsd %xmm0, %xmm0
#else
    mov $6, %eax
    movd %eax, %xmm0
    mov $7, %eax
    movd %eax, %xmm1
    pmulld %xmm1, %xmm0
#endif
    movd %xmm0, %eax
    pop BX
    ret
1:  xor %eax, %eax
    pop BX
    ret
    .size guarded, . - guarded
