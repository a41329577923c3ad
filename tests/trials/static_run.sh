#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The static executable on this machine: options, exit statuses, JSON that others read.
# Usage: static_run.sh MASKCHECK-PROBE
set -u
probe=$1 failures=0
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }
command -v jq >/dev/null || { echo "SKIP: jq is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$probe" >"$work/text"
status=$?
[ $status -le 1 ] || fail "text: status $status"
[ "$(wc -L <"$work/text")" -le 160 ] || fail "text: lines longer than 160 columns"
LC_ALL=C grep -q '[^ -~]' "$work/text" && fail "text: not printable ASCII"
"$probe" --json >"$work/json"
[ $? -eq $status ] || fail "json: another status than text"
jq -e '.schema == "maskcheck/probe/1" and .source == "instruction" and (.cpus | length) > 0 and (.trials | length) > 400
       and (.leaves | length) > 3 and (.summary | add) == (.cpus[0].features | length)' "$work/json" >/dev/null || fail "json: not a probe report"
# What is right on this machine was really tried
jq -e '[.cpus[0].features[] | select(.verdict == "ok" and .trial.ok > 0 and .trial.ok == .trial.ran)] | length > 10' "$work/json" >/dev/null ||
    fail "json: hardly anything is ok"
"$probe" --format text | cmp -s - "$work/text" || fail "--format text differs"
"$probe" --version | grep -q '^maskcheck-probe [0-9]' || fail "--version"
"$probe" --help | grep -q '^Usage' || fail "--help"
for wrong in --nonsense "--format xml" "--format" extra; do
    "$probe" $wrong >"$work/out" 2>"$work/err"
    [ $? -eq 2 ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" -eq 1 ] || fail "$wrong: expected status 2 and one line"
done
if [ -w /dev/full ]; then
    "$probe" >/dev/full 2>/dev/null
    [ $? -eq 3 ] || fail "a full disk is not noticed"
fi
echo "$failures failures"
[ $failures -eq 0 ]
