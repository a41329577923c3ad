#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# On this machine: what maskcheck reports equals cpuid(1) and /proc/cpuinfo for every catalogued bit, on every CPU.
# Usage: against_cpuid.sh MASKCHECK
set -u
maskcheck=$1
. "$(dirname "$0")/compare.sh"
need cpuid jq awk taskset

"$maskcheck" probe --format json >"$work/report"
status=$?
[ $status -le 1 ] || [ $status -eq 3 ] || fail "maskcheck probe ends with $status"
jq -e '.schema == "maskcheck/probe/1"' "$work/report" >/dev/null || fail "no report of schema maskcheck/probe/1"

for cpu in $(jq '.cpus[].cpu' "$work/report"); do
    taskset -c "$cpu" cpuid -r -1 >"$work/raw" 2>/dev/null || { fail "cpuid(1) does not run on CPU $cpu"; continue; }
    compare_registers "$work/raw" "$work/report" "$cpu" "CPU $cpu" || failures=$((failures + 1))

    # The same in cpuid(1)'s words, which know the places of the bits from elsewhere than our catalogue.
    taskset -c "$cpu" cpuid -1 >"$work/words" 2>/dev/null
    jq -r --argjson cpu "$cpu" '.cpus[] | select(.cpu == $cpu) | .features[] | [.name, .reported] | @tsv' "$work/report" >"$work/reported"
    awk -F'\t' -v what="CPU $cpu" '
        FILENAME == ARGV[1] { reported[$1] = $2; next }
        FILENAME == ARGV[2] {
            value = $0; sub(/.*= /, "", value); sub(/ .*/, "", value)
            label = $0; sub(/ *= .*/, "", label); sub(/^ */, "", label)
            if (value == "true" || value == "false")
                word[label] = word[label] == "true" ? "true" : value
            next
        }
        /^#/ || !($2 in word) { next }
        { compared++ }
        reported[$1] != word[$2] { printf "%s: %s: cpuid(1): \"%s\" is %s, maskcheck says %s\n", what, $1, $2, word[$2], reported[$1]; bad = 1 }
        END { if (compared < 100) { print what ": only " compared + 0 " words compared"; bad = 1 }; exit bad }
    ' "$work/reported" "$work/words" "$here/cpuid-labels.txt" || failures=$((failures + 1))

    # The kernel's list, read here by other means: every flag of the catalogue, and every difference named as one.
    awk -v cpu="$cpu" '/^processor[ \t]*:/ { current = $NF } /^flags[ \t]*:/ && current == cpu {
        sub(/^[^:]*:/, ""); for (i = 1; i <= NF; i++) print $i }' /proc/cpuinfo >"$work/flags"
    jq -r --argjson cpu "$cpu" '.cpus[] | select(.cpu == $cpu) | .features[] | [.name, .reported, .kernel] | @tsv' \
        "$work/report" >"$work/kernel"
    jq -r '.disagreements[] | select(.between[1] == "kernel") | .feature' "$work/report" >"$work/disagreeing"
    awk -v what="CPU $cpu" '
        FILENAME == ARGV[1] { flag[$1] = 1; next }
        FILENAME == ARGV[2] { named[$1] = 1; next }
        FILENAME == ARGV[3] { reported[$1] = $2; kernel[$1] = $3; next }
        {
            expected = $2 == "-" ? "" : ($2 in flag) ? "true" : "false"
            if (kernel[$1] != expected) {
                printf "%s: %s: /proc/cpuinfo: expected \"%s\", maskcheck says \"%s\"\n", what, $1, expected, kernel[$1]; bad = 1
            }
            if (expected != "" && (reported[$1] != expected) != ($1 in named)) {
                printf "%s: %s: CPUID %s, kernel %s, disagreement %s\n", what, $1, reported[$1], expected,
                       ($1 in named) ? "named without reason" : "not named"; bad = 1
            }
        }
        END { exit bad }' "$work/flags" "$work/disagreeing" "$work/kernel" "$work/features" || failures=$((failures + 1))
done

# The comparison itself can fail: one bit turned in the report must be found.
jq '.cpus[0].features |= map(if .name == "ssse3" then .reported = (.reported | not) else . end)' "$work/report" >"$work/planted"
first=$(jq '.cpus[0].cpu' "$work/report")
taskset -c "$first" cpuid -r -1 >"$work/raw" 2>/dev/null
compare_registers "$work/raw" "$work/planted" "$first" planted >/dev/null && fail "a planted difference was not found"

echo "$(jq '.cpus | length' "$work/report") CPUs, $(wc -l <"$work/features") features each, $failures failures"
[ $failures -eq 0 ]
