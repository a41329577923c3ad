#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# script/bootstrap with fake package managers on PATH that record what they were asked. Prints TAP.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

report() { # NAME EXPECTED GOT
    if [[ $3 == $2 ]]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        printf '# expected: %s\n# got:      %s\n' "$2" "$3"
        failed=1
    fi
}

# fake NAME BODY: a program that records its arguments in $work/record, then does BODY.
fake() {
    printf '#!/bin/bash\necho "%s $*" >>%q\n%s\n' "$1" "$work/record" "$2" >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}
# system debian|fedora USER-ID INSTALLED-ANSWER: what the machine looks like.
system() {
    rm -rf "$work/bin" "$work/record"
    mkdir "$work/bin"
    : >"$work/record"
    fake id "echo $2"
    if [[ $1 == debian ]]; then
        fake dpkg-query "$3"
        fake apt-get "exit 0"
        fake apt-cache "exit 0"
    else
        fake rpm "$3"
        fake dnf "exit 0"
    fi
}
run() { # ARGS: status and output of bootstrap on that machine
    output=$(PATH=$work/bin "$root/script/bootstrap" "$@" 2>&1)
    status=$?
}
names() { awk -v column="$1" -v scopes="$2" '!/^#/ && NF && index(scopes, $1) && $column != "-" {printf "%s%s", s, $column; s = " "}' \
    "$root/script/packages"; }
asked() { grep "^$1" "$work/record" | tail -n 1; }
none_installed="exit 1"
# Answers like dpkg-query for every name given, all installed.
all_installed='shift 2; for n; do echo "ii  $n"; done'
one_missing='shift 2; for n; do [[ $n == libdw-dev ]] || echo "ii  $n:amd64"; done'

system fedora 0 "$none_installed"; run
report "dnf is asked for everything" "dnf install -y $(names 4 "build test")" "$(asked "dnf install")"
report "dnf: success" 0 "$status"
report "dnf: packages are named first" "*these packages are missing:*elfutils-devel (dwarf)*" "$output"
system fedora 0 "$none_installed"; run --all
report "dnf --all" "dnf install -y $(names 4 "build test all")" "$(asked "dnf install")"
system fedora 0 "exit 0"; run
report "dnf: nothing missing, nothing asked" "" "$(grep '^dnf' "$work/record")"
system fedora 1000 "$none_installed"; run
report "dnf without root: fails" 1 "$status"
report "dnf without root: one command" "*sudo dnf install -y $(names 4 "build test")" "$output"

system debian 0 "$none_installed"; run
report "apt is asked for everything" "apt-get install -y --no-install-recommends $(names 3 "build test")" "$(asked "apt-get install")"
report "apt: the lists are updated first" "apt-get update -q" "$(grep '^apt-get' "$work/record" | head -n 1)"
system debian 0 "$none_installed"; run --build
report "apt --build" "apt-get install -y --no-install-recommends $(names 3 build)" "$(asked "apt-get install")"
system debian 0 "$all_installed"; run --all
report "apt: nothing missing, nothing asked" "" "$(grep '^apt' "$work/record")"
report "apt: nothing missing, nothing said" "" "$output"
report "apt: one query" 1 "$(grep -c '^dpkg-query' "$work/record")"
system debian 0 "$one_missing"; run
report "apt: only what is missing" "apt-get install -y --no-install-recommends libdw-dev" "$(asked "apt-get install")"
system debian 1000 "$one_missing"; run
report "apt without root: fails" 1 "$status"
report "apt without root: one command" "*sudo apt-get install -y --no-install-recommends libdw-dev" "$output"
system debian 0 "$none_installed"; fake apt-cache '[[ $2 != clang ]]'; run
report "apt: a test package unknown here is left out" "*no package clang here; its tests are skipped*" "$output"
report "apt: and the others asked for" 0 "$(asked "apt-get install" | grep -cw clang)"
system debian 0 "$none_installed"; fake apt-get '[[ $1 != install ]] || exit 100'; run
report "apt fails: bootstrap fails" 100 "$status"
system debian 0 "$all_installed"; rm "$work/bin/apt-get"; run
report "no package manager: fails" 1 "$status"
report "no package manager: says so" "*neither apt-get nor dnf*" "$output"
run --wrong
report "wrong option" 2 "$status"
exit "$failed"
