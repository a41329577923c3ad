#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# explain: the guard and what it rests on, the way without one, the overview, the pages of the rules, and wrong words.
. "$(dirname "$0")/lib.sh"
needs jq "${CC:-cc}"
make_programs
root=$(cd "$(dirname "$0")/../.." && pwd)

# function NAME: frames stdin as a function of that name.
function_text() { printf '.globl %s\n.type %s, @function\n%s:\n.cfi_startproc\n' "$1" "$1" "$1"; cat; printf '.cfi_endproc\n.size %s, . - %s\n' "$1" "$1"; }
exit_call='mov $60, %eax; xor %edi, %edi; syscall'

# detect() stores bit 19 of ECX; careful() looks at it before it runs the kernel; with EXTRA, _start also calls another function.
guarded_program() { # NAME EXTRA-CALL EXTRA-FUNCTION
    {
        echo '.text'
        function_text detect <<<'push %rbx; mov $1, %eax; xor %ecx, %ecx; cpuid; shr $19, %ecx; and $1, %ecx; mov %ecx, have_sse41(%rip); pop %rbx; ret'
        function_text kernel <<<'nop; pmulld %xmm1, %xmm0; pshufb %xmm1, %xmm0; ret'
        function_text careful <<<'cmpl $0, have_sse41(%rip); je 1f; call kernel; 1: ret'
        echo "$3"
        function_text _start <<<"call detect; call careful; $2 $exit_call"
        printf '.bss\n.globl have_sse41\n.type have_sse41, @object\n.size have_sse41, 4\nhave_sse41: .long 0\n'
    } | program "$1"
}
guarded_program guarded '' ''
guarded_program careless 'call careless;' "$(function_text careless <<<'test %esi, %esi; je 1f; call kernel; 1: ret')"
guarded=$work/guarded careless=$work/careless
address_of() { "$maskcheck" scan --all-uses --format json "$1" | jq -r --arg i "$2" '[.files[0].uses[] | select(.instruction | startswith($i))][0].address'; }

# the guard, the cell it looks at, who stores there, and CPUID behind it
run 0 explain "$guarded" kernel
out_has "pmulld xmm0, xmm1"
out_has "guarded (proved): the test at 0x"
out_has "sse4.1 is CPUID leaf 0x1, subleaf 0, ecx bit 19"
out_has "every way into kernel"
out_has "have_sse41"
out_has "is not 0"
out_has "stores a number chosen by a test"
out_has "detect+0x"
out_has "sse4.1 (CPUID 1.ecx bit 19)"
out_has "1 other that cannot pass this test"
out_has "More on MC011: maskcheck explain MC011"
check "the guard is marked in the listing" grep -qE '^ +=> 0x[0-9a-f]+  cmp dword ptr' "$out"
check "the use is marked in the listing" grep -qE '^ +=> 0x[0-9a-f]+  pmulld xmm0, xmm1' "$out"
check "no line is longer than 120 columns" awk 'length > 120 { exit 1 }' "$out"
pmulld=$(address_of "$guarded" pmulld)
run 0 explain "$guarded" "$pmulld"
out_has "pmulld xmm0, xmm1"
out_lacks "[MC011]"
run 0 explain "$guarded" "${pmulld#0x}"

# the way without a guard, and that another way has one
run 1 explain "$careless" kernel
out_has "How it is reached without a sufficient test"
out_has "_start (the program's entry point)"
out_has "-> careless (called; nothing is known of the CPU)"
out_has "-> kernel (called; nothing is known of the CPU)"
out_has "2 ways lead to kernel; 1 passes a sufficient test, but this one does not:"
out_has "careful+0x"
run 1 explain "$careless" "$(address_of "$careless" pshufb)"
run 0 explain --baseline x86-64-v2 "$careless" kernel
out_has "kernel uses no instruction outside the baseline."
run 0 explain "$careless" detect
out_has "detect uses no instruction outside the baseline."

# the way shown is one on which what is tested later does not help either
asks() { echo "mov \$1, %eax; xor %ecx, %ecx; cpuid; bt \$$1, %ecx; jnc 1f; $2; 1: ret"; }
{
    function_text encrypt < <(asks 28 'vaesenc %xmm1, %xmm0, %xmm0')
    function_text asks_aes < <(asks 25 'call encrypt')
    function_text asks_nothing <<<'call encrypt; ret'
    function_text _start <<<"call asks_aes; call asks_nothing; $exit_call"
} | program two-features
run 1 explain "$work/two-features" encrypt
out_has "-> asks_nothing (called; nothing is known of the CPU)"
out_has "2 ways lead to encrypt; 1 passes a sufficient test, but this one does not:"
out_has "known here: avx (CPUID 1.ecx bit 28)"
out_lacks "see [1]"

# overview: unsafe functions first, each with the words that explain more
{
    function_text aaa_safe <<<'mov $1, %eax; xor %ecx, %ecx; cpuid; bt $9, %ecx; jnc 1f; pshufb %xmm1, %xmm0; 1: ret'
    function_text _start <<<"call aaa_safe; pabsb %xmm1, %xmm0; $exit_call"
} | program mixed
run 1 explain "$work/mixed"
out_has "mixed: unguarded; 2 uses"
check "overview: unsafe functions come first" test "$(grep -oE '^(_start|aaa_safe)' "$out" | tr '\n' ' ')" = "_start aaa_safe "
out_has "more: maskcheck explain $work/mixed _start"
out_has "more: maskcheck explain $work/mixed aaa_safe"
"$maskcheck" explain "$work/mixed" >"$work/overview"
said="the commands that the overview names"
bad=0
while read -r _ program command file word; do
    [[ $program == maskcheck ]] || bad=1
    "$maskcheck" "$command" "$file" "$word" >"$out" 2>"$err" </dev/null
    (($? <= 1)) && grep -qE '^ +=> ' "$out" || bad=1
