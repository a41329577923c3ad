#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Code that only a jump to unknown places reaches, in assembly without sizes and unwind data: what stands right behind that jump is a
# gap, however short it is. The same bytes behind a return may be a table.
. "$(dirname "$0")/lib.sh"
needs jq "${CC:-cc}" strip

# A program NAME: its function ends with END, and SSE4.1 instructions stand behind.
program_with() { # NAME END
    program "$1" <<END
    .text
    .globl _start
_start:
    mov %rsp, %rdi
    call away
    mov \$60, %eax
    xor %edi, %edi
    syscall
away:
    mov (%rdi), %rax
    imul %rdi, %rax
    $2
    pmulld %xmm1, %xmm0
    pmulld %xmm2, %xmm0
    pmulld %xmm3, %xmm0
    movd %xmm0, %eax
    ret
    .section .note.GNU-stack, "", @progbits
END
    strip "$work/$1"
}
is() { jq -e "$1" "$out" >/dev/null; }
program_with jumps 'jmp *%rax'
run 3 scan --no-cache --format json "$work/jumps"
check "behind an unknown jump: a gap" is '.files[0].status == "partial" and ([.files[0].gaps[].kind] | index("uncovered-use"))'
program_with returns ret
run 0 scan --no-cache --format json "$work/returns"
check "behind a return: none" is '.files[0].status == "ok" and .files[0].verdict == "clean"'
finish
