#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# TZCNT of what cannot be 0 is BSF's answer, too: it is no use, however the result is compared. What was tested must be what is
# counted, at its width: the lower half of a number that is not 0 may be.
. "$(dirname "$0")/lib.sh"
needs "${CC:-cc}"
cd "$work" || exit 1

# counts VERDICT NAME LINES: a program that does that with its argument count in RAX and RDI
counts() {
    printf '.text\n.globl main\n.type main, @function\nmain: movslq %%edi, %%rax\n    imul %%rsi, %%rax\n    mov %%rax, %%rdx\n%s\n1:  xor %%eax, %%eax\n    ret\n2:  mov $1, %%eax\n    ret\n.size main, . - main\n.section .note.GNU-stack, ""\n' \
        "$3" >"$2.s"
    if ! "${CC:-cc}" -o "$2" "$2.s"; then fail "$2 is assembled"; return; fi
    "$maskcheck" scan --no-cache "./$2" >"$out" 2>"$err"
    said="scan $2"
    check "$2: $1" grep -q "^./$2: $1" "$out"
}
size='cmp $64, %ecx; je 2b' half='cmp $32, %ecx; je 2b'
size=${size/2b/2f} half=${half/2b/2f}
counts clean tested "test %rax, %rax; je 1f; tzcnt %rax, %rcx; $size"
counts clean copied "test %rax, %rax; je 1f; mov %rax, %r8; tzcnt %r8, %rcx; $size"
counts clean masked "and \$0x24000020, %eax; je 1f; movslq %eax, %r8; tzcnt %r8, %rcx; $size"
counts clean complement "cmp \$-1, %rax; je 1f; not %rax; tzcnt %rax, %rcx; $size"
counts clean complement_of_copy "cmp \$-1, %rax; je 1f; mov %rax, %r8; not %r8; tzcnt %r8, %rcx; $size"
counts clean asked_behind "xor %ecx, %ecx; tzcnt %rax, %rcx; test %rax, %rax; je 1f; $size"
counts clean asked_behind_jne "tzcnt %rax, %rcx; test %rax, %rax; jne 3f; jmp 1f; 3: $size"

counts unguarded untested "tzcnt %rax, %rcx; $size"
counts unguarded other_tested "test %rdi, %rdi; je 1f; tzcnt %rax, %rcx; $size"
counts unguarded half_of_tested "test %rax, %rax; je 1f; tzcnt %eax, %ecx; $half"
counts unguarded copy_of_half "test %rax, %rax; je 1f; mov %eax, %r8d; tzcnt %r8, %rcx; $size"
counts unguarded sign_extended_half "test %rax, %rax; je 1f; movslq %eax, %r8; tzcnt %r8, %rcx; $size"
counts unguarded changed "test %rax, %rax; je 1f; and \$8, %rax; tzcnt %rax, %rcx; $size"
counts unguarded complement_of_half "cmp \$-1, %rax; je 1f; not %eax; tzcnt %eax, %ecx; $half"
counts unguarded complement_of_nonzero "test %rax, %rax; je 1f; not %rax; tzcnt %rax, %rcx; $size"
counts unguarded other_asked_behind "tzcnt %rax, %rcx; test %rdi, %rdi; je 1f; $size"
counts unguarded changed_before_asked "tzcnt %rax, %rcx; mov %rdi, %rax; test %rax, %rax; je 1f; $size"
counts unguarded zero_goes_on "tzcnt %rax, %rcx; test %rax, %rax; jne 1f; $size"
finish
