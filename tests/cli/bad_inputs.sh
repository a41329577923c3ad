#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Files that are not what they should be: one clear line each, the scan goes on, and the exit status tells.
. "$(dirname "$0")/lib.sh"
needs jq
make_programs
mkdir "$work/in"
cd "$work/in" || exit 1
: >empty
head -c 3 "$work/clean" >three-bytes
head -c 20 "$work/clean" >half-header
head -c 64 "$work/clean" >header-only
head -c 300 "$work/clean" >cut-short
printf '\177ELF' >magic-only
echo '#!/bin/sh' >script
mkfifo fifo
printf 'not an archive but its magic' | { printf '!<arch>\n'; cat; } >damaged.a
newline=$'two\nlines'
cp "$work/unguarded" "$newline"
bad_utf8=$'bad\xff\xc3name'
cp "$work/unguarded" "$bad_utf8"
cp "$work/unguarded" $'escape\033[31m'
ln -s nowhere dangling
ln -s loop loop

one_line() { # one_line STATUS FILE: that exit status, at most one line on stderr, and the other file is judged all the same
    run "$1" scan "$2" "$work/clean"
    check "$said: at most one diagnostic" test "$(wc -l <"$err")" -le 1
    check "$said: the scan goes on" grep -q "clean: clean" "$out"
}
one_line 0 empty
out_has "empty: skipped: an empty file"
one_line 0 three-bytes
one_line 0 script
out_has "script: skipped: not an ELF file"
one_line 3 half-header
err_has "maskcheck: half-header: "
one_line 3 magic-only
run 3 scan header-only
run 3 scan cut-short
one_line 0 fifo
out_has "fifo: skipped: "
one_line 0 /dev/null
one_line 3 damaged.a
err_has "damaged.a"
run 3 scan loop
run 3 scan dangling
err_is "maskcheck: dangling: cannot read: No such file or directory"

if [[ $(id -u) != 0 ]]; then
    cp "$work/clean" unreadable
    chmod 0 unreadable
    one_line 3 unreadable
    err_has "Permission denied"
else
    echo "ok - a file that may not be read # SKIP root may read everything"
fi

# Names are bytes: one line of text each, valid JSON.
run 1 scan "$newline"
out_has 'two\x0alines: unguarded'
run 1 scan $'escape\033[31m'
out_has 'escape\x1b[31m: unguarded'
run 1 scan --format json .
check "JSON of all of them is valid" jq -e '.files | length > 10' "$out" >/dev/null
check "JSON keeps a newline in a name" jq -e '[.files[].path | select(. == "./two\nlines")] | length == 1' "$out" >/dev/null
check "JSON replaces bad UTF-8 by U+FFFD" jq -e '[.files[].path | select(. == "./bad\ufffd\ufffdname")] | length == 1' "$out" >/dev/null
check "JSON is UTF-8" iconv -f utf-8 -t utf-8 -o /dev/null "$out"

# Symbol names too.
if type -P objcopy >/dev/null; then
    objcopy --redefine-sym _start=$'bad\xffname' "$work/unguarded.o" "$work/weird.o"
    run 1 scan --format json "$work/weird.o"
    check "JSON with a symbol that is no UTF-8 is UTF-8" iconv -f utf-8 -t utf-8 -o /dev/null "$out"
    check "JSON with such a symbol names it" jq -e '.files[0].uses[0].function == "bad\ufffdname"' "$out" >/dev/null
    run 1 scan "$work/weird.o"
    out_has 'bad\xffname'
else
    echo "ok - symbol names that are no UTF-8 # SKIP objcopy is not installed"
fi

# Cut at every length of the headers, and every 97 bytes after: never a crash.
size=$(stat -c %s "$work/unguarded")
crashed=0
for ((length = 0; length < size; length += length < 512 ? 8 : 97)); do
    head -c "$length" "$work/unguarded" >cut
    "$maskcheck" scan cut >"$out" 2>"$err"
    (($? <= 3)) || crashed=$length
done
check "no length to which a program is cut crashes the scan" test "$crashed" = 0
finish
