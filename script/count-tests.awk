# SPDX-License-Identifier: Apache-2.0
# Reads ctest's LastTest.log; prints the skipped test cases with their reasons, the failed ones, and as last line
# "N passed, N failed, N skipped". Exit status 1 when a case failed or nothing ran.
#
# A test program reports its cases in one of two ways, and is one case by itself when it does neither:
#   Criterion  "[====] Synthesis: Tested: 9 | Passing: 8 | Failing: 1 | Crashing: 1" and "[SKIP] suite::name: reason"
#              (Tested does not hold the skipped ones; a crash is counted as failing too)
#   TAP        "ok - name", "not ok - name", "ok - name # SKIP reason"
# A program that exits with 77 is skipped as a whole; a line "SKIP: reason" of it gives the reason.
# A program that fails without a failed case (a crash before the first, a time-out) counts as one failure.

function colourless(text) { gsub(/\033\[[0-9;]*m/, "", text); return text }
function skip(what) { skipped++; here_skipped++; skips[skipped] = what }

/^[0-9]+\/[0-9]+ Test(ing)?: / {
    if (!open_program || $2 == "Testing:") {
        program = $3
        open_program = 1
        here_passed = here_failed = here_skipped = 0
        reason = "no reason given"
        next
    }
}
{ line = colourless($0) }
line ~ /^SKIP: / { reason = substr(line, 7); next }
line ~ /^\[SKIP\] / { sub(/^\[SKIP\] /, "", line); skip(program ": " line); next }
line ~ /^\[FAIL\] / { sub(/^\[FAIL\] /, "", line); named[program] = named[program] "\n  " program ": " line; next }
line ~ /^\[====\] Synthesis: / {
    n = split(line, part, /[^0-9]+/)
    passed += part[3]; here_passed += part[3]
    failed += part[4]; here_failed += part[4]
    next
}
line ~ /^ok( [0-9]+)? - .*# SKIP/ { sub(/^ok( [0-9]+)? - /, "", line); sub(/ *# SKIP */, ": ", line); skip(program ": " line); next }
line ~ /^ok( [0-9]+)? - / { passed++; here_passed++; next }
line ~ /^not ok( [0-9]+)? - / {
    sub(/^not ok( [0-9]+)? - /, "", line)
    failed++; here_failed++
    named[program] = named[program] "\n  " program ": " line
    next
}
/^Test (Passed|Failed|Skipped|time = )/ || /^Test Pass Reason:/ {
    if ($2 == "time") next
    if ($2 == "Passed." && here_passed + here_failed + here_skipped == 0) { passed++; here_passed++ }
    if ($2 == "Skipped." && here_skipped == 0) skip(program ": " reason)
    if ($2 == "Failed." && here_failed == 0) {
        failed++; here_failed++
        named[program] = named[program] "\n  " program ": the program failed without naming a case"
    }
    open_program = 0
}
END {
    if (skipped) print "skipped:"
    for (i = 1; i <= skipped; i++) print "  " skips[i]
    list = ""
    for (name in named) list = list named[name]
    if (list != "") print "failed:" list
    printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
    exit failed > 0 || passed + skipped == 0
}
