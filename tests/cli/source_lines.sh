#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# scan: the source line of a use, its folder, compilation unit and COMDAT group, from debug information in the file or beside it.
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

# What is reported besides the line: the folder, the compilation unit, the compiler and its machine options.
json() { check "$said: $1" jq -e "$1" "$out" >/dev/null; }
run 1 scan --format json "$work/debug"
json ".files[0].uses[0] | .source_path == \"$work/deep/folder/blend.c\" and .unit.name == .source_path and (.unit.producer | type) == \"string\""
json '.files[0].uses[0].comdat == null'
if "${CC:-cc}" --version | grep -q 'Free Software'; then
    build machine -g -mssse3 -mtune=generic
    run 1 scan --format json "$work/machine"
    json '.files[0].uses[0].unit | (.options | split(" ") | index("-mssse3") != null) and (.producer | test("^GNU C.*[0-9]$"))'
    run 1 scan "$work/machine"
    out_has "compiled from $work/deep/folder/blend.c by GNU C"
    out_has "-mssse3"
    run 1 explain "$work/machine" _start
    out_has "at $work/deep/folder/blend.c:6"
    out_has "compiled from"
else
    echo "ok - machine options # SKIP only GCC records them"
fi
(cd "$work/deep/folder" && "${CC:-cc}" -g -O1 -nostdlib -static -no-pie -fcf-protection=none -o "$work/relative" ../folder/./blend.c)
run 1 scan --format json "$work/relative"
json ".files[0].uses[0].source_path == \"$work/deep/folder/blend.c\""
(cd "$work/deep" && "$maskcheck" scan --format sarif "$work/relative" >"$out" 2>"$err")
said="maskcheck scan --format sarif, from a folder above the source"
json '.runs[0].results[0].locations[0].physicalLocation | .artifactLocation == {"uri": "folder/blend.c", "uriBaseId": "SRCROOT"} and .region.startLine == 6'
json ".runs[0].originalUriBaseIds.SRCROOT.uri == \"file://$work/deep/\""
run 1 scan --format sarif "$work/relative"
json ".runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri | endswith(\"/deep/folder/blend.c\")"

# Intrinsics are functions of the compiler's headers: the line is that of their caller.
cat >"$work/intrinsic.c" <<'C'
#include <tmmintrin.h>
volatile __m128i row;
__attribute__((target("ssse3"))) void _start(void)
{
    row = _mm_shuffle_epi8(row, row); /* line 5 */
    __asm__ volatile("syscall" : : "a"(60), "D"(0) : "rcx", "r11", "memory");
    __builtin_unreachable();
}
C
for level in 1 2; do
    "${CC:-cc}" -g -O$level -nostdlib -static -no-pie -fcf-protection=none -o "$work/intrinsic$level" "$work/intrinsic.c" && expect "intrinsic$level" '["intrinsic.c:5"]'
done

# Objects and members of archives, whose debug sections are not yet linked.
"${CC:-cc}" -g -O1 -ffunction-sections -c -o "$work/object.o" "$work/deep/folder/blend.c"
expect object.o '["blend.c:6"]'
"${CC:-cc}" -g0 -O1 -c -o "$work/bare.o" "$work/deep/folder/blend.c"
expect bare.o '[null]'
"${CC:-cc}" -g -gz -O1 -c -o "$work/packed.o" "$work/deep/folder/blend.c" && expect packed.o '["blend.c:6"]'
(cd "$work" && ar rc two.a bare.o object.o)
expect two.a '[null,"blend.c:6"]'

# COMDAT groups: the linker keeps one copy of an inline function, and this may be the one for newer CPUs.
object comdat <<'ASM'
    .section .text.inlined,"axG",@progbits,_ZN2ns7inlinedEv,comdat
    .weak _ZN2ns7inlinedEv
    .type _ZN2ns7inlinedEv, @function
_ZN2ns7inlinedEv:
    .cfi_startproc
    pshufb %xmm1, %xmm0
    ret
    .cfi_endproc
    .size _ZN2ns7inlinedEv, . - _ZN2ns7inlinedEv
    .section .text.grouped,"axG",@progbits,no_comdat
    .globl grouped
    .type grouped, @function
grouped:
    .cfi_startproc
    pshufb %xmm1, %xmm0
    ret
    .cfi_endproc
    .size grouped, . - grouped
ASM
run 1 scan --all-uses --format json "$work/comdat.o"
json '[.files[0].uses[] | {function, comdat}] | sort_by(.function) == [{"function": "_ZN2ns7inlinedEv", "comdat": "_ZN2ns7inlinedEv"}, {"function": "grouped", "comdat": null}]'
run 1 scan --all-uses "$work/comdat.o"
out_has "in the COMDAT group ns::inlined()"

