#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Can the checkers fail? scan.sh against a maskcheck that is wrong, run.sh against samples that do not what the table says.
# Prints TAP.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
type -P jq >/dev/null || { echo "SKIP: jq is not installed"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
report() { # NAME EXPECTED-PATTERN GOT
    if [[ $3 == $2 ]]; then
        echo "ok - planted: $1"
    else
        echo "not ok - planted: $1"
        printf '# expected: %s\n# got:      %s\n' "$2" "$3"
        failed=1
    fi
}
# fake FILE-MEMBERS USE...: a maskcheck that says this of every file.
fake() {
    local members=$1
    shift
    cat >"$work/maskcheck" <<EOF
#!/bin/bash
while [[ \$1 != x86-64-v* ]]; do shift; done
shift
printf '{"files":['
for path; do
    printf '%s{"path":"%s",%s,"uses":[%s]}' "\$comma" "\$path" '$members' '$*'
    comma=,
done
printf ']}\n'
EOF
    chmod +x "$work/maskcheck"
}
built() { # NAME CONFIGURATION: the list says so
    mkdir -p "$work/$1"
    echo "$1 $2 $work/$1/${2%-full}" >"$work/list"
    : >"$work/absent"
}
scan() { MASKCHECK_KNOWN_WRONG=$work/known "$here/scan.sh" "$work/maskcheck" "$work" 2>&1; }
use() { echo "{\"address\":\"$1\",\"verdict\":\"$2\",\"level\":\"$3\",\"confidence\":\"$4\"}"; }

echo "# none" >"$work/known"
built no_guard gcc-O2-64-pie-full
fake '"status":"ok","verdict":"unguarded","confidence":"proved"' "$(use 0x1140 unguarded error proved)"
report "a right verdict passes" "ok - scan no_guard*" "$(scan)"
fake '"status":"ok","verdict":"clean","confidence":"proved"'
report "a wrong verdict fails" "not ok*expected unguarded; got clean" "$(scan)"
echo "no_guard gcc-O2 clean" >"$work/known"
report "a known wrong verdict is skipped with its reason" "ok - scan no_guard * # SKIP known to be wrong*got clean" "$(scan)"
echo "no_guard gcc-O2 guarded" >"$work/known"
report "another wrong verdict fails" "not ok*got clean" "$(scan)"
echo "no_guard clang clean" >"$work/known"
report "a wrong verdict elsewhere fails" "not ok*got clean" "$(scan)"
echo "# none" >"$work/known"
fake '"status":"partial","verdict":"unguarded","confidence":"proved"'
report "a partial file fails" "not ok*got partial" "$(scan)"
printf '#!/bin/sh\nexit 3\n' >"$work/maskcheck"
report "a scanner without output fails" "*not ok*no result*" "$(scan)"

built inline_cpuid gcc-O2-64-pie-full
fake '"status":"ok","verdict":"guarded","confidence":"inferred"' "$(use 0x1140 guarded note inferred)"
report "inferred where proved is wanted fails" "not ok*expected proved; got inferred" "$(scan)"
fake '"status":"ok","verdict":"guarded","confidence":"proved"' "$(use 0x1140 guarded warning proved)"
report "a needless warning fails" "not ok*expected -; got warning" "$(scan)"
built no_osxsave gcc-O2-64-pie-full
fake '"status":"ok","verdict":"guarded","confidence":"proved"' "$(use 0x1140 guarded note proved)"
report "a missing warning fails" "not ok*expected warning; got -" "$(scan)"

built no_guard gcc-O2-64-static-full
echo " .text 0x0000000000401140 0x20 $work/no_guard/gcc-O2-64-static.o/no_guard.c.o" >"$work/no_guard/gcc-O2-64-static.map"
fake '"status":"ok","verdict":"unguarded","confidence":"proved"' "$(use 0x401160 unguarded error proved)"
report "static: the library's uses do not count" "not ok*expected unguarded; got clean" "$(scan)"
fake '"status":"ok","verdict":"unguarded","confidence":"proved"' "$(use 0x40115f unguarded error proved)"
report "static: the sample's own uses count" "ok - scan no_guard*" "$(scan)"
fake '"status":"partial","verdict":"unguarded","gaps":[{"address":"0x401999"}]' "$(use 0x40115f unguarded error proved)"
report "static: the library's gaps do not count" "ok - scan no_guard*" "$(scan)"
fake '"status":"partial","verdict":"unguarded","gaps":[{"address":"0x401145"}]' "$(use 0x40115f unguarded error proved)"
report "static: the sample's own gaps count" "not ok*got partial" "$(scan)"

built no_guard gcc-O2-64-pie-full
cp "$(type -P true)" "$work/no_guard/gcc-O2-64-pie"
if type -P qemu-x86_64 >/dev/null; then
    report "run: a program that does not die fails" "*not ok - no_guard*expected: dies*" "$("$here/run.sh" "$work")"
fi
cp "$(type -P false)" "$work/no_guard/gcc-O2-64-pie"
report "run: a program that fails here fails" "not ok - no_guard*expected: status 0*" "$("$here/run.sh" "$work")"
exit "$failed"
