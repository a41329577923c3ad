; SPDX-License-Identifier: Apache-2.0
; Assembly without sizes and unwind data: asks CPUID and goes on to one of two functions. With IDIOM_WRONG_BIT it asks for SSE3.
default rel
section .text

%ifdef IDIOM_WRONG_BIT
%define BIT_OF_FAST 0
%else
%define BIT_OF_FAST 19
%endif

global product
product: ; int product(int a, int b, const char **ret_path), psABI
        push rbx
        mov r8, rdx
        mov eax, 1
        xor ecx, ecx
        cpuid
        pop rbx
        bt ecx, BIT_OF_FAST
        jc fast

plain:
        lea rax, [plain_path]
        mov [r8], rax
        mov eax, edi
        imul eax, esi
        ret

fast:
        lea rax, [fast_path]
        mov [r8], rax
        movd xmm0, edi
        movd xmm1, esi
        pmulld xmm0, xmm1
        movd eax, xmm0
        ret

section .rodata
plain_path: db "plain", 0
fast_path: db "fast", 0

section .note.GNU-stack noalloc noexec nowrite progbits
