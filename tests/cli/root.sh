#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# --root DIR: a guest's disk that is mounted here. Its links lead within it, and its packages and libraries are its own.
. "$(dirname "$0")/lib.sh"
needs jq "${CC:-cc}"
make_programs
cd "$work" || exit 1
mkdir -p guest/{usr/bin,usr/lib/x86_64-linux-gnu,usr/lib64,etc,var/lib/dpkg/info,opt} outside
ln -s usr/bin guest/bin
ln -s usr/lib guest/lib
cp clean outside/program
cp unguarded guest/usr/bin/tool
cp clean guest/usr/bin/plain
mkdir -p guest"$work"/outside # what the absolute link means in the guest
cp unguarded guest"$work"/outside/program
ln -s "$work/outside/program" guest/usr/bin/absolute
ln -s ../../../../../../../../usr/bin/tool guest/opt/above # does not leave the guest
ln -s /nowhere guest/opt/dangling
ln -s round guest/opt/round
printf '/.\n/usr\n/usr/bin\n/usr/bin/tool\n/usr/bin/plain\n' >guest/var/lib/dpkg/info/guest-tools.list

run 1 scan --root guest /usr/bin/tool
out_has "guest/usr/bin/tool: unguarded"
out_has "package guest-tools"
for path in /bin/tool usr/bin/tool guest/usr/bin/tool guest/bin/tool /opt/above /../../usr/bin/tool; do
    run 1 scan --root guest "$path"
    out_has "guest/usr/bin/tool: unguarded"
done
run 1 scan --root guest/ /usr/bin/tool
out_has "guest/usr/bin/tool: unguarded"
run 1 scan --root "$work/guest" /usr/bin/tool
out_has "$work/guest/usr/bin/tool: unguarded"
# the link leads to the guest's file, not to this system's
run 1 scan --root guest /usr/bin/absolute
out_has "guest$work/outside/program: unguarded"
run 1 scan -v --root guest /usr/bin
out_has "guest$work/outside/program: unguarded"
out_has "guest/usr/bin/plain: clean"
run 1 scan --format json --root guest
check "$said: without PATH all of it, each file once" test "$(jq -r '.files[] | select(.status == "ok") | .path' "$out" | sort | tr '\n' ' ')" = "guest$work/outside/program guest/usr/bin/plain guest/usr/bin/tool "
check "$said: packages are the guest's" jq -e '[.files[] | select(.verdict == "unguarded") | .package] | sort == [null, "guest-tools"]' "$out" >/dev/null
run 3 scan --root guest /opt/dangling
err_has "No such file"
run 3 scan --root guest /opt/round
err_has "Too many levels of symbolic links"
run 3 scan --root guest "$work/outside/none"
run 0 scan --root guest /usr/bin/plain
echo /usr/bin/tool >list
run 1 scan --root guest --files-from list
run 2 scan --root none /usr/bin
err_has "--root none: cannot read: No such file or directory"
run 2 scan --root clean /usr/bin
err_has "not a folder"
run 2 scan --root guest --running
tar -cf guest/opt/t.tar unguarded
run 1 scan --root guest /opt
out_has "guest/opt/t.tar!unguarded: unguarded"

run 1 explain --root guest /bin/tool
out_has "guest/usr/bin/tool"
run 1 explain --root guest /usr/bin/absolute _start
out_has "pshufb"
run 1 explain --root guest '/opt/t.tar!unguarded' _start
out_has "pshufb"
run 3 explain --root guest /opt/none

# audit: what a program loads is looked up in the guest
cat >library.S <<'ASM'
    .globl guest_function
    .type guest_function, @function
guest_function:
    pshufb %xmm1, %xmm0
    ret
    .size guest_function, . - guest_function
ASM
"${CC:-cc}" -shared -nostdlib -Wl,-soname,libguestonly.so.1 library.S -o guest/usr/lib/libguestonly.so.1
echo '.globl _start; .type _start, @function; _start: call guest_function@PLT; hlt; .size _start, . - _start' >user.S
"${CC:-cc}" -nostdlib -nostartfiles user.S guest/usr/lib/libguestonly.so.1 -o guest/usr/bin/user
cat >dump <<'DUMP'
CPU 0:
   0x00000000 0x00: eax=0x00000001 ebx=0x756e6547 ecx=0x6c65746e edx=0x49656e69
   0x00000001 0x00: eax=0x000006f6 ebx=0x00000800 ecx=0x00002201 edx=0x0fabfbff
   0x80000000 0x00: eax=0x80000001 ebx=0x00000000 ecx=0x00000000 edx=0x00000000
   0x80000001 0x00: eax=0x00000000 ebx=0x00000000 ecx=0x00000001 edx=0x20100800
DUMP
run 1 audit --root guest --cpuid dump --baseline x86-64-v1 /usr/bin/user
out_has "guest/usr/lib/libguestonly.so.1"
run 2 audit --root guest /usr/bin
err_has "--root is of another system: it needs --cpuid FILE"
run 2 audit --root guest --cpuid dump --running
finish
