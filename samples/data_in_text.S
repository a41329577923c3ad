/* SPDX-License-Identifier: Apache-2.0 */
/* A table in .text whose bytes read as PMULLD, PSHUFB and VPADDD. Nothing jumps there. */
    .section .note.GNU-stack, "", @progbits
    .text
    .globl guarded
    .type guarded, @function
guarded:
    lea .Ltable(%rip), %rdx
    movzbl 3(%rdx), %eax /* 0x40 */
    sub $0x40, %eax
    ret
    .size guarded, . - guarded
    .balign 16
.Ltable:
    .byte 0x66, 0x0f, 0x38, 0x40, 0xc1 /* as pmulld xmm0, xmm1 */
    .byte 0x66, 0x0f, 0x38, 0x00, 0xc1 /* as pshufb xmm0, xmm1 */
    .byte 0xc5, 0xfd, 0xfe, 0xc1       /* as vpaddd ymm0, ymm0, ymm1 */
    .byte 0xc3
