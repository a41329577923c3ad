#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Names of C++ and Rust functions: demangled in every report, as they are in the file with --no-demangle.
. "$(dirname "$0")/lib.sh"
needs jq "${CC:-cc}"

# function SYMBOL: frames stdin as a function of that name.
function_of() { printf '.globl "%s"\n.type "%s", @function\n"%s":\n.cfi_startproc\n' "$1" "$1" "$1"; cat; printf '.cfi_endproc\n.size "%s", . - "%s"\n' "$1" "$1"; }
template=_ZN2ns5blendIiEEvPi rust=_RNvCs1234_7mycrate3foo
{
    function_of _start <<<"call $template; call $rust; mov \$60, %eax; xor %edi, %edi; syscall"
    function_of "$template" <<<'pshufb %xmm1, %xmm0; ret'
    function_of "$rust" <<<'pshufb %xmm1, %xmm0; ret'
} | program mangled
program=$work/mangled shown='void ns::blend<int>(int*)'

run 1 scan "$program"
out_has "$shown: pshufb"
out_has "-> $shown 0x"
out_has "mycrate::foo: pshufb"
out_lacks "$template"
run 1 scan --no-demangle "$program"
out_has "$template: pshufb"
out_lacks "$shown"
for format in html junit; do
    run 1 scan --format "$format" "$program"
    out_has "void ns::blend&lt;int&gt;(int*)"
    run 1 scan --no-demangle --format "$format" "$program"
    out_has "$template"
done
run 1 scan --format json "$program"
json() { check "$said: $1" jq -e "$1" "$out" >/dev/null; }
json ".files[0].uses[0] | .function == \"$template\" and .demangled == \"$shown\""
json ".files[0].uses[0].path[-1] | .function == \"$template\" and .demangled == \"$shown\""
json '.files[0].uses[1].demangled == "mycrate::foo"'
json '.files[0].uses[0].path[0] | .function == "_start" and .demangled == null'
jq -S '[.files[].uses[].fingerprint]' "$out" >"$work/prints"
run 1 scan --no-demangle --format json "$program"
json '[.files[0].uses[].demangled] == [null, null]'
check "fingerprints do not depend on --no-demangle" diff -q <(jq -S '[.files[].uses[].fingerprint]' "$out") "$work/prints"
run 1 scan --format sarif "$program"
json ".runs[0].results[0].locations[0].logicalLocations[0] | .name == \"$shown\" and .decoratedName == \"$template\""
run 1 scan --format csv "$program"
out_has "\"$template\""
out_has "\"$shown\""

for word in "$template" "$shown" "ns::blend<int>" ns::blend; do
    run 1 explain "$program" "$word"
    out_has "in $shown (executed"
    out_lacks "in mycrate"
done
run 1 explain "$program" mycrate::foo
out_has "<mycrate::foo>"
run 1 explain --no-demangle "$program" "$template"
out_has "in $template (executed"
run 2 explain --no-demangle "$program" ns::blend
err_has "no function is called 'ns::blend'"
run 2 explain "$program" ns::blen
err_has "'$shown'"
run 1 explain --format json "$program" ns::blend
json "[.. | objects | select(.function == \"$template\") | .demangled] | length > 0 and all(. == \"$shown\")"

run 1 audit --baseline x86-64-v1 --cpuid "$(dirname "$0")/../probe/data/instlat-penryn.txt" --proc "$work" "$program"
out_has "$shown"

for word in "$template" ns::blend; do
    echo "path=$program function=$word features=ssse3 expires=2099-01-01 reason=test" >"$work/waivers"
    run 1 scan --waivers "$work/waivers" --format json "$program"
    json '.summary.waived == 1'
done
finish
