#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Scans the files of packages.txt at three baselines and says per file, and in all, how the verdicts were come by; packages that
# must be called unsafe are held against that. Prints TAP.
#   corpus.sh MASKCHECK FOLDER    FOLDER: what fetch.sh made; without MASKCHECK_ALL=1 a few files of this system are scanned
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
maskcheck=${1:?usage: corpus.sh MASKCHECK FOLDER}
folder=${2:?usage: corpus.sh MASKCHECK FOLDER}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [[ ${MASKCHECK_ALL-} == 1 && -s $folder/list ]]; then
    cp "$folder/list" "$work/list"
else
    for name in bin/cksum bin/wc bin/zstd lib/x86_64-linux-gnu/lib{gcc_s.so.1,lzma.so.5,stdc++.so.6,deflate.so.0,gmp.so.10}; do
        if [[ -e /usr/$name ]]; then echo "- $(readlink -f "/usr/$name")"; fi
    done >"$work/list"
fi
[[ -s $work/list ]] || { echo "SKIP: none of the files is here"; exit 77; }
cut -d ' ' -f 2- "$work/list" | sort -u >"$work/paths"
# What was unpacked asks libraries that were unpacked beside it.
if [[ -d $folder/root ]]; then root=$(cd "$folder/root" && pwd); else root=/nonexistent; fi
grep -F "$root/" "$work/paths" >"$work/unpacked" || true
grep -vF "$root/" "$work/paths" >"$work/installed" || true

# scan OPTION...: a report of all files, as JSON lines
scan() {
    if [[ -s $work/unpacked ]]; then "$maskcheck" scan -j 2 "$@" --root "$root" --files-from "$work/unpacked" || true; fi
    if [[ -s $work/installed ]]; then "$maskcheck" scan -j 2 "$@" --files-from "$work/installed" || true; fi
}

# known KIND NAME TEXT: prints the reason when this result stands in known-wrong.txt.
known() {
    local kind name pattern reason
    while read -r kind name pattern reason; do
        if [[ $kind == "$1" && $2 =~ ^($name)$ && $3 =~ $pattern ]]; then echo "$reason"; return 0; fi
    done < <(grep -v '^#' "$here/known-wrong.txt")
    return 1
}
status=0
# say GOOD KIND NAME TEXT
say() {
    local reason
    if [[ $1 -eq 1 ]]; then
        echo "ok - $3: $4"
    elif reason=$(known "$2" "$3" "$4"); then
        echo "ok - $3 # SKIP known to be wrong: $reason ($4)"
    else
        echo "not ok - $3"
        echo "# $4"
        status=1
    fi
}

for baseline in x86-64-v1 intel-merom intel-penryn; do
    # Reports of large files have a million uses: they are read as they come. Lines: uses proved inferred dead unsafe status verdict path
    scan --baseline "$baseline" --format jsonl --all-uses 2>"$work/said" |
        awk 'BEGIN { RS = "{\"address\":\"" }
             function finish() {
                 if (path != "")
                     print guarded + dead + unsafe, proved + 0, guarded - proved, dead + 0, unsafe + 0, state, verdict, path
                 guarded = proved = dead = unsafe = 0; path = ""
             }
             function within(text, name) { # the string that follows NAME
                 if (!match(text, "\"" name "\":\"[^\"]*\"")) return "-"
                 return substr(text, RSTART + length(name) + 4, RLENGTH - length(name) - 5)
             }
             {
                 n = split($0, line, "\n")
                 for (i = 1; i <= n; i++) {
                     if (line[i] ~ /^{"schema"/ && line[i] ~ /"path":"/) {
                         finish(); path = within(line[i], "path"); state = within(line[i], "status"); verdict = "-"
                     }
                     if (match(line[i], /"verdict":"[a-z]*","level":"[a-z]*","confidence":"[a-z]*"/)) {
                         use = substr(line[i], RSTART, RLENGTH)
                         if (use ~ /"guarded"/) { guarded++; if (use ~ /"proved"$/) proved++ }
                         else if (use ~ /"dead"/) dead++
                         else unsafe++
                     } else if (match(line[i], /"verdict":"[a-z]*","confidence"/))
                         verdict = within(substr(line[i], RSTART, RLENGTH), "verdict")
                 }
             }
             END { finish() }' | sort -k 8 >"$work/$baseline" || true
    awk -v baseline="$baseline" '
        $1 { printf "# %s: %s: %d uses: %d proved, %d inferred, %d dead, %d unsafe; %s %s\n", baseline, $8, $1, $2, $3, $4, $5, $6, $7 }
        ' "$work/$baseline"
    read -r files uses proved inferred dead unsafe wrong share < <(awk '
        { files += $1 > 0; u += $1; p += $2; i += $3; d += $4; x += $5; w += $7 ~ /^(unguarded|misguarded|trapped)$/ }
        END { printf "%d %d %d %d %d %d %d %.1f\n", files, u, p, i, d, x, w, p + i + d ? 100 * p / (p + i + d) : 0 }' "$work/$baseline")
    count=$(wc -l <"$work/$baseline")
    if [[ $count -eq $(wc -l <"$work/paths") ]]; then all=1; else all=0; fi
    say "$all" reports "$baseline: every file has a report" "$count of $(wc -l <"$work/paths")"
    [[ ${MASKCHECK_ALL-} == 1 ]] || continue
    if awk -v s="$share" 'BEGIN { exit !(s >= 80) }'; then enough=1; else enough=0; fi
    say "$enough" share "$baseline: at least 80 % of the uses that are not unsafe are proved" \
        "$share %: $proved proved, $inferred inferred, $dead dead, $unsafe unsafe of $uses uses in $files files; $wrong files called unsafe"
done

[[ ${MASKCHECK_ALL-} == 1 ]] || exit "$status"
while read -r package; do
    if ! grep -q "^$package " "$work/list"; then
        echo "ok - $package is called unsafe # SKIP the package is not here"
        continue
    fi
    found=$(awk -v package="$package" 'NR == FNR { if ($1 == package) mine[$2] = 1; next }
        $8 in mine && $7 ~ /^(unguarded|misguarded|trapped)$/ { n++ } END { print n + 0 }' "$work/list" "$work/x86-64-v1")
    say "$((found > 0))" unsafe "$package is called unsafe" "$found of its files"
done < <(awk '!/^#/ && $2 == "unsafe" { print $1 }' "$here/packages.txt")
exit "$status"
