#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The same bytes whatever the number of threads, and whatever the order of the arguments.
. "$(dirname "$0")/lib.sh"
needs jq
make_programs
mkdir "$work/many"
for i in $(seq 40); do
    cp "$work/$([[ $((i % 3)) == 0 ]] && echo unguarded || echo clean)" "$work/many/$((i * 7919 % 97))-$i"
done
head -c 100 "$work/clean" >"$work/many/broken"
export SOURCE_DATE_EPOCH=0
for format in text json jsonl; do
    for threads in 1 2 7; do
        "$maskcheck" scan -j "$threads" --format "$format" -v "$work/many" 2>"$work/err.$threads" |
            sed -E 's/"seconds":[0-9.e-]+/"seconds":0/; s/"-j","[0-9]+"/"-j","N"/' >"$work/out.$threads"
    done
    check "$format: -j 1 and -j 2 give the same bytes" cmp "$work/out.1" "$work/out.2"
    check "$format: -j 1 and -j 7 give the same bytes" cmp "$work/out.1" "$work/out.7"
    check "$format: and the same diagnostics" cmp "$work/err.1" "$work/err.7"
done
cd "$work/many" || exit 1
"$maskcheck" scan -v ./* >"$work/forwards" 2>/dev/null
mapfile -t names < <(printf '%s\n' ./* | sort -r)
"$maskcheck" scan -v "${names[@]}" >"$work/backwards" 2>/dev/null
check "the order of the arguments does not matter" cmp "$work/forwards" "$work/backwards"
"$maskcheck" scan -v "${names[@]}" "${names[@]}" >"$work/twice" 2>/dev/null
check "a file named twice is scanned once" cmp "$work/forwards" "$work/twice"
finish
