#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The result cache: the same bytes with and without it, second runs that judge nothing anew, and no trouble when it is
# damaged, shared, forbidden or when SQLite is missing. Needs python3 to look into the database.
. "$(dirname "$0")/lib.sh"
needs python3 jq
make_programs
export SOURCE_DATE_EPOCH=0
database=$XDG_CACHE_HOME/maskcheck/results.sqlite
python3 -c 'import sqlite3' 2>/dev/null || { echo "SKIP: python3 has no sqlite3"; exit 77; }
rows() { python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])' "$database" "$1"; }
loads() { # which libraries the dynamic linker opened for: maskcheck ARGUMENT...
    rm -f "$work"/loads.*
    LD_DEBUG=files LD_DEBUG_OUTPUT=$work/loads "$maskcheck" "$@" >/dev/null 2>&1
    grep -ho 'file=lib[a-z0-9]*\.so[.0-9]* \[0\];  generating' "$work"/loads.* | sed 's/file=//; s/\.so.*//' | sort -u | tr '\n' ' '
}
plain() { sed -E 's/(time|timestamp)="[^"]*"//g; s/"seconds":[0-9.e-]+/"seconds":0/; s/"(command|arguments)":\[[^]]*\]/"command":[]/'; }

# A folder worth a cache: real libraries, files of our own that were left alone for long enough, an archive, a damaged file.
mkdir "$work/tree"
cp "$work/clean" "$work/unguarded" "$work/tree"
cp "$work/clean" "$work/tree/clean-again"
head -c 100 "$work/clean" >"$work/tree/broken"
(cd "$work" && cp unguarded.o second.o && ar rc tree/members.a clean.o unguarded.o second.o 2>/dev/null)
real=()
for file in /usr/bin/bash /usr/lib/x86_64-linux-gnu/libc.so.6; do
    [[ -r $file ]] && real+=("$file")
done
sleep 2.1

# ---- the same bytes ----
for options in "" "--all-uses" "--strict" "--baseline intel-penryn" "--hash"; do
    for format in text json jsonl csv junit sarif; do
        [[ -n $options && $format != text && $format != json ]] && continue
        # shellcheck disable=SC2086
        for run in none first second; do
            "$maskcheck" scan $options --format "$format" -v -j $((RANDOM % 3 + 1)) $([[ $run == none ]] && echo --no-cache) \
                "$work/tree" "${real[@]}" 2>"$work/err.$run" | plain >"$work/out.$run"
        done
        check "$format $options: the same bytes with an empty or fitting cache" cmp "$work/out.none" "$work/out.first"
        check "$format $options: the same bytes from the cache" cmp "$work/out.none" "$work/out.second"
        check "$format $options: the same diagnostics" cmp "$work/err.none" "$work/err.second"
    done
done

# ---- what is judged anew ----
rm -rf "$XDG_CACHE_HOME"
"$maskcheck" scan "$work/tree" "${real[@]}" >"$out" 2>"$err"
before=$(rows 'SELECT count(*) FROM result')
check "results are kept" test "$before" -gt 3
"$maskcheck" scan "$work/tree" "${real[@]}" >"$out" 2>"$err"
check "the second run judges nothing anew" test "$(rows 'SELECT count(*) FROM result')" == "$before"
"$maskcheck" scan --format json "$work/tree" "${real[@]}" >"$out" 2>"$err"
check "nor does one in another format" test "$(rows 'SELECT count(*) FROM result')" == "$before"
cp "$work/unguarded" "$work/tree/copied"
"$maskcheck" scan "$work/tree" "${real[@]}" >"$out" 2>"$err"
check "nor is a copy of a file with findings, written just now" test "$(rows 'SELECT count(*) FROM result')" == "$before"
said="scan of a copy" has "$out" "$work/tree/copied: unguarded"
cat "$work/unguarded" >"$work/tree/clean"
"$maskcheck" scan "$work/tree" "${real[@]}" >"$out" 2>"$err"
said="scan after a change" has "$out" "$work/tree/clean: unguarded"
"$maskcheck" scan --baseline x86-64-v2 "$work/tree" "${real[@]}" >"$out" 2>"$err"
check "another baseline is another result" test "$(rows 'SELECT count(*) FROM result')" -gt "$before"
"$maskcheck" audit --baseline x86-64-v1 --format json "$work/tree" 2>/dev/null | jq -c '.programs, .scan.files' >"$work/audit.1"
"$maskcheck" audit --no-cache --baseline x86-64-v1 --format json "$work/tree" 2>/dev/null | jq -c '.programs, .scan.files' >"$work/audit.2"
check "audit says the same with and without" cmp "$work/audit.1" "$work/audit.2"

# ---- libraries: a single clean file loads no more than it needs ----
rm -rf "$XDG_CACHE_HOME"
loaded=$(loads scan /bin/true)
check "a clean single file loads no SQLite, Capstone or libdw (loaded: $loaded)" \
    bash -c '[[ -n $1 && ! $1 =~ sqlite|capstone|libdw ]]' - "$loaded"
check "and makes no cache" test ! -e "$XDG_CACHE_HOME"
loaded=$(loads scan "$work/unguarded")
check "a file with findings does load SQLite (loaded: $loaded)" bash -c '[[ $1 =~ sqlite ]]' - "$loaded"
check "and has a private cache" test "$(stat -c %a "$database")" == 600

# ---- trouble ----
echo "not a database, but a text that is long enough to be read as one" >"$database"
run 1 scan "$work/unguarded"
err_has "is damaged: it is built anew"
check "one line says so" test "$(wc -l <"$err")" == 1
run 1 scan "$work/unguarded"
err_is ""
chmod 777 "$XDG_CACHE_HOME/maskcheck"
run 1 scan "$work/unguarded"
err_is ""
run 1 scan -v "$work/unguarded"
err_has "no result cache"
chmod 700 "$XDG_CACHE_HOME/maskcheck"
XDG_CACHE_HOME=/dev/null run 1 scan "$work/unguarded"
err_is ""
mkdir "$work/no-sqlite"
echo "no library" >"$work/no-sqlite/libsqlite3.so.0"
LD_LIBRARY_PATH=$work/no-sqlite run 1 scan "$work/unguarded"
err_is ""
LD_LIBRARY_PATH=$work/no-sqlite run 1 scan -v "$work/unguarded"
err_has "SQLite (libsqlite3.so.0) is not installed"

# ---- company ----
rm -rf "$XDG_CACHE_HOME"
for i in 1 2 3 4; do
    "$maskcheck" scan --format jsonl "$work/tree" "${real[@]}" 2>/dev/null | plain >"$work/shared.$i" &
done
wait
for i in 2 3 4; do check "scanners that share a new cache say the same ($i)" cmp "$work/shared.1" "$work/shared.$i"; done
finish
