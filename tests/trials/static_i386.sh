#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The 32-bit executable under emulated CPUs: what each reports is right, what it denies is refused; exceptions as in
# ../probe/tcg-7.2.txt and tcg-7.2-i386.txt. Pentiums without MMX or SSE show that the set-up of registers survives them.
# Usage: static_i386.sh MASKCHECK-PROBE-I386
set -u
probe=$1 failures=0
here=$(cd "$(dirname "$0")" && pwd)
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }
for tool in qemu-i386 jq awk; do
    command -v $tool >/dev/null || { echo "SKIP: $tool is not installed"; exit 77; }
done
for model in pentium pentium2 pentium3 coreduo n270 Penryn Haswell max; do
    qemu-i386 -cpu $model "$probe" --json >"${TMPDIR:-/tmp}/static_i386.$$" 2>/dev/null
    status=$?
    [ $status -le 1 ] || fail "$model: exit status $status"
    jq -r '.cpus[0].features[] | select(.trial.ran > 0) | [.name, .reported, .verdict, .trial.why // "-"] | @tsv' "${TMPDIR:-/tmp}/static_i386.$$" |
        awk -F'\t' -v model=$model '
            FILENAME != "-" { if ($0 !~ /^#/ && NF >= 3) exception[$1, $2] = $3; next }
            {
                reported = $2 == "true" ? "yes" : "no"
                expected = reported == "yes" ? "ok" : "absent|aliased"
                if (($1, reported) in exception) expected = exception[$1, reported]
                else if (($1, "any") in exception) expected = exception[$1, "any"]
                tried++
                if (index("|" expected "|", "|" $3 "|") == 0) { printf "%s: %s (reported: %s): expected %s, got %s (%s)\n", model, $1, reported, expected, $3, $4; bad = 1 }
            }
            END { printf "%s: %d features tried\n", model, tried; exit bad || tried < 40 }' "$here/../probe/tcg-7.2.txt" "$here/tcg-7.2-i386.txt" - ||
        fail "$model"
done
rm -f "${TMPDIR:-/tmp}/static_i386.$$"
echo "$failures failures"
[ $failures -eq 0 ]
