#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# maskcheck probe as a user calls it: every exit status, bad dumps with one clear line, masks rehearsed with --try.
# Usage: command.sh MASKCHECK
set -u
maskcheck=$1
. "$(dirname "$0")/compare.sh"
need jq awk
data=$here/data

# expect STATUS STDERR-PATTERN ARGUMENT...: the exit status, and one line on stderr (two with a pointer to --help)
expect() {
    wanted=$1 pattern=$2
    shift 2
    "$maskcheck" probe "$@" >"$work/out" 2>"$work/err"
    status=$?
    [ $status -eq "$wanted" ] || fail "probe $*: expected status $wanted, got $status: $(head -1 "$work/err")"
    if [ -n "$pattern" ]; then
        grep -q -e "$pattern" "$work/err" || fail "probe $*: expected \"$pattern\" on stderr, got: $(head -3 "$work/err")"
        [ "$(grep -vc '^Try ' "$work/err")" -eq 1 ] || fail "probe $*: expected one line on stderr, got $(wc -l <"$work/err")"
    fi
    [ $status -ne 2 ] || [ ! -s "$work/out" ] || fail "probe $*: a usage error with output"
}

# Usage and bad input: 2, one line with the file, the place and what was expected.
expect 2 "unknown option '--nonsense'" --nonsense
expect 2 "unknown format 'xml'; known: text, json" --format xml
expect 2 "\-\-try needs --cpuid" --try
expect 2 "unexpected argument 'x'" x
expect 2 "unknown baseline" --baseline no-such-baseline
expect 2 "missing: cannot open" --cpuid "$work/missing"
: >"$work/empty"
expect 2 "empty: offset 0: empty; expected a CPUID dump" --cpuid "$work/empty"
head -c 4096 "$maskcheck" >"$work/binary"
expect 2 "binary: offset [0-9]*: a binary file; expected a CPUID dump as text" --cpuid "$work/binary"
head -c 330 "$data/instlat-penryn.txt" >"$work/short"
expect 2 "short: offset [0-9]*: line [0-9]*: a leaf cut short; expected four registers" --cpuid "$work/short"
head -8 "$data/instlat-penryn.txt" >"$work/lines"
expect 2 "lines: offset [0-9]*: cut short: CPU 0 has no leaf 0x[0-9a-f]*" --cpuid "$work/lines"
sed 'p; s/0008E3FD/0008E1FD/' "$data/instlat-penryn.txt" >"$work/twice"
expect 2 "twice: offset [0-9]*: line [0-9]*: contradictory: leaf 0x00000001" --cpuid "$work/twice"
head -c 700 "$data/libvirt-penryn.xml" >"$work/cut.xml"
expect 2 "cut.xml: offset [0-9]*: line [0-9]*: cut short" --cpuid "$work/cut.xml"
mkfifo "$work/fifo"
expect 2 "fifo: not a regular file" --cpuid "$work/fifo"
expect 2 "cannot write" --cpuid "$data/instlat-penryn.txt" -o "$work/no/such/folder"
if [ -w /dev/full ]; then
    "$maskcheck" probe --cpuid "$data/instlat-penryn.txt" >/dev/full 2>"$work/err"
    [ $? -eq 2 ] || fail "a full disk is not noticed"
fi

# Dumps: 0 when consistent, 1 above the baseline, contradictory dependencies, CPUs that differ.
for file in "$data"/instlat-* "$data"/libvirt-* "$data"/cpuid-r-* "$data"/qemu-model.json; do
    expect 0 "" --cpuid "$file" --format json
    jq -e '.source == "file" and .machine.kernel == null and (.trials | length) == 0 and .summary.untested == (.cpus[0].features | length)
           and all(.cpus[].features[]; .trial.outcome == "not-run" and .kernel == null)' "$work/out" >/dev/null ||
        fail "$file: not a report about a recorded dump"
done
expect 0 "" --cpuid "$data/instlat-penryn.txt" --baseline intel-penryn
expect 1 "" --cpuid "$data/instlat-penryn.txt" --baseline intel-merom
grep -q '^above the baseline: CPUID reports 1 feature that intel-merom' "$work/out" || fail "the answer does not come first"
expect 0 "" --cpuid "$data/instlat-penryn.txt" --baseline "$data/libvirt-penryn.xml"
expect 1 "" --cpuid "$data/instlat-skylake.txt" --baseline "$data/instlat-penryn.txt"
sed 's/0008E3FD/0008E1FD/' "$data/instlat-penryn.txt" >"$work/no-ssse3" # SSE4.1 without SSSE3
expect 1 "" --cpuid "$work/no-ssse3"
expect 1 "" --cpuid "$data/probe-report.json" # CPU 1 lacks SSE3
"$maskcheck" probe --cpuid - <"$data/instlat-k8.txt" >"$work/out" || fail "standard input is not read"

