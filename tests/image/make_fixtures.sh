#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make_fixtures.sh CC AR SOURCE-FOLDER OUTPUT-FOLDER: what cannot be made here (no 32-bit or static C library) is left out.
set -u
cc=$1 ar=$2 source=$3 out=$4
test "$out/made" -nt "$source/fixture.c" && test "$out/made" -nt "$0" && exit 0
rm -rf "$out"
mkdir -p "$out"
flags="-O1 -g0 -fcommon -fno-inline -fasynchronous-unwind-tables"
make() # NAME SOURCES AND OPTIONS
{
    name=$1
    shift
    "$cc" $flags "$@" -o "$out/$name" 2>"$out/$name.log" || rm -f "$out/$name"
}
one=$source/fixture.c both="$source/fixture.c $source/fixture_rest.c"
make object.o -c -fno-pic "$one"
make object-pic.o -c -fPIC "$one"
make object-large.o -c -fPIC -mcmodel=medium -ffunction-sections "$one"
make object-32.o -m32 -c -fno-pic "$one"
make object-pic-32.o -m32 -c -fPIC "$one"
make linked-r.o -r -nostdlib -fPIC "$one"
make library.so -shared -fPIC -Wl,-Bsymbolic,-soname,library.so "$one"
make library-relr.so -shared -fPIC -Wl,-Bsymbolic,-soname,library.so,-z,pack-relative-relocs "$one"
make library-32.so -m32 -shared -fPIC -Wl,-Bsymbolic,-soname,library.so "$one"
make program-pie -fPIE -pie $both
make program -fno-pic -no-pie $both
make program-static -fno-pic -static $both
make program-static-pie -fPIE -static-pie $both
make program-32 -m32 -fPIE -pie $both
cp "$out/object-pic.o" "$out/object-with-a-very-long-name.o"
cd "$out" || exit 1
"$ar" rc archive.a object.o object-with-a-very-long-name.o
"$ar" rcT thin.a object.o object-with-a-very-long-name.o
touch made
