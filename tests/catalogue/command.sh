#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `maskcheck baselines`: what it prints and how it ends. $1: the program.
maskcheck=$1
failed=0

# expect STATUS PATTERN ARGUMENT...: standard output and error together must match the extended regular expression.
expect() {
    status=$1 pattern=$2
    shift 2
    output=$("$maskcheck" baselines "$@" 2>&1)
    got=$?
    if [ "$got" -ne "$status" ] || ! printf '%s\n' "$output" | grep -Eq -- "$pattern"; then
        printf 'FAIL: baselines %s\n expected status %s and /%s/\n got status %s and:\n%s\n' "$*" "$status" "$pattern" "$got" \
            "$output"
        echo "not ok - baselines $*"
        failed=1
    else
        echo "ok - baselines $*"
    fi
}

expect 0 '^  x86-64-v2 +\+sse3 \+ssse3 \+cx16 \+sse4\.1 \+sse4\.2 \+popcnt \+lahf_lm$'
expect 0 '^  intel-penryn +\+sse4\.1$'
expect 0 '^  amd-greyhound-no3dnow .* -3dnowa -3dnow$'
expect 0 '^  amd-bulldozer +amd-greyhound-no3dnow \+'
expect 0 '^The highest that this machine satisfies'
expect 0 '^  psABI +x86-64-v[1-4]' # every machine that runs this test
expect 0 '^  Opteron_G3 ' --models
expect 0 '^  adds +sse4\.1$' intel-penryn
expect 0 '^  starts from +intel-merom$' Intel-Penryn
expect 0 '^  adds +.* aes ' x86-64-v1,+aes
expect 0 '^  all, for programs +fpu' i686
expect 0 '^  this machine +satisfies it' x86-64-v1
expect 0 '^  this machine lacks +.*apxf' x86-64-v1,+apxf
expect 0 '^Usage: maskcheck baselines' --help
expect 2 "unknown baseline 'intel-penrin'; did you mean 'intel-penryn'\?" intel-penrin
expect 2 "unknown feature 'sse4_7'" intel-penryn,+sse4_7
expect 2 "one NAME at a time" intel-penryn intel-merom
expect 2 "unknown option '--frobnicate'" --frobnicate

if "$maskcheck" baselines > /dev/full 2> /dev/null; then
    echo "not ok - a full disk is noticed"
    failed=1
else
    echo "ok - a full disk is noticed"
fi
exit $failed
