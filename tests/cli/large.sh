#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# No step grows with the square of a size: files that are large in one way (big_file.py) are scanned to their end. A step that
# does grow so takes hours; the limit of CPU time only keeps that from being waited for. MASKCHECK_ALL=1: a million of each.
. "$(dirname "$0")/lib.sh"
needs jq python3
ulimit -t 1200

# counts KIND COUNT USES: a scan of such a file tells of that many uses
counts()
{
    python3 "$(dirname "$0")/big_file.py" "$1" "$2" "$work/big" || return 1
    "$maskcheck" scan --no-cache --format jsonl "$work/big" >"$out" 2>"$err"
    [[ $(head -n 1 "$out" | jq .counts.uses) == "$3" ]]
}

while read -r kind few; do
    count=$([[ ${MASKCHECK_ALL:-} ]] && echo 1000000 || echo "$few")
    case $kind in
    functions | stripped) uses=$count ;;
    long) uses=$((count - 1)) ;;
    labels) uses=$((count / 2 - 1)) ;;
    *) uses=1 ;;
    esac
    check "$kind: $count" counts "$kind" "$count" "$uses"
done <<EOF
functions 10000
stripped 10000
long 300000
tables 300000
callers 300000
labels 10000
EOF
finish
