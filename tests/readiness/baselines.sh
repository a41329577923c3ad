#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `maskcheck baselines --common`, `--explain` and `--admit` end to end. baselines.sh MASKCHECK FOLDER-OF-DUMPS
dumps=$(cd "${2:?usage: baselines.sh MASKCHECK FOLDER-OF-DUMPS}" && pwd)
. "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
needs jq
holds() { jq -e "$1" "$out" >/dev/null; }
json() { check "$said: $1" holds "$1"; }
penryn=$dumps/instlat-penryn.txt skylake=$dumps/instlat-skylake.txt zen=$dumps/instlat-zen.txt

# The common set.
run 0 baselines --common "$penryn"
out_has '1 host has x86-64-v1 and intel-penryn'
run 0 baselines --common "$penryn" "$skylake" "$skylake"
out_has '3 hosts in common have x86-64-v1 and intel-penryn'
out_has "Held back by $penryn"
out_has '-cpu Penryn'
out_has "<model fallback='forbid'>Penryn</model>"
run 0 baselines --common --format json "$penryn" "$skylake"
json '.schema == "maskcheck/pool/1" and .common.evc == "intel-penryn" and .common.psabi == "x86-64-v1"'
json '.common.features | index("sse4.1") and (index("sse4.2") | not)'
json '.holder.hosts == ["'"$penryn"'"] and (.holder.without.gain | index("avx512f"))'
json '.groups[1].unused | index("avx2")'
json '.libvirt | test("<vendor>Intel</vendor>")'
run 0 baselines --common --format json "$skylake" "$zen"
json '.common.evc == null and (.vendors | length) == 2 and .common.psabi == "x86-64-v3"'
json '[.vendors[] | .vendor] == ["Intel", "AMD"]'
run 0 baselines --common --format json "$dumps/instlat-bulldozer.txt" "$zen"
json '.common.features | (index("fma4") or index("xop")) | not' # AMD's are not monotone
run 0 baselines --common "$penryn"
out_has 'All hosts have the same features.'
run 0 baselines --common intel-penryn Nehalem
out_has 'intel-penryn'

# A model of a later QEMU, without what only later QEMU can name; never INVTSC, with which a guest cannot be migrated.
run 0 baselines --common SierraForest,-cmpccxadd,-avxifma SierraForest
out_has '-cpu SierraForest,-cmpccxadd,-avx-ifma'
run 0 baselines --common SandyBridge,+invtsc,+pcid SandyBridge,+invtsc,+pcid
out_has '-cpu SandyBridge,+pcid'
out_lacks '+invtsc'
# The CPU for QEMU must be one that QEMU takes.
if type -P qemu-x86_64 >/dev/null; then
    for file in "$penryn" "$skylake" "$zen" "$dumps/instlat-k8.txt"; do
        run 0 baselines --common --format json "$file"
        cpu=$(jq -r .qemu "$out")
        qemu-x86_64 ${cpu% *} "${cpu#* }" "$(type -P true)" 2>"$err" >/dev/null
        if grep -q 'not found\|unable to find\|Property' "$err"; then fail "QEMU takes $cpu"; else pass "QEMU takes $cpu"; fi
    done
fi

# A thousand dumps in a second; ten are allowed here, for slow machines and the sanitizers.
mkdir "$work/pool"
for ((i = 0; i < 250; i++)); do
    for file in penryn skylake zen k8; do ln -s "$dumps/instlat-$file.txt" "$work/pool/$file-$i.txt"; done
done
start=$SECONDS
run 0 baselines --common "$work"/pool/*.txt
out_has '1000 hosts'
check 'a thousand dumps take less than ten seconds' test $((SECONDS - start)) -lt 10

# What one adds to another.
run 0 baselines --explain amd-piledriver amd-zen
out_has 'drops           xop fma4 tbm'
run 0 baselines --explain --format json intel-merom intel-penryn
json '.adds == ["sse4.1"] and .drops == []'
run 0 baselines --explain "$penryn" "$penryn"
out_has 'adds            nothing'

# Admission: each condition fails once.
run 0 baselines --admit intel-penryn "$penryn"
out_has 'it is exactly that generation'
run 0 baselines --admit intel-merom "$skylake"
out_has 'intel-cpuid-faulting'

run 1 baselines --admit intel-nehalem --format json "$penryn"
json '.admitted == false and .failed == ["features"] and (.missing | index("sse4.2"))'
run 1 baselines --admit amd-zen --format json "$skylake"
json '.failed | index("line")'
sed 's/^CPUID 00000001: 00010676/CPUID 00000001: 000006F6/' "$penryn" >"$work/merom.txt" # Merom cannot hide anything
run 1 baselines --admit intel-penryn --format json "$work/merom.txt"
json '.failed == ["hiding"] and .generation == "intel-merom"'
sed 's/^CPUID 00000001: 00010676/CPUID 00000001: 000106C2/' "$penryn" >"$work/atom.txt"
run 1 baselines --admit intel-merom "$work/atom.txt"
out_has 'fails: family 0x6 model 0x1c is in no generation of the line'
run 2 baselines --admit Penryn "$penryn"
err_has 'is no EVC baseline'
run 2 baselines --admit intel-merom Penryn
err_has 'is a name, not a CPU'

# Errors.
run 2 baselines --common
run 2 baselines --common nosuchmodel
run 2 baselines --common intel-penrin
err_has "did you mean 'intel-penryn'?"
run 2 baselines --explain intel-merom
run 2 baselines --common --explain intel-merom intel-penryn
run 2 baselines --format json
head -c 300 "$penryn" >"$work/cut.txt"
run 3 baselines --common "$penryn" "$work/cut.txt"
err_has 'cut'
out_has '1 more could not be read'
run 3 baselines --common "$work/cut.txt"
run 3 baselines --explain intel-merom "$work/cut.txt"
grep -v '^CPUID 0000000D: .*SL 01' "$skylake" >"$work/no-subleaf.txt"
run 1 baselines --admit intel-sandybridge "$work/no-subleaf.txt"
out_has 'the dump does not tell xsaveopt'
out_has 'this one leaves registers out'
run 3 baselines --admit intel-merom "$work/cut.txt"
finish