# A report read back says the same of CPUID.
"$maskcheck" probe --format json -o "$work/first" 2>/dev/null
"$maskcheck" probe --cpuid "$work/first" --format json -o "$work/second"
for file in first second; do
    jq -c '[.cpus[] | [.cpu, [.features[] | [.name, .reported]]]]' "$work/$file" >"$work/$file.features"
done
cmp -s "$work/first.features" "$work/second.features" || fail "a report read back differs"
# Two runs say the same but for nothing: no clock, no addresses of this process without a fault.
"$maskcheck" probe --cpuid "$data/instlat-zen.txt" --format json >"$work/a"
"$maskcheck" probe --cpuid "$data/instlat-zen.txt" --format json >"$work/b"
cmp -s "$work/a" "$work/b" || fail "two reports on one dump differ"

# Masks rehearsed on this CPU: what it executes beyond the dump is masked, what the dump promises beyond it is broken.
for dump in instlat-penryn.txt instlat-k8.txt; do
    "$maskcheck" probe --cpuid "$data/$dump" --try --format json >"$work/tried"
    status=$?
    [ $status -le 1 ] || fail "$dump --try: status $status"
    jq -r --slurpfile own "$work/first" '
        ($own[0].cpus[0].features | map({(.name): .}) | add) as $here
        | .cpus[0].features[] | select(.trial.ran > 0) | . as $row | $here[.name] as $real
        | (if $row.reported and $real.verdict == "ok" then "ok"
           elif $row.reported and $real.verdict == "absent" then "broken"
           elif $row.reported then $row.verdict
           elif $real.verdict == "ok" then "masked"
           elif $real.verdict == "os-off" or $real.verdict == "broken" or $real.verdict == "wrong" then $row.verdict
           else $real.verdict end) as $expected
        | select($row.verdict != $expected) | "\(.name): expected \($expected), got \($row.verdict) (\(.trial))"' \
        "$work/tried" >"$work/wrong"
    [ ! -s "$work/wrong" ] || fail "$dump --try: $(head -5 "$work/wrong")"
done
if jq -e '.cpus[0].features[] | select(.name == "sse4.2") | .verdict == "ok"' "$work/first" >/dev/null; then
    "$maskcheck" probe --cpuid "$data/instlat-penryn.txt" --try | head -1 | grep -q '^masked: [0-9]* features run here' ||
        fail "a rehearsed mask is not the answer"
    "$maskcheck" probe --cpuid "$data/instlat-k8.txt" --try --format json |
        jq -e '.cpus[0].features[] | select(.name == "ssse3") | .verdict == "masked" and .trial.ran >= 32 and .trial.ok == .trial.ran' >/dev/null ||
        fail "not all 32 forms of SSSE3 are masked under the K8's CPUID"
fi

# Views: the kernel's, matching, lying, missing.
jq -r '[.cpus[0].features[] | select(.reported) | .name] | join(" ")' "$work/first" >"$work/names"
printf 'processor\t: 0\nflags\t\t: %s\n' "fpu vme sse sse2" >"$work/cpuinfo"
"$maskcheck" probe --cpuid "$data/instlat-penryn.txt" --proc "$work" --format json >"$work/out"
jq -e '[.disagreements[] | select(.between == ["file", "kernel"] and .feature == "ssse3")] | length == 1' "$work/out" >/dev/null ||
    fail "a lying kernel is not named"
rm "$work/cpuinfo"
"$maskcheck" probe --proc "$work" --format json >"$work/out"
jq -e '[.cpus[].features[] | select(.kernel != null)] | length == 0' "$work/out" >/dev/null || fail "a missing kernel view has flags"

# Colours only when wanted: never into a file, and no control byte in any text.
NO_COLOR=1 "$maskcheck" probe --cpuid "$data/instlat-penryn.txt" | LC_ALL=C grep -q '[[:cntrl:]]' && fail "control bytes in the text report"
[ "$("$maskcheck" probe --cpuid "$data/instlat-skylake.txt" | wc -L)" -le 100 ] || fail "lines longer than 100 columns"

echo "$failures failures"
[ $failures -eq 0 ]
