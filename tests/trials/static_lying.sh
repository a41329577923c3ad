#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A CPUID that promises AVX-512 on a CPU without it: glibc programs die at start-up, the static executable tells.
# Usage: static_lying.sh MASKCHECK-PROBE
set -u
probe=$1 failures=0
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }
for tool in qemu-x86_64 jq; do
    command -v $tool >/dev/null || { echo "SKIP: $tool is not installed"; exit 77; }
done
cpu=Haswell,x-force-features=on,+avx512f,+avx512vl,+avx512bw,+avx512dq,+avx512cd
qemu-x86_64 -cpu $cpu /bin/true 2>/dev/null
echo "a program with glibc ends with status $? under this CPU"
report=$(qemu-x86_64 -cpu $cpu "$probe" --json 2>/dev/null)
[ $? -eq 1 ] || fail "expected exit status 1"
for feature in avx512f avx512vl avx512bw avx512dq avx512cd; do
    verdict=$(echo "$report" | jq -r ".cpus[0].features[] | select(.name == \"$feature\") | .verdict")
    [ "$verdict" = broken ] || fail "$feature: expected broken, got $verdict"
done
verdict=$(echo "$report" | jq -r '.cpus[0].features[] | select(.name == "avx2") | .verdict')
[ "$verdict" = ok ] || fail "avx2: expected ok, got $verdict"
qemu-x86_64 -cpu $cpu "$probe" 2>/dev/null | head -1 | grep -q '^broken: CPUID promises' || fail "the answer does not come first"
echo "$failures failures"
[ $failures -eq 0 ]
