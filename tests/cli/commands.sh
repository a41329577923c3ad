#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The program's own options, and what it says to a wrong command line.
. "$(dirname "$0")/lib.sh"

run 2
err_has "which command?"
run 0 --help
out_has "Usage: maskcheck COMMAND"
out_has "Examples:"
run 0 scan --help
out_has "Examples:"
run 0 -h
run 0 help
out_has "Usage: maskcheck COMMAND"
run 0 --version
check "--version prints the name and a number" grep -qxE 'maskcheck [0-9]+\.[0-9]+\.[0-9]+' "$out"
run 2 --nonsense
err_has "unknown option '--nonsense'"
run 2 scna
err_has "did you mean 'scan'?"
run 2 zzzzzzzzzz
err_is "maskcheck: unknown command 'zzzzzzzzzz'
Try 'maskcheck --help'."
run 2 scan --formt json
err_has "unknown option '--formt'; did you mean '--format'?"
run 2 scan --f json
err_has "ambiguous option '--f': --format or --files-from?"
run 2 scan --format jsn
err_has "unknown format 'jsn'; did you mean 'json'?"
run 2 scan --hash=1 .
err_has "option '--hash' takes no argument"
run 2 scan --jobs
err_has "option '--jobs' needs an argument"
run 2 scan -j
err_has "option '-j' needs an argument"
run 2 probe --baseline intel-merrom
err_has "did you mean 'intel-merom'?"
run 2 help scna
err_has "did you mean 'scan'?"

# Every command explains itself, with an example, and refuses an option that nobody has.
for command in $("$maskcheck" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    [[ $command != help ]] || continue
    run 0 "$command" --help
    out_has "Usage: maskcheck $command"
    run 0 help "$command"
    run 2 "$command" --no-such-option
    err_has "--no-such-option"
    check "maskcheck $command --no-such-option: nothing on stdout" test ! -s "$out"
done

if [[ -w /dev/full ]]; then
    for words in --help --version "scan --help"; do
        said="maskcheck $words >/dev/full"
        # shellcheck disable=SC2086 # words are words
        "$maskcheck" $words >/dev/full 2>"$err"
        check "$said: exit status 2" test $? = 2
        err_has "No space left"
    done
else
    echo "ok - output to a full device # SKIP there is no /dev/full"
fi
finish
