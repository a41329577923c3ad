#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Shows that confirm_rows can fail: tables with one planted fault each. Prints TAP.
#   planted.sh CONFIRM_ROWS ENCODINGS.TXT
set -u
confirm=${1:?usage: planted.sh CONFIRM_ROWS ENCODINGS.TXT} table=${2:?usage: planted.sh CONFIRM_ROWS ENCODINGS.TXT}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
status=0
plant() { # NAME SED-EXPRESSION
    sed -E "$2" "$table" >"$work/table"
    if cmp -s "$table" "$work/table"; then
        echo "not ok - $1: the fault could not be planted"
        status=1
    elif "$confirm" "$work/table" >"$work/out" 2>&1; then
        echo "not ok - $1: not noticed"
        status=1
    else
        echo "ok - $1"
    fi
}
plant "wrong feature" '/\| pmulld$/s/sse4\.1/sse4.2/'
plant "VEX form without AVX" '/\| vaesenc$/s/aes avx/aes    /'
plant "256 bits without avx512vl" '/^evex .*\| vpaddd$/s/ vl / /'
plant "wrong name" 's/\| pshufb$/| phaddw/'
plant "wrong opcode" 's/^(legacy 66 0f38) 40 /\1 2f /'
plant "a row that no decoder knows" 's/^(legacy )66( 0f38 )40 .*\| pmulld$/&\nlegacy np 0f38 8a    mem m64 | \/r | movrs | movrs/'
exit $status
