#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every command has a man page that speaks of every option that --help lists, and man can show it.
. "$(dirname "$0")/lib.sh"
pages=$2
run 0 --help

for command in $("$maskcheck" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    [[ $command != help ]] || continue
    page=$pages/maskcheck-$command.1
    check "maskcheck-$command(1) is there" test -s "$page" || continue
    # roff writes a hyphen as \-
    sed 's/\\-/-/g' "$page" >"$work/plain"
    for option in $("$maskcheck" "$command" --help | grep -oE '^ +(-., )?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+$'); do
        [[ $option != --help && $option != --version ]] || continue
        check "maskcheck-$command(1) has $option" grep -qF -- "$option" "$work/plain"
    done
    check "maskcheck-$command(1) gives the exit status" grep -q 'EXIT STATUS' "$page"
    check "maskcheck(1) names $command" grep -qF "maskcheck\\-$command (1)" "$pages/maskcheck.1"
done
if type -P man >/dev/null; then
    for page in "$pages"/*.1; do
        said="man $(basename "$page")"
        man --warnings -E UTF-8 -l "$page" >"$out" 2>"$err"
        err_is ""
    done
else
    echo "ok - man shows the pages # SKIP man is not installed"
fi
finish
