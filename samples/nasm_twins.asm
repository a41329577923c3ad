; SPDX-License-Identifier: Apache-2.0
; Kernels in pairs, as FFmpeg's: one starts with any numbers, the other looks at them first and jumps into the former. Nobody names
; the former, which therefore lies, without symbols, in the body of what stands before it. With IDIOM_NAMED somebody does.
default rel
section .text

global twins_plain
align 16
twins_plain: ; int (int a, int b), psABI
        mov eax, edi
        imul eax, esi
        ret

%ifdef IDIOM_NAMED
global twins_any
%endif
align 16
twins_any:
        movd xmm0, edi
        movd xmm1, esi
.product:
        pmulld xmm0, xmm1
        movd eax, xmm0
        ret

global twins_fast
align 16
twins_fast:
        movd xmm0, edi
        movd xmm1, esi
        test edi, 1
        jnz twins_any.product
        movdqa xmm2, xmm1
        pmulld xmm2, xmm0
        movd eax, xmm2
        ret

section .note.GNU-stack noalloc noexec nowrite progbits
