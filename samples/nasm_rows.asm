; SPDX-License-Identifier: Apache-2.0
; Two functions of assembly, each with a table of jumps for what `width` is (4, 8, 16). The tables follow one another, and each is
; addressed from two rows before its first one, so that the address of the second lies within the first (dav1d's JMP_TABLE).
default rel
section .text

global rows_plain
rows_plain: ; int (int a, int b, int width), psABI
        lea rax, [plain_table - 2 * 4]
        bsf edx, edx
        movsxd rdx, [rax + rdx * 4]
        add rdx, rax
        jmp rdx
.w4:
        mov eax, edi
        imul eax, esi
        ret
.w8:
        mov eax, esi
        imul eax, edi
        ret
.w16: ; runs on into .w32
        xchg edi, esi
.w32:
        mov eax, edi
        imul eax, esi
        ret

global rows_fast
rows_fast:
        lea rax, [fast_table - 2 * 4]
        bsf edx, edx
        movsxd rdx, [rax + rdx * 4]
        movd xmm0, edi
        movd xmm1, esi
        add rdx, rax
        cmp edi, 0
        je .start
        nop
.start:
        jmp rdx
.w4:
        pmulld xmm0, xmm1
        movd eax, xmm0
        ret
.w8:
        pmulld xmm1, xmm0
        movd eax, xmm1
        ret
.w16:
        movdqa xmm2, xmm0
        pmulld xmm2, xmm1
        movd eax, xmm2
        ret
.w32:
        movdqa xmm2, xmm1
        pmulld xmm2, xmm0
        movd eax, xmm2
        ret

section .rodata
plain_table:
        dd rows_plain.w4 - (plain_table - 2 * 4)
        dd rows_plain.w8 - (plain_table - 2 * 4)
        dd rows_plain.w16 - (plain_table - 2 * 4)
        dd rows_plain.w32 - (plain_table - 2 * 4)
fast_table:
        dd rows_fast.w4 - (fast_table - 2 * 4)
        dd rows_fast.w8 - (fast_table - 2 * 4)
        dd rows_fast.w16 - (fast_table - 2 * 4)
        dd rows_fast.w32 - (fast_table - 2 * 4)

section .note.GNU-stack noalloc noexec nowrite progbits
