#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The static executable chooses no code by CPUID and holds none beyond the oldest CPU of its kind.
# Usage: static_code.sh MASKCHECK-PROBE LATER_INSTRUCTIONS
set -u
probe=$1 later=$2 failures=0
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }
command -v readelf >/dev/null || { echo "SKIP: readelf (binutils) is not installed"; exit 77; }

readelf -rW "$probe" | grep -q IRELATIV && fail "IRELATIVE relocations"
readelf -sW "$probe" | grep -q ' IFUNC ' && fail "IFUNC symbols"
readelf -lW "$probe" | grep -q INTERP && fail "a dynamic linker is needed"
readelf -lW "$probe" | grep 'GNU_STACK' | grep -q 'E' && fail "an executable stack"
readelf -lW "$probe" | grep 'LOAD' | grep -q 'RWE' && fail "a segment both writable and executable"
size=$(wc -c <"$probe")
[ "$size" -lt 2097152 ] || fail "$size bytes, expected less than 2 MiB"
"$later" "$probe" || fail "instructions beyond the baseline"

# The checks can fail: the C library of this system does all of it.
for libc in /lib/x86_64-linux-gnu/libc.so.6 /lib64/libc.so.6; do
    [ -r "$libc" ] || continue
    "$later" "$libc" >/dev/null && fail "$libc shows no later instruction: the check is blind"
    readelf -rW "$libc" | grep -q IRELATIV || fail "$libc shows no IRELATIVE relocation: the check is blind"
    break
done
echo "$size bytes, $failures failures"
[ $failures -eq 0 ]