done < <(grep 'more: ' "$work/overview")
check "$said explain something" test "$bad" = 0
run 0 explain "$work/clean"
out_has "No instruction outside the baseline is used."

# JSON
run 1 explain --format json "$careless" kernel
json() { check "JSON: $1" jq -e "$1" "$out" >/dev/null; }
json '.schema == "maskcheck/explain/1" and .baseline.name == "x86-64-v1"'
json '.files | length == 1'
json '.files[0].explanations[0] | .verdict == "unguarded" and .function == "kernel" and (.path | length == 4) and .path[0].kind == "root"'
json '.files[0].explanations[0].path[2] | .ways == 2 and .enough == 1 and (.guarded | length == 1)'
run 0 explain --format json "$guarded" "$pmulld"
json '[.files[0].explanations[0].why | .. | objects | select(.kind == "asked") | .known] | index("sse4.1 (CPUID 1.ecx bit 19)") != null'
json '.files[0].explanations[0].guard | .feature == "sse4.1" and .leaf == 1 and .subleaf == 0 and .register == "ecx" and .bit == 19'
run 1 explain --format json "$work/mixed"
json '.files[0].functions | map(.function) == ["_start", "aaa_safe"]'

# wrong words
run 2 explain
err_has "which file, or which rule?"
run 2 explain "$guarded" kernel more
err_has "too many arguments"
run 2 explain "$guarded" kernle
err_has "no function is called 'kernle'; did you mean 'kernel'?"
run 2 explain "$guarded" zzzzzzzz
err_has "no function is called 'zzzzzzzz'"
run 2 explain "$guarded" 0x1
err_has "outside everything that the file loads"
guard=$("$maskcheck" scan --all-uses --format json "$guarded" | jq -r '.files[0].uses[0].guard.address')
run 2 explain "$guarded" "$guard"
err_has "is no use, but the test that was found for 2 uses, the first at $pmulld"
next=$(printf '0x%x' $((pmulld + 10)))
run 2 explain "$guarded" "$next"
err_has "$next (kernel+0x"
err_has "is no use; the nearest uses are 0x"
check "a wrong address: nothing on stdout" test ! -s "$out"
run 2 explain "$work"
err_has "a folder"
run 2 explain --format yaml "$guarded"
err_has "known: text, json"
run 2 explain --baseline intel-meron "$guarded"
run 3 explain "$root/README.md"
err_has "not an ELF file"
run 3 explain "$work/none"
err_has "No such file"

# members of an archive; names are bytes
(cd "$work" && ar rc two.a clean.o unguarded.o)
run 1 explain "$work/two.a" _start
out_has "two.a!unguarded.o: unguarded"
if type -P objcopy >/dev/null; then
    objcopy --redefine-sym _start=$'bad\033[31mname' "$work/unguarded.o" "$work/weird.o"
    run 1 explain "$work/weird.o"
    out_has 'bad\x1b[31mname'
    run 1 explain "$work/weird.o" $'bad\033[31mname'
    out_has 'bad\x1b[31mname'
    check "no escape sequences" bash -c '! grep -q $'"'\\033'"' "$1"' - "$out"
    objcopy --strip-all "$guarded" "$work/stripped"
    run 2 explain "$work/stripped" kernel
    err_has "give an address"
    run 0 explain "$work/stripped" "$pmulld"
    out_has "sse4.1 is CPUID leaf 0x1, subleaf 0, ecx bit 19"
    objcopy --strip-all --remove-section=.eh_frame "$guarded" "$work/bare" # that a function starts there is told by a call alone
    run 0 explain "$work/bare" "$(printf '0x%x' $((pmulld - 1)))"
    out_has "pmulld xmm0, xmm1"
else
    echo "ok - names of all kinds # SKIP objcopy is not installed"
fi

# the rules: a page for each, a part of the program, and what a page must hold
pages=0
cp "$maskcheck" "$work/elsewhere"
cd "$work" || exit 1
while IFS='|' read -r id title; do
    pages=$((pages + 1))
    page=$root/docs/rules/$id.md
    said="maskcheck explain $id"
    ./elsewhere explain "$id" >"$out" 2>"$err"
    check "$said: exit status 0" test $? = 0
    check "$said: is docs/rules/$id.md" cmp -s "$out" "$page"
    check "$said: begins with the rule's title" test "$(head -n 1 "$out")" = "# $id: $title"
    for part in "## Meaning" "## Example" "Level: "; do out_has "$part"; done
    check "$said: has no line longer than 120 columns" awk 'length > 120 { exit 1 }' "$out"
    if ! grep -q '^Level: note' "$out"; then
        for part in "## How to fix it" "migration" "In the code" "In the build" "Before" "After"; do out_has "$part"; done
        check "$said: names an idiom" grep -qE '__builtin_cpu_supports|target_clones|per-file flags|-z x86-64-v2' "$out"
    fi
    run 0 explain --help
    out_has "$id  $title"
done < <(sed -n 's/^MC_RULE(\(MC[0-9]*\), [A-Z_]*, [A-Z]*, "\(.*\)")$/\1|\2/p' "$root/scanner/proof/rules.def")
check "every rule has a page ($pages)" test "$pages" = "$(grep -c '^MC_RULE(MC' "$root/scanner/proof/rules.def")"
check "no page is without a rule" test "$pages" = "$(ls "$root"/docs/rules/MC*.md | wc -l)"
run 0 explain mc004
out_has "# MC004"
run 2 explain MC999
err_has "no rule is called MC999"
cp "$guarded" MC999
run 0 explain MC999
cp "$guarded" MC004
run 0 explain ./MC004
out_has "./MC004: guarded"
finish
