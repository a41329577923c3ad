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

# Nothing changes: it goes on.
cp "$dumps/instlat-penryn.txt" "$work/now.txt"
timeout 3 "$maskcheck" probe --watch 1 --cpuid "$work/now.txt" >"$out" 2>"$err" </dev/null
check 'without a change it goes on' test $? = 124
check 'and says nothing more' test "$(wc -l <"$out")" = 1

# What runs but is not reported lies outside the baseline: a dump held against this CPU.
run 1 probe --cpuid "$dumps/instlat-penryn.txt" --try --baseline x86-64-v1 --format json
json '.[0].masked_outside | type == "array"'

run 2 probe --once
err_has '--once needs --watch'
run 2 probe --watch 0
run 2 probe --watch soon
run 2 probe --watch 1 --cpuid "$work/none.txt"
finish
