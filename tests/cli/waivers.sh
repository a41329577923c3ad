#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# scan --waivers: what is waived, what goes beyond, what is stale or expired, and files that are no waivers.
. "$(dirname "$0")/lib.sh"
needs jq
make_programs
mkdir "$work/in"
cd "$work/in" || exit 1
cp "$work/unguarded" "$work/clean" .
program both <<'ASM'
    .globl _start
    .type _start, @function
_start:
    .cfi_startproc
    pshufb %xmm1, %xmm0
    call second
    mov $60, %eax
    syscall
    .cfi_endproc
    .size _start, . - _start
    .globl second
    .type second, @function
second:
    .cfi_startproc
    pmulld %xmm1, %xmm0
    ret
    .cfi_endproc
    .size second, . - second
ASM
mv "$work/both" .
export SOURCE_DATE_EPOCH=1798761600 # 2027-01-01

waive() { printf '%s\n' "$@" >waivers; }
# Rows: exit status | waiver | what stderr says, empty for nothing
while IFS='|' read -r status waiver says; do
    waive "# a comment" "" "$waiver"
    run "$status" scan --waivers waivers both
    if [[ -n $says ]]; then err_has "$says"; else err_is ""; fi
done <<'ROWS'
0|path=both features=ssse3,sse4.1 reason="new hosts only"|
0|path=both features=ssse3,sse4.1,avx reason=unquoted # and a comment|
1|path=both features=ssse3 reason="less than is used"|
1|path=both function=second features=ssse3,sse4.1 reason="one function"|
1|path=both function=third features=ssse3,sse4.1 reason="no such function"|line 3: stale: the file has nothing that it waives
1|path=both features=avx2 reason="another feature"|line 3: stale: the file has nothing that it waives
1|path=other features=avx2 reason="another file"|line 3: stale: no such file was scanned
0|path=both features=ssse3,sse4.1 reason=x expires=2027-01-01|
1|path=both features=ssse3,sse4.1 reason=x expires=2026-12-31|line 3: this waiver expired on 2026-12-31
2|path=both features=ssse3|a waiver needs features and a reason
2|path=both reason=x|a waiver needs features and a reason
2|features=ssse3 reason=x|needs path or build-id
2|path=both features=ssse9 reason=x|line 3: unknown feature: ssse9
2|path=both features=ssse3 reason=x until=never|unknown word
2|path=both features=ssse3 reason="x|the quotes do not end
2|path=both features=ssse3 reason=x expires=soon|not a date
2|path=both features=ssse3 reason=x range=5-4|not a range
2|path both|not WORD=VALUE
2|path= features=ssse3 reason=x|a word without a value
ROWS

waive 'path=both function=_start features=ssse3 reason="a \"reason\" with \\"' 'path=both function=second features=sse4.1 reason=two'
run 0 scan --waivers waivers both
out_has "2 unsafe uses and warnings are waived."
run 0 scan --waivers waivers --format json both
check "$said: says how many" jq -e '.summary.waived == 2 and .files[0].uses == [] and .files[0].features.unsafe == []' "$out" >/dev/null
waive 'path=both function=second features=sse4.1 reason=one'
run 1 scan --waivers waivers both
out_has "needs ssse3"
out_lacks "needs sse4.1"

# stripped: by address, and by build-id
address=$("$maskcheck" scan --format json both | jq -r '.files[0].uses[] | select(.feature == "sse4.1").address')
cp both stripped
if type -P strip >/dev/null && strip stripped; then
    waive "path=stripped range=0x1-$(printf '0x%x' $((address - 1))) features=ssse3 reason=one" "path=stripped range=$address-$address features=sse4.1 reason=two"
    run 0 scan --waivers waivers stripped
else
    echo "ok - a stripped file # SKIP strip is not installed"
fi
"${CC:-cc}" -nostdlib -static -no-pie -Wl,--build-id=0x0123456789abcdef "$work/both.o" -o identified
waive 'build-id=0123456789ABCDEF features=ssse3,sse4.1 reason="the same build anywhere"'
run 0 scan --waivers waivers identified
run 2 scan --waivers none both
err_has "--waivers none: cannot read"
finish
