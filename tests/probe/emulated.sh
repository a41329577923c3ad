#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Under QEMU's emulated CPUs: what maskcheck reports equals cpuid(1) under the same -cpu, and each verdict is what follows
# from what QEMU itself says that it cannot emulate (its warnings) and the short table of what TCG does besides.
# Usage: emulated.sh MASKCHECK [MODEL...]
set -u
maskcheck=$1
shift
. "$(dirname "$0")/compare.sh"
need qemu-x86_64 cpuid jq awk
cpuid=$(command -v cpuid)
# With lazy binding the dynamic linker itself chooses code by CPUID (XSAVEC), and dies where a CPU only claims to have it.
LD_BIND_NOW=1
export LD_BIND_NOW
[ $# -gt 0 ] || set -- core2duo Conroe Penryn Nehalem SandyBridge Haswell Opteron_G1 Opteron_G2 Opteron_G3 Opteron_G4 \
    Opteron_G5 EPYC qemu64 max

# "CPUID.80000001H:ECX.xop [bit 11]" in QEMU's warnings: leaf, register, bit of what it refuses. Leaf 0xD is always subleaf 1.
refused_features() {
    awk '
        function pad(text) { sub(/^0x/, "", text); return substr("00000000" tolower(text), length(text) + 1) }
        FILENAME == ARGV[1] && match($0, /CPUID\.[0-9A-F]+H:E[ABCD]X/) {
            place = substr($0, RSTART + 6, RLENGTH - 6)
            split(place, part, "H:")
            bit = $0; sub(/.*\[bit /, "", bit); sub(/\].*/, "", bit)
            refused[pad(part[1]), part[2], bit] = 1
            next
        }
        FILENAME == ARGV[2] && ((pad($3), $5, $6) in refused) { print $1 }
    ' "$1" "$work/features"
}

# check_verdicts REPORT REFUSED WHAT: every tried user-level feature. Rows of the table: feature, reported (yes, no, any),
# verdict; a row is an exception from: reported and refused = broken, reported = ok, not reported = absent or aliased.
check_verdicts() {
    jq -r '.cpus[0].features[] | select(.trial.ran > 0) | [.name, .reported, .verdict, "\(.trial.ok)/\(.trial.ran)", .trial.why // "-"] | @tsv' \
        "$1" >"$work/verdicts"
    awk -F'\t' -v what="$3" '
        FILENAME == ARGV[1] { refused[$1] = 1; next }
        FILENAME == ARGV[2] { if ($0 !~ /^#/ && NF >= 3) exception[$1, $2] = $3; next }
        {
            reported = $2 == "true" ? "yes" : "no"
            expected = reported == "yes" ? (($1 in refused) ? "broken" : "ok") : "absent|aliased"
            if (($1, reported) in exception)
                expected = exception[$1, reported]
            else if (($1, "any") in exception)
                expected = exception[$1, "any"]
            tried++
            if (index("|" expected "|", "|" $3 "|") == 0) {
                printf "%s: %s (reported: %s): expected %s, got %s (%s right, %s)\n", what, $1, reported, expected, $3, $4, $5
                bad = 1
            }
            if ($3 == "broken") broken++
        }
        END {
            printf "%s: %d features tried, %d broken\n", what, tried, broken
            if (tried < 10) { print what ": hardly anything was tried"; bad = 1 }
            exit bad
        }' "$2" "$here/tcg-7.2.txt" "$work/verdicts"
}

# run_model CPU-OPTION WHAT
run_model() {
    qemu-x86_64 -cpu "$1" "$cpuid" -r -1 >"$work/raw" 2>"$work/warnings"
    [ -s "$work/raw" ] || { fail "$2: cpuid(1) does not run"; return; }
    qemu-x86_64 -cpu "$1" "$maskcheck" probe --format json >"$work/report" 2>"$work/stderr"
    status=$?
    [ -s "$work/report" ] || { fail "$2: no report, status $status: $(tail -1 "$work/stderr")"; return; }
    first=$(jq '.cpus[0].cpu' "$work/report")
    compare_registers "$work/raw" "$work/report" "$first" "$2" || failures=$((failures + 1))
    refused_features "$work/warnings" >"$work/refused"
    check_verdicts "$work/report" "$work/refused" "$2" || failures=$((failures + 1))
    broken=$(jq '.summary.broken + .summary.wrong' "$work/report")
    [ "$broken" -eq 0 ] || [ $status -eq 1 ] || fail "$2: $broken broken, but exit status $status"
    jq -e '.machine.hypervisor.signature == "TCGTCGTCGTCG"' "$work/report" >/dev/null || fail "$2: the emulator is not named"
}

for model; do
    run_model "$model" "$model"
    run_model "$model,x-force-features=on" "$model forced"
done
[ $failures -eq 0 ]
