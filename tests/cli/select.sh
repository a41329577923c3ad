#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# scan: what is said (--quiet, --summary), what fails (--fail-on), what is new (--since).
. "$(dirname "$0")/lib.sh"
needs jq
make_programs
mkdir "$work/in"
cd "$work/in" || exit 1
cp "$work/unguarded" "$work/clean" .

run 1 scan -q clean unguarded
out_is "unguarded: unguarded: ssse3; enough: x86-64-v2, intel-merom, amd-bulldozer"
run 0 scan --quiet clean
out_is ""
run 1 scan --summary clean unguarded
out_lacks "pshufb"
out_has "2 files: 1 clean, 0 guarded, 0 misguarded, 0 trapped, 1 unguarded."
out_has "1 file may stop working"

# colour only for a terminal
if type -P script >/dev/null; then
    said="maskcheck scan, on a terminal"
    script -qec "'$maskcheck' scan unguarded" /dev/null </dev/null >"$out" 2>"$err"
    out_has $'\033[31munguarded'
    said="NO_COLOR=1 maskcheck scan, on a terminal"
    NO_COLOR=1 script -qec "'$maskcheck' scan unguarded" /dev/null </dev/null >"$out" 2>"$err"
    out_lacks $'\033[31m'
else
    echo "ok - colour on a terminal # SKIP script(1) is not installed"
fi

run 1 scan --fail-on error unguarded
run 1 scan --fail-on warning unguarded
run 1 scan --fail-on MC001 unguarded
run 1 scan --fail-on MC002,mc001 unguarded
run 0 scan --fail-on MC002 unguarded
run 0 scan --fail-on note clean
run 3 scan --fail-on MC002 unguarded none
run 2 scan --fail-on MC999 unguarded
err_has "'MC999' is neither a rule"
run 2 scan --fail-on error,,MC001 unguarded
run 2 scan --fail-on "" unguarded

# a function with many uses: the report lists three, the comparison knows all
uses() { # uses NAME COUNT: a program that runs that many PSHUFB, then PABSB if there is a third word
    program "$1" <<ASM
    .globl _start
    .type _start, @function
_start:
    .cfi_startproc
    .rept $2
    pshufb %xmm1, %xmm0
    .endr
    ${3-}
    mov \$60, %eax
    xor %edi, %edi
    syscall
    .cfi_endproc
    .size _start, . - _start
ASM
    mkdir -p "$work/$1.d"
    mv "$work/$1" "$work/$1.d/program"
}
uses old 9
uses same 9 'nop'
uses more 10
uses other 9 'pmulld %xmm1, %xmm0'
for format in json jsonl; do
    cd "$work/old.d" && run 1 scan --format "$format" -o "$work/last.$format" program
    check "$format: three uses are listed, six more have fingerprints" test "$(grep -oE '"[0-9a-f]{32}"' "$work/last.$format" | sort -u | wc -l)" = 9
    run 0 scan --since "$work/last.$format" program
    out_has "program: clean"
    out_has "9 uses known from the earlier report are left out."
    cd "$work/same.d" && run 0 scan --since "$work/last.$format" program
    cd "$work/more.d" && run 1 scan --since "$work/last.$format" program
    cd "$work/other.d" && run 1 scan --since "$work/last.$format" --format json program
    check "$said: only the new use" jq -e '.files[0] | (.uses | length) == 1 and .uses[0].feature == "sse4.1" and .features.unsafe == ["sse4.1"] and (.unlisted | length) == 9' "$out" >/dev/null
done
# a report of what is new is itself complete
cp "$out" "$work/new.json"
run 0 scan --since "$work/new.json" program

cd "$work/in" || exit 1
run 2 scan --since none unguarded
err_has "--since none: cannot read"
run 2 scan --since unguarded unguarded
err_has "no JSON"
echo '{"schema":"maskcheck/probe/1"}' >probe.json
run 2 scan --since probe.json unguarded
err_has "not a report of schema maskcheck/scan/1"
: >empty
run 2 scan --since empty unguarded
finish
