#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# script/count-tests.awk on logs as ctest writes them. Prints TAP.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
failed=0

# A program's part of LastTest.log: NAME OUTPUT RESULT (Passed., Failed., Skipped.)
section() {
    printf '%s\n' "3/9 Testing: $1" "3/9 Test: $1" "Command: \"/x/$1\"" "Directory: /x" "\"$1\" start time: Nov 23 14:00 UTC" \
        "Output:" "----------------------------------------------------------" "$2" "<end of output>" \
        "Test time =   0.01 sec" "----------------------------------------------------------" "Test $3" \
        "\"$1\" end time: Nov 23 14:00 UTC" ""
}
# check NAME EXPECTED-TOTALS EXPECTED-STATUS LOG [PATTERN-IN-OUTPUT]
check() {
    local got status
    got=$(awk -f "$root/script/count-tests.awk" <<<"$4")
    status=$?
    if [[ ${got##*$'\n'} == "$2" && $status == "$3" && $got == ${5-*} ]]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        printf '# expected: %s, status %s\n# got:      %s, status %s\n' "$2" "$3" "$got" "$status"
        failed=1
    fi
}

criterion_good='[====] Synthesis: Tested: 12 | Passing: 12 | Failing: 0 | Crashing: 0 '
criterion_skip=$'[SKIP] a::b: no qemu-x86_64\n[====] Synthesis: Tested: 2 | Passing: 2 | Failing: 0 | Crashing: 0 '
criterion_bad=$'[FAIL] a::c: (0.00s)\n[FAIL] a::d: CRASH!\n[====] Synthesis: Tested: 3 | Passing: 1 | Failing: 2 | Crashing: 1 '
tap_good=$'ok - one\nok 2 - two\nok - three # SKIP no clang'
tap_bad=$'ok - one\nnot ok - two'
check "Criterion" "12 passed, 0 failed, 0 skipped" 0 "$(section unit "$criterion_good" Passed.)"
check "Criterion in colour" "12 passed, 0 failed, 0 skipped" 0 "$(section unit $'\e[0;34m[====]\e[0m'"${criterion_good#*]}" Passed.)"
check "Criterion with a skip" "2 passed, 0 failed, 1 skipped" 0 "$(section unit "$criterion_skip" Passed.)" "*unit: a::b: no qemu*"
check "Criterion with a crash" "1 passed, 2 failed, 0 skipped" 1 "$(section unit "$criterion_bad" Failed.)" "*unit: a::d: CRASH*"
check "TAP" "2 passed, 0 failed, 1 skipped" 0 "$(section shell "$tap_good" Passed.)" "*shell: three: no clang*"
check "TAP with a failure" "1 passed, 1 failed, 0 skipped" 1 "$(section shell "$tap_bad" Failed.)" "*shell: two*"
check "a plain program" "1 passed, 0 failed, 0 skipped" 0 "$(section plain "hello" Passed.)"
check "a plain program that fails" "0 passed, 1 failed, 0 skipped" 1 "$(section plain "hello" Failed.)"
check "failure after good cases" "2 passed, 1 failed, 1 skipped" 1 "$(section shell "$tap_good" Failed.)"
check "a program skipped as a whole" "0 passed, 0 failed, 1 skipped" 0 "$(section plain "SKIP: no moon" Skipped.)" "*plain: no moon*"
check "sums" "15 passed, 0 failed, 2 skipped" 0 "$(section unit "$criterion_good" Passed.; section s "$tap_good" Passed.
    section plain x Passed.; section other x Skipped.)"
check "nothing ran" "0 passed, 0 failed, 0 skipped" 1 ""
exit "$failed"
