#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `maskcheck probe --watch` on a recorded CPUID that is replaced meanwhile, as a migration would. watch.sh MASKCHECK FOLDER-OF-DUMPS
dumps=$(cd "${2:?usage: watch.sh MASKCHECK FOLDER-OF-DUMPS}" && pwd)
. "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
needs jq
holds() { jq -es "$1" "$out" >/dev/null; }
json() { check "$said: $1" holds "$1"; }

# move FROM TO ARGUMENT...: watches FROM until it has said so, puts TO in its place, waits for the end.
move() {
    local from=$1 to=$2 status
    shift 2
    cp "$from" "$work/now.txt"
    : >"$out" # of the run before
    said="maskcheck probe --watch 1 --once $*"
    timeout 60 "$maskcheck" probe --watch 1 --once --cpuid "$work/now.txt" "$@" >"$out" 2>"$err" </dev/null &
    for ((i = 0; i < 100; i++)); do [[ -s $out ]] && break; sleep 0.1; done
    cp "$to" "$work/next.txt"
    mv "$work/next.txt" "$work/now.txt"
    wait $!
    status=$?
    if [[ $status == 1 ]]; then pass "$said: ends with 1"; else fail "$said: ends with 1, not $status"; fi
}

move "$dumps/instlat-skylake.txt" "$dumps/instlat-penryn.txt"
out_has 'the CPU under this machine has changed'
out_has 'avx2: reported -> not reported'
out_has 'brand: Intel(R) Xeon'
out_has 'processes have run since before'
move "$dumps/instlat-penryn.txt" "$dumps/instlat-zen.txt" --format json --baseline intel-penryn
json 'map(.event) == ["start", "change"] and .[0].schema == "maskcheck/watch/1"'
json '.[1].changes | map(select(.kind == "cpu" and .what == "vendor")) | .[0].after == "AuthenticAMD"'
json '.[1].changes | map(select(.kind == "cpuid" and .what == "avx2")) | .[0].lost == false'
json '.[1].changes | map(select(.kind == "baseline" and .what == "avx2")) | .[0].after == "above"'
json '.[1].processes | map(.pid) | index('$$')' # this shell has run since before

# Nothing of CPUID is passed over: bits that nobody has named, one CPU of two, caches, the hypervisor's leaves.
changed() { # changed SED-SCRIPT: of the file below
    sed -e "$1" "$kvm" >"$work/to.txt"
    if cmp -s "$kvm" "$work/to.txt"; then fail "the script changes the dump: $1"; fi
    move "$kvm" "$work/to.txt" --format json
}
one() { json ".[1].changes | length == 1 and (.[0] | $1)"; }
kvm=$dumps/cpuid-r-kvm.txt
changed 's/edx=0x20814010/edx=0x2081c010/'
one '.kind == "cpuid" and .what == "hybrid" and .cpus == null'
changed 's/edx=0x20814010/edx=0x20810010/'
one '.what == "serialize" and .before == "reported" and .lost'
changed 's/ecx=0x1a415f46 edx=0x20814010/ecx=0x1a415f46 edx=0x20814030/'
one '.what == "uintr" and .lost == false'
changed '/^CPU 1/,$s/\(0x00000007 0x01: eax=0x00001c30 ebx=0x0000000\)0/\18/'
one '.what == "7.1.ebx[3]" and .after == "reported" and .cpus == [1]'
changed 's/ecx=0x00033fff edx/ecx=0x00037fff edx/'
one '.what == "4.3.ecx" and .before == "0x33fff" and .after == "0x37fff" and .cpus == null'
changed 's/0x40000000 0x00: eax=0x40000001/0x40000000 0x00: eax=0x40000010/'
one '.kind == "hypervisor" and .what == "40000000.eax"'
changed '/^CPU 1/,$s/ebx=0x756e6547 ecx=0x6c65746e edx=0x49656e69/ebx=0x68747541 ecx=0x444d4163 edx=0x69746e65/'
json '.[1].changes | map(.what) | index("0.ebx") and index("0.edx") and index("vendor") == null'

# What differs by itself is no change: APIC ids, the number of logical CPUs, OSXSAVE, OSPKE, the size of the XSAVE area in use.
# Nor is nothing: it goes on.
sed -e 's/0x00000001 0x00: eax=0x000c06f2 ebx=0x......../0x00000001 0x00: eax=0x000c06f2 ebx=0x77130800/' -e 's/ecx=0xfffa3203/ecx=0xf7fa3203/' \
    -e 's/ecx=0x1a415f46/ecx=0x1a415f56/' -e 's/\(0x0000000d 0x0[01]: eax=0x........ ebx=0x\)......../\100000240/' "$kvm" >"$work/to.txt"
check 'the dump has changed' bash -c '[[ $(diff "$1" "$2" | grep -c "^>") -ge 6 ]]' - "$kvm" "$work/to.txt"
cp "$kvm" "$work/now.txt"
{ sleep 1.5; mv "$work/to.txt" "$work/now.txt"; } &
timeout 4 "$maskcheck" probe --watch 1 --once --cpuid "$work/now.txt" >"$out" 2>"$err" </dev/null
check 'ids and what the system turned on are no change' test $? = 124
check 'and nothing is said of them' test "$(wc -l <"$out")" = 1

# What runs but is not reported lies outside the baseline: a dump held against this CPU.
run 1 probe --cpuid "$dumps/instlat-penryn.txt" --try --baseline x86-64-v1 --format json
json '.[0].masked_outside | type == "array"'

run 2 probe --once
err_has '--once needs --watch'
run 2 probe --watch 0
run 2 probe --watch soon
run 2 probe --watch 1 --cpuid "$work/none.txt"
finish
