/* SPDX-License-Identifier: Apache-2.0 */
/* One routine with three entries: the dispatcher at the top, the plain part, and the part for SSE4.1, which is entered by a
 * jump into its middle. There are no symbols for the parts, as in much hand-written assembly. */
    .section .note.GNU-stack, "", @progbits
    .text
    .globl guarded
    .type guarded, @function
guarded:
    push %rbx
    mov $1, %eax
    xor %ecx, %ecx
    cpuid
    pop %rbx
    mov $6, %eax
    mov $7, %edx
    bt $19, %ecx
    jc .Lsse41_middle
    jmp .Lplain
.Lsse41:                    /* the entry for callers that bring other operands: nobody does */
    mov $1, %eax
    mov $1, %edx
.Lsse41_middle:
    movd %eax, %xmm0
    movd %edx, %xmm1
    pmulld %xmm1, %xmm0
    movd %xmm0, %eax
    ret
.Lplain:
    xor %eax, %eax
    ret
    .size guarded, . - guarded
