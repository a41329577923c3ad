#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# scan: verdicts, exit statuses, options, the three formats.
. "$(dirname "$0")/lib.sh"
needs jq
make_programs
clean=$work/clean unguarded=$work/unguarded

run 2 scan
err_has "which files or folders?"
run 0 scan "$clean"
out_has "$clean: clean"
out_has "Baseline x86-64-v1 (the default"
out_has "1 file: 1 clean, 0 guarded, 0 misguarded, 0 trapped, 0 unguarded."
run 1 scan "$unguarded"
out_has "$unguarded: unguarded"
out_has "pshufb xmm0, xmm1"
out_has "_start"
out_has "needs ssse3"
out_has "x86-64-v2, intel-merom, amd-bulldozer"
run 1 scan "$unguarded" "$clean"
run 1 scan "$work/none" "$unguarded"
run 3 scan "$work/none" "$clean"
err_is "maskcheck: $work/none: $(LC_ALL=C ls "$work/none" 2>&1 | sed 's/.*: //' | sed 's/^/cannot read: /')"

# --baseline
run 0 scan --baseline intel-merom "$unguarded"
out_has "Baseline intel-merom"
run 0 scan --baseline x86-64-v1,+ssse3 "$unguarded"
run 1 scan --baseline x86-64-v2,-ssse3 "$unguarded"
run 2 scan --baseline intel-meron "$unguarded"
err_has "intel-merom"
run 2 scan --baseline
err_has "needs an argument"

# other options
run 2 scan -j 0 "$clean"
run 2 scan -j x "$clean"
run 0 scan -j 3 "$clean"
run 2 scan --format yaml "$clean"
err_has "known: text, json, jsonl, sarif"
run 2 scan --strict=much "$clean"
run 0 scan --strict "$clean"
run 0 scan --strict=proof --strict=conformance --no-cache --all-uses -v "$clean"
run 1 scan -o "$work/report" "$unguarded"
check "-o leaves stdout empty" test ! -s "$out"
check "-o writes the report" grep -q unguarded "$work/report"
run 2 scan -o "$work/none/report" "$clean"
run 1 scan --all-uses "$unguarded"
run 0 scan -- "$clean"

# folders: named files only when something is to be said, -v names all
mkdir -p "$work/folder/sub"
cp "$clean" "$work/folder/sub/c"
cp "$unguarded" "$work/folder/b"
echo text >"$work/folder/a.txt"
ln -s b "$work/folder/link"
ln "$work/folder/b" "$work/folder/hard"
run 1 scan "$work/folder"
out_lacks "sub/c"
out_has "3 files: 1 clean, 0 guarded, 0 misguarded, 0 trapped, 1 unguarded, 1 skipped"
run 1 scan -v "$work/folder"
out_has "sub/c: clean"
out_has "a.txt: skipped"
check "scan -v FOLDER: output is sorted by path" diff <(grep -o "^$work/folder/[^:]*" "$out") <(grep -o "^$work/folder/[^:]*" "$out" | sort)

# lists
said="find | maskcheck scan --files-from -"
find "$work/folder" -name b | "$maskcheck" scan --files-from - >"$out" 2>"$err"
check "$said: exit status 1" test $? = 1
said="printf 'clean\\0' | maskcheck scan -0 --files-from -"
printf '%s\0' "$clean" "$unguarded" | "$maskcheck" scan -0 --files-from - >"$out" 2>"$err"
check "$said: exit status 1" test $? = 1
out_has "2 files: 1 clean"
said="maskcheck scan - <list"
echo "$clean" | "$maskcheck" scan - >"$out" 2>"$err"
check "$said: exit status 0" test $? = 0
run 2 scan --files-from "$work/none"

# processes
run 2 scan pid:x
err_has "not a process number"
run 3 scan pid:4194305
err_has "maskcheck: pid:4194305: "
"$BASH" -c 'kill -STOP $$' &
said="maskcheck scan pid:N"
"$maskcheck" scan -v "pid:$!" >"$out" 2>"$err"
kill -KILL $!
wait $! 2>/dev/null
out_has "$(readlink -f "$BASH"): "

# a recorded CPU as the baseline
if type -P cpuid >/dev/null && grep -qw ssse3 /proc/cpuinfo && cpuid -r -1 >"$work/this-cpu" 2>/dev/null; then
    run 0 scan --baseline "$work/this-cpu" "$unguarded"
    out_has "Baseline this-cpu"
else
    echo "ok - a recorded CPU as the baseline # SKIP cpuid is not installed, or this CPU has no SSSE3"
