#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Scans every built sample and holds the verdict against samples/samples.txt. Prints TAP.
#   scan.sh MASKCHECK FOLDER-OF-BUILT-SAMPLES [dynamic|static]   without the last: both
# A static program is judged by the uses in the sample's own code, as the linker's map places it: the C library's code in
# it is not what the sample is about.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
maskcheck=${1:?usage: scan.sh MASKCHECK FOLDER}
folder=${2:?usage: scan.sh MASKCHECK FOLDER [dynamic|static]}
links=${3-}
table=$here/../../samples/samples.txt
known=${MASKCHECK_KNOWN_WRONG:-$here/known-wrong.txt}
if ! type -P jq >/dev/null; then
    echo "SKIP: jq is not installed"
    exit 77
fi
[[ -s $folder/list ]] || { echo "not ok - the samples are not built: $folder/list is missing"; exit 1; }
if [[ $links == static && ${MASKCHECK_ALL-} != 1 ]]; then
    echo "SKIP: static programs, with all of the C library in each, are scanned with MASKCHECK_ALL=1 only"
    exit 77
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
while read -r what; do
    echo "ok - $what # SKIP it cannot be built here"
done <"$folder/absent"

# Scans PATH...; what maskcheck says becomes lines "file PATH STATUS VERDICT CONFIDENCE", "gap PATH ADDRESS" and
# "use PATH ADDRESS VERDICT LEVEL CONFIDENCE". A few files at a time: a static program has thousands of uses.
scan_some() { # BASELINE PATH...
    local baseline=$1
    shift
    "$maskcheck" scan --all-uses --format json --baseline "$baseline" "$@" |
        jq -r '.files[] | .path as $p | "file \($p) \(.status) \(.verdict) \(.confidence)",
               (.gaps[]? | "gap \($p) \(.address)"),
               (.uses[]? | "use \($p) \(.address) \(.verdict) \(.level) \(.confidence)")' >"$work/said.$$"
}
# The part of the list that is asked for.
case $links in
    static) grep -e '-static-' "$folder/list" >"$work/list" ;;
    dynamic) grep -v -e '-static-' "$folder/list" >"$work/list" ;;
    *) cp "$folder/list" "$work/list" ;;
esac
export maskcheck work
export -f scan_some
awk 'NR == FNR { if (!/^#/ && NF) baseline[$1] = $3; next } { print baseline[$1], $3 }' "$table" "$work/list" | sort -u |
    awk '$1 != last || n == 50 { if (NR > 1) print line; line = $1; last = $1; n = 0 } { line = line " " $2; n++ } END { print line }' |
    xargs -P "$(nproc)" -L 1 bash -c 'scan_some "$@"' scan_some
cat "$work"/said.* >"$work/said"

awk '{ print $3 }' "$work/list" | while read -r path; do
    [[ $path == *-static || $path == *-static-stripped ]] || continue
    awk -v path="$path" '$NF ~ /\.o\/[^\/]*\.o$/ && $(NF - 1) ~ /^0x/ && $(NF - 2) ~ /^0x/ { print "own", path, $(NF - 2), $(NF - 1) }' \
        "${path%-stripped}.map"
done >"$work/own"
awk -f "$here/judge.awk" "$table" "$known" "$work/own" "$work/said" "$work/list"
