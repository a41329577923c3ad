#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bench/run on a few files: it measures every tool that is there, and its JSON and chart are well-formed. No figure is judged.
# Arguments: the source folder, the build folder.
set -u
root=$1 build=$2 failures=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
for tool in python3 jq xargs; do
    type -P "$tool" >/dev/null || { echo "SKIP: $tool is not installed"; exit 77; }
done
check() {
    if "${@:2}" >"$work/said" 2>&1; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        sed 's/^/# /' "$work/said"
        failures=$((failures + 1))
    fi
}
mkdir "$work/files"
cp /bin/true "$work/files/it's a file"
ln -s /bin/sh "$work/files/link"
echo text >"$work/files/text"
check "it runs" "$root/bench/run" --build "$build" --repeat 2 -o "$work/out" "$work/files" /bin/sh
json=$work/out/bench.json
check "ELF files only, links once" test "$(jq .corpus.files "$json")" == 2
check "every tool has its medians" jq -e '.tools | length > 5 and all(.wall > 0 and .peak > 0 and (.runs | length) == 2)' "$json"
check "ratios are to the scan on one thread" jq -e '[.tools[] | select(.ratio == 1)][0].name == "maskcheck, 1 thread"' "$json"
check "growth by number and by size" jq -e '(.growth.files | length) == 2 and (.growth.size | length) == 2' "$json"
check "the chart is XML" python3 -c 'import sys, xml.dom.minidom as m; assert m.parse(sys.argv[1]).getElementsByTagName("rect").length > 5' "$work/out/bench.svg"
check "nothing to measure is an error" bash -c '! "$@"' - "$root/bench/run" --build "$build" -o "$work/out" "$work/files/text"
exit $((failures > 0))
