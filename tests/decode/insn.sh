#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `maskcheck insn`: text, JSON, arguments and stdin, both modes, exit statuses. Prints TAP.
#   insn.sh MASKCHECK
set -u
maskcheck=${1:?usage: insn.sh MASKCHECK}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
status=0
# NAME EXPECTED-STATUS EXPECTED-STDOUT COMMAND...: stdin is the caller's; stderr must be empty when the status is 0
expect() {
    local name=$1 expected=$2 text=$3 got out
    shift 3
    out=$("$@" 2>"$work/stderr")
    got=$?
    if [[ $got -ne $expected || $out != "$text" || ($expected -eq 0 && -s $work/stderr) || ($expected -eq 2 && ! -s $work/stderr) ]]; then
        echo "not ok - $name"
        printf '# expected status %s: %s\n# got status %s: %s\n' "$expected" "$text" "$got" "$out"
        sed 's/^/# stderr: /' "$work/stderr"
        status=1
    else
        echo "ok - $name"
    fi
}
pmulld='66 0f 38 40 c1                    pmulld xmm0, xmm1; needs sse4.1; without it: #UD; enough: x86-64-v2, intel-penryn, amd-bulldozer'
expect "one argument" 0 "$pmulld" "$maskcheck" insn 660f3840c1
expect "a byte an argument" 0 "$pmulld" "$maskcheck" insn 66 0f 38 40 c1
expect "0x and commas" 0 "$pmulld" "$maskcheck" insn '0x66, 0x0f, 0x38, 0x40, 0xc1'
expect "a line of stdin" 0 "$pmulld" "$maskcheck" insn <<<'66 0f 38 40 c1'
expect "nothing on stdin" 0 "" "$maskcheck" insn </dev/null
json='{"bytes":"660f3840c1","length":5,"text":"pmulld xmm0, xmm1","feature":"sse4.1","all":["sse4.1"],"absent":"ud","enough":{"psabi":"x86-64-v2","intel":"intel-penryn","amd":"amd-bulldozer"}}'
expect "JSON" 0 "$json" "$maskcheck" insn --format json 660f3840c1
expect "two instructions, two lines" 0 "$json"$'\n'"$json" "$maskcheck" insn --format=json 660f3840c1 660f3840c1
expect "alias" 0 '{"bytes":"f30fbdc1","length":4,"text":"lzcnt eax, ecx","feature":"lzcnt","all":["lzcnt"],"absent":"alias","enough":{"psabi":"x86-64-v3","intel":"intel-haswell","amd":"amd-greyhound-no3dnow"}}' \
    "$maskcheck" insn --format json f30fbdc1
expect "32-bit code" 0 '40                                inc eax; needs nothing beyond the oldest CPUs' "$maskcheck" insn --32 40
expect "no instruction" 3 '06  unknown instruction' "$maskcheck" insn 06
# What no public decoder of the tests knows (TTRANSPOSED, MOVRS) is unknown, not guessed.
expect "one that no decoder knows" 3 'c4 e2 7a 5f c1  unknown instruction' "$maskcheck" insn c4e27a5fc1
expect "another" 3 '0f 38 8a 06  unknown instruction' "$maskcheck" insn 0f388a06
expect "no instruction, JSON" 3 '{"bytes":"06","length":0,"text":"(bad)","feature":null,"all":[],"absent":null,"enough":null}' \
    "$maskcheck" insn --format json 06
expect "not hexadecimal" 2 "" "$maskcheck" insn 66zz
expect "unknown format" 2 "" "$maskcheck" insn --format xml 90
expect "unknown option" 2 "" "$maskcheck" insn --sixteen 90
expect "a bad line of stdin, the others go on" 3 "$pmulld" "$maskcheck" insn <<<$'what?\n660f3840c1'
exit $status
