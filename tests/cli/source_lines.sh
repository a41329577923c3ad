#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# scan: the source line of a use, from the file's own debug information and from nowhere else.
. "$(dirname "$0")/lib.sh"
needs "${CC:-cc}" jq
lib=$("${CC:-cc}" -print-file-name=libdw.so.1)
[[ $lib == /* ]] || { echo "SKIP: libdw.so.1 (libdw1) is not installed"; exit 77; }
mkdir -p "$work/deep/folder"
: >"$out"; : >"$err"
cat >"$work/deep/folder/blend.c" <<'C'
typedef char bytes __attribute__((vector_size(16)));
volatile bytes row;

__attribute__((target("ssse3"))) static void blend_row(void)
{
    row = __builtin_ia32_pshufb128(row, row); /* line 6 */
}

void _start(void)
{
    blend_row();
    __asm__ volatile("syscall" : : "a"(60), "D"(0) : "rcx", "r11", "memory");
    __builtin_unreachable();
}
C
build() { "${CC:-cc}" -O1 -nostdlib -static -no-pie -fcf-protection=none "${@:2}" -o "$work/$1" "$work/deep/folder/blend.c"; }
if ! "${CC:-cc}" -dumpmachine | grep -q x86_64; then
    echo "SKIP: the compiler is not for x86-64"
    exit 77
fi
sources() { "$maskcheck" scan --format json "$work/$1" | jq -c '[.files[].uses[].source] | unique'; }
expect() { # NAME SOURCES: all its uses
    local got
    got=$(sources "$1")
    if [[ $got == "$2" ]]; then pass "$1: source is $2"; else fail "$1: source expected $2, got $got"; fi
}
if ! build plain -g0 || ! build debug -g; then
    echo "SKIP: the compiler refuses the program"
    exit 77
fi
expect plain '[null]'
expect debug '["blend.c:6"]'
for version in 2 3 4 5; do
    build "dwarf$version" "-gdwarf-$version" && expect "dwarf$version" '["blend.c:6"]'
done
build compressed -g -gz && expect compressed '["blend.c:6"]'
run 1 scan "$work/compressed"
run 1 scan "$work/debug"
out_has "(blend.c:6): pshufb"
run 1 scan "$work/plain"
out_lacks "blend.c"

# Damaged debug information: the verdict stands, the line may be unknown.
offset=$(readelf -SW "$work/debug" | awk '{sub(/^ *\[ */, "")} $2 == ".debug_info" {print $5}')
cp "$work/debug" "$work/damaged"
head -c 64 /dev/zero | tr '\0' '\377' | dd of="$work/damaged" bs=1 seek=$((16#$offset)) conv=notrunc status=none
expect damaged '[null]'
"${CC:-cc}" -g -O1 -c -o "$work/object.o" "$work/deep/folder/blend.c" # its addresses are not the program's
expect object.o '[null]'
finish
