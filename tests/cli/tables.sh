#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What counts as an instruction: bytes that control flow reaches, and none besides.
. "$(dirname "$0")/lib.sh"
needs jq "${CC:-cc}"

# One function _start around stdin.
function_of() { { printf '.globl _start\n.type _start, @function\n_start:\n.cfi_startproc\n'; cat; printf '.cfi_endproc\n.size _start, . - _start\n'; } | program "$1"; }
exit_call='mov $60, %eax; syscall'
pshufb='.byte 0x66, 0x0f, 0x38, 0x00, 0xc1'

function_of after-return <<ASM
    $exit_call
    ret
    $pshufb
ASM
run 0 scan "$work/after-return"
out_has "after-return: clean"

function_of behind-jump <<ASM
    jmp 1f
    $pshufb
1:  $exit_call
    ret
ASM
run 0 scan "$work/behind-jump"
out_has "behind-jump: clean"

function_of jumped-over-to <<ASM
    jmp 1f
    .byte 0x06, 0x07
1:  $pshufb
    $exit_call
    ret
ASM
run 1 scan "$work/jumped-over-to"
out_has "pshufb xmm0, xmm1"

# A candidate that a straight line sees only because it is out of step.
function_of out-of-step <<ASM
    jmp 1f
    .byte 0xb8
1:  $exit_call
    ret
    .byte 0x00
    $pshufb
ASM
run 0 scan "$work/out-of-step"
out_has "out-of-step: clean"

# Jump tables: relative ones in .text and .rodata, absolute ones. The use stands behind the table's second entry; the table is
# followed by what would be a use if it was read too far.
function_of relative-table <<ASM
    cmp \$1, %edi
    ja 3f
    mov %edi, %edi
    lea 9f(%rip), %rdx
    movslq (%rdx,%rdi,4), %rax
    add %rdx, %rax
    jmp *%rax
9:  .long 1f - 9b, 2f - 9b
    $pshufb
1:  $exit_call
    ret
2:  $pshufb
3:  ret
ASM
run 1 scan --all-uses --format json "$work/relative-table"
check "one use behind the table, none in it" jq -e '.files[0].counts.uses == 1 and .files[0].gaps == []' "$out" >/dev/null

function_of absolute-table <<ASM
    cmp \$1, %edi
    ja 3f
    mov %edi, %edi
    jmp *9f(,%rdi,8)
1:  $exit_call
    ret
    .byte 0x06
2:  $pshufb
3:  ret
    .pushsection .rodata
9:  .quad 1b, 2b, 0x400
    .popsection
ASM
run 1 scan --all-uses --format json "$work/absolute-table"
check "the use behind an absolute table is found" jq -e '.files[0].counts.uses == 1 and .files[0].gaps == []' "$out" >/dev/null

# Reached bytes that are no instruction could hide anything.
function_of undecodable <<ASM
    test %edi, %edi
    je 1f
    .byte 0x06
1:  $exit_call
    ret
ASM
run 3 scan --format json "$work/undecodable"
check "the place is a gap" jq -e '.files[0] | .status == "partial" and .gaps[0].kind == "undecoded"' "$out" >/dev/null

# Outside all functions.
program called-outside <<ASM
    .globl _start
    .type _start, @function
_start:
    .cfi_startproc
    call 1f
    $exit_call
    ret
    .cfi_endproc
    .size _start, . - _start
    .balign 16
1:  $pshufb
    ret
ASM
run 1 scan "$work/called-outside"
out_has "pshufb xmm0, xmm1"

program data-outside <<ASM
    .globl _start
    .type _start, @function
_start:
    .cfi_startproc
    lea 1f(%rip), %rsi
    $exit_call
    ret
    .cfi_endproc
    .size _start, . - _start
    .balign 16
1:  .byte 0x6c, 0x0f, 0x38, 0x00, 0xec, 0x06
    $pshufb
    .byte 0x00, 0x00, 0x61, 0x62, 0x63
ASM
run 0 scan "$work/data-outside"

program unreached-outside <<ASM
    .globl _start
    .type _start, @function
_start:
    .cfi_startproc
    $exit_call
    ret
    .cfi_endproc
    .size _start, . - _start
    .balign 16
    push %rbp
    $pshufb
    .rept 32
    mov %rsp, %rbp
    .endr
    pop %rbp
    ret
ASM
run 3 scan --format json "$work/unreached-outside"
check "code that nothing reaches is a gap" jq -e '.files[0].gaps[0].kind == "uncovered-use"' "$out" >/dev/null

# Hints are never uses; what runs as another instruction is one.
function_of hints <<ASM
    endbr64
    .byte 0x0f, 0x1c, 0x00
    rdsspq %rax
    prefetchw (%rax)
    $exit_call
    ret
ASM
run 0 scan "$work/hints"
out_has "hints: clean"
function_of lzcnt <<ASM
    lzcnt %edi, %eax
    $exit_call
    ret
ASM
run 1 scan --format json "$work/lzcnt"
check "lzcnt is a use with an alias" jq -e '.files[0].uses[0] | .feature == "lzcnt" and .absent == "alias"' "$out" >/dev/null
finish
