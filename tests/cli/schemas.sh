#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The JSON reports against docs/schema, and that the check can fail.
. "$(dirname "$0")/lib.sh"
needs jq python3
make_programs
folder=$(cd "$(dirname "$0")" && pwd)
schemas=$folder/../../docs/schema
python3 -c 'import jsonschema' 2>/dev/null || { echo "SKIP: python3-jsonschema is not installed"; exit 77; }

valid() { # valid SCHEMA FILE OPTION...
    local schema=$1 file=$2
    shift 2
    check "$said: writes something" test -s "$file"
    check "$said: valid against $schema-1" python3 -W ignore "$folder/validate.py" "$@" "$schemas/$schema-1.schema.json" "$file"
}

head -c 20 "$work/unguarded" >"$work/half-header"
head -c 300 "$work/unguarded" >"$work/cut-short"
echo text >"$work/text"
cp "$work/unguarded" "$work/"$'bad\xffname'
cat >"$work/guarded.c" <<'C'
#include <cpuid.h>
__attribute__((noinline, target("sse4.1"))) static void fast(int *v)
{
    __asm__ volatile("pmulld %%xmm1, %%xmm0" ::: "xmm0");
    *v = 1;
}
int main(void)
{
    unsigned a, b, c, d;
    int v = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_1))
        fast(&v);
    if (__get_cpuid(1, &a, &b, &c, &d) && (d & bit_SSE2))
        __asm__ volatile("pshufb %%xmm1, %%xmm0" ::: "xmm0");
    return v;
}
C
"${CC:-cc}" -O1 -g "$work/guarded.c" -o "$work/guarded"
run 1 scan --format json --all-uses "$work"
valid scan "$out"
check "$said: has a guard and a path" jq -e '[.files[].uses[] | select(.guard != null and (.path | length) > 1)] | length > 0' "$out" >/dev/null
run 1 scan --format jsonl --all-uses "$work"
valid scan "$out" --lines
"$maskcheck" probe --format json >"$out" 2>"$err"
said="maskcheck probe --format json"
valid probe "$out"
"$maskcheck" probe --baseline x86-64-v1 --format json >"$out" 2>"$err"
said="maskcheck probe --baseline x86-64-v1 --format json"
valid probe "$out"
check "$said: tells what is missing there" jq -e '(.missing | length) > 0 and has("not_compared")' "$out" >/dev/null
"$maskcheck" audit --format json "$work/unguarded" >"$out" 2>"$err"
said="maskcheck audit --format json"
valid audit "$out"
valid probe "$out" --at probe
valid scan "$out" --at scan

# The other commands.
data=$folder/../probe/data
each() { # each SCHEMA ARGUMENT...: whatever its exit status
    said="maskcheck ${*:2}"
    "$maskcheck" "${@:2}" >"$out" 2>"$err"
    valid "$1" "$out" --lines
}
document() { # the same for one document
    said="maskcheck ${*:2}"
    "$maskcheck" "${@:2}" >"$out" 2>"$err"
    valid "$1" "$out"
}
document compare compare --format json "$data/instlat-penryn.txt" intel-merom amd-zen "$data/none.txt"
document compare compare --matrix --format json "$data/instlat-penryn.txt" "$data/libvirt-penryn.xml" amd-zen
document pool baselines --common --format json "$data/instlat-penryn.txt" "$data/libvirt-penryn.xml" "$data/none.txt"
document difference baselines --explain --format json intel-penryn amd-zen
document admission baselines --admit intel-merom --format json "$data/instlat-penryn.txt"
document admission baselines --admit intel-haswell --format json "$data/instlat-penryn.txt"
each insn insn --format json 660f3840c1 c4e27d18c1 90 0f18c0 06
cp "$data/instlat-penryn.txt" "$work/moving.txt"
"$maskcheck" probe --watch 1 --once --format json --cpuid "$work/moving.txt" >"$out" 2>"$err" &
until grep -q start "$out"; do kill -0 $! || break; done
cp "$data/instlat-zen.txt" "$work/other.txt"
mv "$work/other.txt" "$work/moving.txt"
wait $!
said="maskcheck probe --watch 1 --once --format json"
valid watch "$out" --lines
check "$said: a start and a change" test "$(jq -r .event "$out" | tr '\n' ' ')" = "start change "
for word in "" _start; do
    document explain explain --format json "$work/unguarded" $word
done
for word in "" main fast; do
    document explain explain --format json "$work/guarded" $word
done

# The check can fail: a member that is missing, of another type, unknown.
run 1 scan --format json "$work/unguarded"
cp "$out" "$work/report.json"
for change in 'del(.baseline)' '.summary.files = "1"' '.files[0].surprise = 1' '.files[0].uses[0].address = 4096'; do
    jq "$change" "$work/report.json" >"$work/changed.json"
    check "a report after $change is not valid" bash -c '! python3 -W ignore "$@" 2>/dev/null' - "$folder/validate.py" "$schemas/scan-1.schema.json" "$work/changed.json"
done
jq '.files[0].surprise = 1' "$work/report.json" >"$work/changed.json"
valid scan "$work/changed.json" --open

# Fingerprints: another layout of the same program has other addresses and the same fingerprints, named or not.
two() { # two NAME PADDING: two functions with uses behind that many bytes of others
    program "$1" <<ASM
    .globl _start
    .type padding, @function
padding:
    .cfi_startproc
    .fill $2, 1, 0x90
    ret
    .cfi_endproc
    .size padding, . - padding
    .type _start, @function
_start:
    .cfi_startproc
    pshufb word(%rip), %xmm0
    pshufb %xmm1, %xmm0
    call second
    mov \$60, %eax
    syscall
    .cfi_endproc
    .size _start, . - _start
    .type second, @function
second:
    .cfi_startproc
    pabsb %xmm1, %xmm0
    ret
    .cfi_endproc
    .size second, . - second
    .data
    .balign 16
    .fill $2, 8, 0
word:
    .fill 16, 1, 0
ASM
    mkdir -p "$work/$2"
    mv "$work/$1" "$work/$2/program"
}
prints() { (cd "$work/$1" && "$maskcheck" scan --format json --all-uses program | jq -r '.files[0].uses[].'"$2"); }
two one 16
two two 700
check "another layout has other addresses" test "$(prints 16 address)" != "$(prints 700 address)"
check "another layout has the same fingerprints" test "$(prints 16 fingerprint)" = "$(prints 700 fingerprint)"
check "three uses have three fingerprints" test "$(prints 16 fingerprint | sort -u | wc -l)" = 3
if type -P strip >/dev/null; then
    strip "$work/16/program" "$work/700/program"
    check "so it is without symbols" test "$(prints 16 fingerprint)" = "$(prints 700 fingerprint)"
    check "three uses without symbols have three fingerprints" test "$(prints 16 fingerprint | sort -u | wc -l)" = 3
fi
finish
