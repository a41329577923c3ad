#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs every built sample: here, where it must end with 0, and under qemu on a CPU without its feature, where its fate must be
# that of samples.txt. This shows that the verdicts in the table are true, with no help from the scanner. Prints TAP.
#   run.sh FOLDER-OF-BUILT-SAMPLES
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# emulated PATH CPU: runs it there, standard output in $said, status in the return value.
emulated() {
    local cpu=$2 qemu=qemu-x86_64
    local -a setting=()
    [[ $cpu == *@* ]] && setting=(-E "${cpu#*@}") cpu=${cpu%%@*}
    [[ $(od -An -t u1 -j 4 -N 1 "$1") -eq 1 ]] && qemu=qemu-i386 # EI_CLASS
    said=$("$qemu" -cpu "$cpu" "${setting[@]}" "$1" 2>/dev/null)
}

# check NAME CONFIGURATION PATH CPU FATE
check() {
    local label="$1 $2" path=${3%-stripped} said status
    if [[ ! -x $path ]]; then
        echo "not ok - $label: was not built"
        return
    fi
    said=$("$path" 2>/dev/null)
    status=$?
    if [[ $status -ne 0 ]]; then
        echo "not ok - $label here"
        echo "# expected: status 0; got: status $status, \"$said\""
    else
        echo "ok - $label here"
    fi
    [[ $5 == - ]] && return
    if ! type -P qemu-x86_64 >/dev/null; then
        echo "ok - $label on $4 # SKIP qemu-user is not installed"
        return
    fi
    emulated "$path" "$4" 2>/dev/null
    status=$?
    local last=${said##*$'\n'} good=no
    case $5 in
        dies) [[ $status -eq 132 ]] && good=yes ;;
        lives) [[ $status -eq 0 && ($last == plain || $last == either) ]] && good=yes ;;
        wrong) [[ $status -eq 3 && $last == wrong ]] && good=yes ;;
        refuses) [[ $status -ne 0 && $status -ne 3 && $status -lt 128 ]] && good=yes ;;
    esac
    if [[ $good == yes ]]; then
        echo "ok - $label $5 on $4"
    else
        echo "not ok - $label $5 on $4"
        echo "# expected: $5; got: status $status, \"$last\""
    fi
}
if [[ ${1-} == --one ]]; then
    shift
    ulimit -c 0
    while [[ $# -ge 5 ]]; do
        check "${@:1:5}"
        shift 5
    done
    exit 0
fi

folder=${1:?usage: run.sh FOLDER-OF-BUILT-SAMPLES}
results=$(mktemp -d) || exit 1
trap 'rm -rf "$results"' EXIT
export results
[[ -s $folder/list ]] || { echo "not ok - the samples are not built: $folder/list is missing"; exit 1; }
while read -r what; do
    echo "ok - $what # SKIP it cannot be built here"
done <"$folder/absent"
# The table lines up with the list; a program that stands there twice, full and stripped, runs once.
awk 'NR == FNR { if (!/^#/ && NF) { cpu[$1] = $7; fate[$1] = $8 } next }
     { sub(/-(full|stripped)$/, "", $2); sub(/-stripped$/, "", $3); if (!done[$3]++) print $1, $2, $3, cpu[$1], fate[$1] }' \
    "$root/samples/samples.txt" "$folder/list" |
    xargs -P "$(nproc)" -n 50 bash -c 'bash "$0" --one "$@" >"$results/$$"' "${BASH_SOURCE[0]}"
cat "$results"/* || exit 1
! grep -q '^not ok' "$results"/*
