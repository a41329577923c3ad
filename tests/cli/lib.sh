# SPDX-License-Identifier: Apache-2.0
# For the end-to-end tests: runs maskcheck, keeps stdout, stderr and the exit status, and holds them against what is
# expected. Prints TAP. Source it with the program as $1; work in "$work".
#
#   run STATUS ARGUMENT...        runs it; the case fails when the exit status is another
#   out_has TEXT, out_lacks TEXT, err_has TEXT   fixed strings, each a case of its own
#   out_is TEXT, err_is TEXT      the whole output
#   check NAME COMMAND...         a case that passes when the command does
maskcheck=${1:?usage: $0 MASKCHECK}
[[ $maskcheck == /* ]] || maskcheck=$PWD/$maskcheck
work=$(mktemp -d) || exit 1
export XDG_CACHE_HOME=$work/.cache
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
out=$work/.stdout err=$work/.stderr said=
failures=0
unset NO_COLOR SOURCE_DATE_EPOCH
export LC_ALL=C.UTF-8

exec 3>&1 # results go there, whatever a case does with its command's output
pass() { echo "ok - $1" >&3; }
fail() {
    {
        echo "not ok - $1"
        sed 's/^/#   stdout: /' "$out" | head -n 30 | cut -c 1-1000
        sed 's/^/#   stderr: /' "$err" | head -n 10
    } >&3
    failures=$((failures + 1))
}
run() {
    local wanted=$1 got
    shift
    said=$(printf '%q ' maskcheck "$@")
    said=${said% }
    "$maskcheck" "$@" >"$out" 2>"$err" </dev/null
    got=$?
    if [[ $got == "$wanted" ]]; then pass "$said: exit status $wanted"; else fail "$said: exit status expected $wanted, got $got"; fi
}
has() { if grep -qaF -- "$2" "$1"; then pass "$said: says '$2'"; else fail "$said: expected '$2'"; fi; }
out_has() { has "$out" "$1"; }
err_has() { has "$err" "$1"; }
out_lacks() { if grep -qaF -- "$1" "$out"; then fail "$said: must not say '$1'"; else pass "$said: does not say '$1'"; fi; }
same() { if [[ $(cat "$2") == "$3" ]]; then pass "$said: $1 is as expected"; else fail "$said: $1 expected '$3'"; fi; }
out_is() { same stdout "$out" "$1"; }
err_is() { same stderr "$err" "$1"; }
check() {
    local name=$1
    shift
    if "$@"; then pass "$name"; else fail "$name"; fi
}
finish() { exit $((failures > 0)); }

# object NAME: assembles stdin (AT&T syntax) to $work/NAME.o; program NAME: links it to an executable without a C library.
object() { "${CC:-cc}" -c -x assembler - -o "$work/$1.o"; }
program() { object "$1" && "${CC:-cc}" -nostdlib -static -no-pie "$work/$1.o" -o "$work/$1"; }
needs() {
    local tool
    for tool; do
        type -P "$tool" >/dev/null || { echo "SKIP: $tool is not installed"; exit 77; }
    done
}
# Programs every test can use: one clean, one that runs PSHUFB without asking.
make_programs() {
    needs "${CC:-cc}"
    program clean <<'ASM'
    .globl _start
    .type _start, @function
_start:
    .cfi_startproc
    mov $60, %eax
    xor %edi, %edi
    syscall
    .cfi_endproc
    .size _start, . - _start
ASM
    program unguarded <<'ASM'
    .globl _start
    .type _start, @function
_start:
    .cfi_startproc
    pshufb %xmm1, %xmm0
    mov $60, %eax
    xor %edi, %edi
    syscall
    .cfi_endproc
    .size _start, . - _start
ASM
}