fi
run 2 scan --baseline "$clean" "$unguarded"
err_has "--baseline $clean"

# archives
(cd "$work" && ar rc two.a clean.o unguarded.o)
run 1 scan "$work/two.a"
out_has "two.a!unguarded.o: unguarded"
out_has "two.a!clean.o: clean"
(cd "$work" && mkdir -p other && cp unguarded.o other/ && ar rc three.a unguarded.o && ar qc three.a other/unguarded.o)
run 1 scan "$work/three.a"
out_has "three.a!unguarded.o: unguarded"
out_has "three.a!unguarded.o(2): unguarded"

# JSON
export SOURCE_DATE_EPOCH=86400
run 1 scan --format json --hash "$clean" "$unguarded" "$work/folder/a.txt" "$work/none"
json() { check "JSON: $1" jq -e "$1" "$out" >/dev/null; }
json '.schema == "maskcheck/scan/1"'
json 'keys_unsorted == ["schema","tool","command","generated","baseline","files","packages","summary"]'
json '.generated == "1970-01-02T00:00:00Z"'
json '.tool.name == "maskcheck" and (.tool.catalogue | test("^[0-9a-f]{16}$"))'
json '.command[1:5] == ["scan","--format","json","--hash"]'
json '.baseline | .name == "x86-64-v1" and .default == true and (.features | index("sse2") != null)'
json '.files | length == 4 and (map(.path) == (map(.path) | sort))'
json '.files[] | keys_unsorted == ["path","status","error","gaps","format","kind","build_id","sha256","size","package","verdict","confidence","features","enough","counts","uses","unlisted"]'
json '.files[0] | .status == "ok" and .verdict == "clean" and .confidence == "proved" and .uses == []'
json '.files[0].format == "elf64-x86-64" and .files[0].kind == "executable"'
json '.files[] | select(.path | endswith("/a.txt")) | .status == "skipped" and .verdict == null and (.error | test("not an ELF"))'
json '.files[] | select(.path | endswith("/none")) | .status == "error" and .verdict == null'
json '.files[] | select(.verdict == "unguarded") | .features == {"used":["ssse3"],"unsafe":["ssse3"]} and .enough == {"psabi":"x86-64-v2","intel":"intel-merom","amd":"amd-bulldozer"}'
json '.files[] | select(.verdict == "unguarded") | .counts.uses == 1 and .counts.omitted == 0'
json '.files[] | select(.verdict == "unguarded") | .uses[0] | .instruction == "pshufb xmm0, xmm1" and .function == "_start" and .feature == "ssse3" and .needs == ["ssse3"] and .missing == ["ssse3"] and .verdict == "unguarded" and .level == "error" and .absent == "ud"'
json '.files[] | select(.verdict == "unguarded") | .uses[0] | keys_unsorted == ["address","function","demangled","source","source_path","unit","comdat","instruction","feature","needs","missing","tested","verdict","level","confidence","rule","reason","absent","enough","path","only_through","guard","fingerprint"]'
json '.summary | keys_unsorted == ["files","clean","guarded","misguarded","trapped","unguarded","partial","skipped","errors","dead","waived","not_scanned","seconds"]'
json '.summary | .files == 4 and .clean == 1 and .unguarded == 1 and .skipped == 1 and .errors == 1'
check "JSON: sha256 is that of sha256sum" test "$(jq -r '.files[0].sha256' "$out")" = "$(sha256sum "$clean" | cut -d' ' -f1)"
if owner=$(dpkg -S "$(realpath "$(type -P true)")" 2>/dev/null); then
    "$maskcheck" scan --hash --format json "$(type -P true)" >"$out" 2>"$err"
    json ".files[0].package == \"${owner%%[:,]*}\""
else
    echo "ok - JSON: the package of a file without findings # SKIP no dpkg"
fi
run 1 scan --format json "$clean" "$unguarded"
json '.files | map(.sha256 != null) == [false, true]'
run 0 scan --format json "$work/folder/sub"
json '.files | length == 1'

run 1 scan --format jsonl "$clean" "$unguarded"
check "jsonl: one object per file and a summary" test "$(wc -l <"$out")" = 3
check "jsonl: each line has the schema" test "$(jq -r .schema "$out" | sort -u)" = maskcheck/scan/1
check "jsonl: the last line is the summary" test "$(tail -n 1 "$out" | jq .summary.files)" = 2

# colour only when asked for by a terminal
run 1 scan "$unguarded"
check "no escape sequences in a pipe" bash -c '! grep -q $'"'\\033'"' "$1"' - "$out"
finish