# Separate debug files, by build-id; the cache sees them come, change and go.
needs objcopy readelf
build whole -g -Wl,--build-id=sha1
id=$(readelf -n "$work/whole" | sed -n 's/.*Build ID: //p')
place=$work/debug-folder/.build-id/${id:0:2}/${id:2}.debug
mkdir -p "$(dirname "$place")"
objcopy --only-keep-debug "$work/whole" "$work/whole.debug"
objcopy --strip-all "$work/whole" "$work/stripped"
touch -d '1 hour ago' "$work/stripped" "$work/whole.debug"
separate() { # separate SOURCES: with the cache and without
    local flag got
    for flag in "" "" --no-cache; do
        got=$("$maskcheck" scan $flag --debug-dir "$work/debug-folder" --format json "$work/stripped" | jq -c '[.files[].uses[].source] | unique')
        said="stripped, $2 ${flag:-with the cache}"
        check "$said: source is $1, got $got" test "$got" = "$1"
    done
}
separate '[null]' "no debug file"
cp -p "$work/whole.debug" "$place"
separate '["blend.c:6"]' "its debug file is there"
objcopy --compress-debug-sections "$work/whole.debug" "$place"
separate '["blend.c:6"]' "the debug file is compressed"
run 1 scan "$work/stripped"
out_lacks "blend.c"
# Below a root, its own debug files.
mkdir -p "$work/root/bin" "$work/root/usr/lib/debug/.build-id/${id:0:2}"
cp -p "$work/stripped" "$work/root/bin/program"
run 1 scan --root "$work/root" /bin
out_lacks "blend.c"
cp -p "$work/whole.debug" "$work/root/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug"
run 1 scan --root "$work/root" /bin
out_has "(blend.c:6): pshufb"
build other -g -Wl,--build-id=0x0123456789
objcopy --only-keep-debug "$work/other" "$place"
separate '[null]' "the debug file is another program's"
head -c 2000 "$work/whole.debug" >"$place"
separate '[null]' "the debug file is cut short"
: >"$place"
separate '[null]' "the debug file is empty"
rm "$place" && mkfifo "$place"
separate '[null]' "a FIFO is in its place"
rm "$place"
separate '[null]' "the debug file is gone"

# By debug link: a name and a checksum, for files without a build-id. Beside the file, in .debug, in the folder of debug files.
build unnamed -g -Wl,--build-id=none
objcopy --only-keep-debug "$work/unnamed" "$work/link.debug"
objcopy --strip-all --add-gnu-debuglink="$work/link.debug" "$work/unnamed" "$work/stripped"
mv "$work/link.debug" "$work/kept.debug"
touch -d '1 hour ago' "$work/stripped" "$work/kept.debug"
separate '[null]' "no debug file of its link"
mkdir -p "$work/.debug" "$work/debug-folder$work"
for place in "$work/link.debug" "$work/.debug/link.debug" "$work/debug-folder$work/link.debug"; do
    cp -p "$work/kept.debug" "$place"
    separate '["blend.c:6"]' "linked to ${place#"$work"/}"
    printf 'x' >>"$place" # the checksum is another
    separate '[null]' "changed: ${place#"$work"/}"
    rm "$place"
done
# Below a root; and where both have a build-id, that decides
cp -p "$work/stripped" "$work/root/bin/program"
mkdir -p "$work/root/usr/lib/debug/bin"
cp -p "$work/kept.debug" "$work/root/usr/lib/debug/bin/link.debug"
run 1 scan --root "$work/root" /bin
out_has "(blend.c:6): pshufb"
build other -g -Wl,--build-id=0x0123456789abcdef
objcopy --only-keep-debug "$work/other" "$work/link.debug"
objcopy --strip-all --add-gnu-debuglink="$work/link.debug" "$work/whole" "$work/stripped"
separate '[null]' "a link to another program's debug file"
objcopy --only-keep-debug "$work/whole" "$work/link.debug"
separate '["blend.c:6"]' "a link to the debug file of its build-id"
rm "$work/link.debug"
# Damaged links are none
for bytes in 'a' 'a\0\0\0' 'aaaaaaaa' '../b\0\0\0\0crc.' '\0\0\0\0\0\0\0\0'; do
    printf "$bytes" >"$work/section"
    objcopy --strip-all --add-section .gnu_debuglink="$work/section" "$work/unnamed" "$work/stripped"
    separate '[null]' "a damaged link ($bytes)"
done
finish
