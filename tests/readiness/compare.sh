#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `maskcheck compare` end to end. compare.sh MASKCHECK FOLDER-OF-DUMPS
dumps=$(cd "${2:?usage: compare.sh MASKCHECK FOLDER-OF-DUMPS}" && pwd)
. "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
needs jq
holds() { jq -e "$1" "$out" >/dev/null; }
json() { check "$said: $1" holds "$1"; }

run 0 compare intel-merom intel-penryn
out_has 'intel-penryn (a named baseline of Intel): ok'
run 1 compare intel-penryn intel-merom
out_has 'programs use  sse4.1'
run 1 compare --format json intel-penryn intel-merom
json '.schema == "maskcheck/compare/1" and .from.name == "intel-penryn"'
json '.to[0].verdict == "unsafe" and .to[0].missing == [{"feature":"sse4.1","used_by":"program"}]'
json '.common.highest == "intel-merom" and (.common.baselines | index("x86-64-v1"))'

# Every format; a dump fits itself, unless its CPUs differ: then a VM may have seen what another CPU there lacks.
for file in "$dumps"/*.txt "$dumps"/*.xml "$dumps/qemu-model.json"; do
    run 0 compare "$file" "$file"
done
run 1 compare "$dumps/probe-report.json" "$dumps/probe-report.json"
out_has '2 CPUs that differ'
run 0 compare "$dumps/instlat-penryn.txt" "$dumps/libvirt-penryn.xml" # the same CPU by two tools
run 1 compare "$dumps/instlat-skylake.txt" "$dumps/instlat-penryn.txt"
out_has 'sse4.2'
out_has 'xsave-size('
run 1 compare --format json "$dumps/instlat-skylake.txt" intel-skylake
json '.to[0].not_compared | map(.feature) | index("vmx")'
json '[.to[0].missing[] | select(.feature == "vmx")] == []'

# Vendors.
run 1 compare intel-merom amd-bulldozer
out_has 'AMD, another vendor than Intel'
run 1 compare --format json intel-merom amd-bulldozer
json '.to[0].reason == "vendor"'
run 0 compare --cross-vendor intel-merom amd-bulldozer
out_has '(allowed)'
run 0 compare x86-64-v2 amd-bulldozer intel-nehalem

# CRLF, and an unnamed bit that only one has.
sed 's/$/\r/' "$dumps/instlat-penryn.txt" >"$work/crlf.txt"
run 0 compare "$dumps/instlat-penryn.txt" "$work/crlf.txt"
sed 's/^\(CPUID 00000001: ........-........-........-\)BFEBFBFF/\1BFEBFFFF/' "$work/crlf.txt" >"$work/bit.txt"
run 1 compare "$work/bit.txt" "$work/crlf.txt"
out_has '1.edx[10]'
run 0 compare "$work/crlf.txt" "$work/bit.txt"

run 1 compare --matrix intel-merom intel-penryn amd-zen
out_has 'vendor'
run 1 compare --matrix --format json intel-merom intel-penryn
json '[.matrix[].from.name] == ["intel-merom","intel-penryn"]'
json '.matrix[1].to[0].verdict == "unsafe" and .matrix[0].to[1].verdict == "ok"'
run 0 compare this-machine this-machine

# Errors.
run 2 compare
run 2 compare intel-merom
err_has 'expected FROM and at least one TO'
run 2 compare intel-merom intel-penrin
err_has "did you mean 'intel-penryn'?"
run 2 compare --format yaml intel-merom intel-merom
head -c 300 "$dumps/instlat-penryn.txt" >"$work/cut.txt"
run 3 compare intel-merom "$work/cut.txt" intel-penryn
err_has 'cut'
out_has 'intel-penryn (a named baseline of Intel): ok'
run 1 compare intel-penryn "$work/cut.txt" intel-merom
run 3 compare "$work/cut.txt" intel-merom
run 3 compare --format json intel-merom "$work/cut.txt"
json '.to[0].verdict == null and (.to[0].error | length > 0)'
cat "$dumps/instlat-penryn.txt" "$dumps/instlat-zen.txt" >"$work/two.txt"
run 3 compare intel-merom "$work/two.txt"
err_has 'expected the CPUs of one machine in one file'
sed 's/^CPUID 00000001: 00010676.*/&\nCPUID 00000001: 00010676-00020800-00000000-BFEBFBFF/' "$dumps/instlat-penryn.txt" >"$work/contradictory.txt"
run 3 compare intel-merom "$work/contradictory.txt"
err_has 'contradictory'
run 2 compare zzzzzz intel-merom
err_has 'is neither a file nor a known baseline'
run 3 compare intel-merom "$work/none.txt"
run 0 compare --help
out_has 'Examples:'
finish
