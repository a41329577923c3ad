#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Packages, archives and compressed files: what is in them is judged as if it had been unpacked, under outer!inner, and
# nothing is written.
. "$(dirname "$0")/lib.sh"
needs jq tar gzip
make_programs
cd "$work" || exit 1
mkdir -p tree/usr/bin tree/usr/share/doc tree/lib
cp clean unguarded tree/usr/bin
(ar rc tree/lib/two.a clean.o unguarded.o)
echo text >tree/usr/share/doc/readme
: >tree/usr/share/doc/empty
gzip -nk tree/usr/share/doc/readme
ln -s unguarded tree/usr/bin/link

skip() { echo "ok - $1 # SKIP $2"; }
have() { # have WHAT TOOL...: whether the case WHAT can run; says so when not
    local what=$1 tool
    shift
    for tool; do
        type -P "$tool" >/dev/null || { skip "$what" "$tool is not installed"; return 1; }
    done
}
# verdicts: "path status verdict" of each file, sorted, with the text before the first ! or / of `tree` taken off
verdicts() { jq -r '.files[] | "\(.path) \(.status) \(.verdict)"' "$out" | sed -E "s,^[^ ]*$1[!/],," | sort; }

run 1 scan --format json tree
verdicts tree >expected
check "the folder has what the archives are held against" grep -q '^usr/bin/unguarded ok unguarded$' expected

# same_as_folder FILE: each member has the verdict that the same file has in the folder
same_as_folder() {
    run 1 scan --format json "$1"
    verdicts "$1" >got
    check "$said: as the folder" diff expected got
    check "$said: nothing on stderr" test ! -s "$err"
}
tar -C tree -cf t.tar .
same_as_folder t.tar
tar -C tree --format=v7 -cf v7.tar usr lib
same_as_folder v7.tar
tar -C tree --format=pax -czf t.tar.gz .
same_as_folder t.tar.gz
for row in "tar.bz2 bzip2" "tar.xz xz" "tar.zst zstd" "tar.lz4 lz4" "tar.lzma lzma"; do
    read -r name tool <<<"$row"
    have "$name" "$tool" || continue
    "$tool" -q <t.tar >"t.$name"
    same_as_folder "t.$name"
done
gzip -c t.tar | gzip >t.tar.gz.gz
same_as_folder t.tar.gz.gz
if have "zip" zip; then
    (cd tree && zip -qr ../t.zip lib usr/share usr/bin/clean usr/bin/unguarded)
    same_as_folder t.zip
    cp t.zip t.whl
    same_as_folder t.whl
fi
if have "cpio" cpio; then
    (cd tree && find . -mindepth 1 | cpio --quiet -o -H newc) >t.cpio
    same_as_folder t.cpio
    # An initramfs: one archive, zeros, and a compressed one behind it.
    (cd tree && echo lib/two.a | cpio --quiet -o -H newc) >initramfs
    (cd tree && find usr | cpio --quiet -o -H newc) | gzip >>initramfs
    same_as_folder initramfs
fi
if have "ISO 9660" genisoimage; then
    rm -f tree-iso; cp -a tree tree-iso; rm tree-iso/usr/bin/link
    genisoimage -quiet -R -o t.iso tree-iso
    same_as_folder t.iso
fi
if have "SquashFS" mksquashfs && [[ -e $(ldconfig -p | awk '/libsquashfs.so.1 /{print $NF; exit}') ]]; then
    for method in gzip xz zstd; do
        rm -f t.squashfs
        mksquashfs tree t.squashfs -quiet -no-progress -comp "$method" >/dev/null
        same_as_folder t.squashfs
    done
    # An AppImage: an ELF file with a mark, and the file system behind its end.
    cp clean t.AppImage
    printf 'AI\2' | dd of=t.AppImage bs=1 seek=8 conv=notrunc status=none
    cat t.squashfs >>t.AppImage
    run 1 scan t.AppImage
    out_has "t.AppImage: clean"
    out_has "t.AppImage!usr/bin/unguarded: unguarded"
    head -c "$(stat -c %s clean)" t.AppImage >short.AppImage
    run 3 scan short.AppImage
    err_has "maskcheck: short.AppImage: offset"
    head -c 900 t.squashfs >cut.squashfs
    run 3 scan cut.squashfs
    err_has "cut.squashfs: "
fi

# packages
if have "Debian package" dpkg-deb; then
    mkdir -p deb/DEBIAN
    cp -a tree/usr tree/lib deb
    printf 'Package: t\nVersion: 1\nArchitecture: amd64\nMaintainer: nobody <n@example.org>\nDescription: t\n' >deb/DEBIAN/control
    for method in gzip xz zstd none; do
        rm -f t.deb
        dpkg-deb --root-owner-group -Z"$method" -b deb t.deb >/dev/null 2>&1 || { skip "a package with $method" "dpkg-deb cannot"; continue; }
        run 1 scan --format json t.deb
        check "$method: as the folder, and the control files" diff expected <(verdicts t.deb | grep -v '^control.tar\|^debian-binary')
        check "$method: control files are counted" jq -e '[.files[].path] | any(startswith("t.deb!control.tar"))' "$out" >/dev/null
    done
    run 1 scan t.deb
    out_has "t.deb!usr/bin/unguarded: unguarded"
    out_lacks "t.deb!usr/bin/clean"
    out_has "package t"
    run 1 scan --format json t.deb t.tar
    check "the package of a .deb's members is its own" jq -e '[.files[] | select(.verdict == "unguarded") | .package] | unique == [null, "t"]' "$out" >/dev/null
    ar d t.deb data.tar
    run 3 scan t.deb
    err_is "maskcheck: t.deb: a Debian package without the member data.tar"
fi
if have "RPM" rpmbuild; then
    cat >t.spec <<SPEC
Name: t
Version: 1
Release: 1
Summary: t
License: none
%description
t
%install
cp -a $work/tree/usr $work/tree/lib %{buildroot}/
%files
/usr
/lib
SPEC
    for method in w9.gzdio w3.zstdio w3.xzdio; do
        rm -rf rpms
        rpmbuild -bb --quiet --target x86_64 --define "_topdir $work/rpms" --define "_binary_payload $method" --define '__os_install_post %{nil}' \
            --define 'debug_package %{nil}' --define '_build_id_links none' t.spec >rpm.log 2>&1
        cp rpms/RPMS/*/*.rpm t.rpm 2>/dev/null || { skip "RPM $method" "rpmbuild failed: $(tail -n 1 rpm.log)"; continue; }
        same_as_folder t.rpm
        check "$method: the package of its members is its own" jq -e '[.files[] | select(.verdict == "unguarded") | .package] | unique == ["t-1-1"]' "$out" >/dev/null
    done
fi
# Alpine: several gzip members, the first tars without an end mark
tar -C tree -cf - usr | head -c -1024 >one
(head -c $(($(stat -c %s one) / 512 * 512)) one | gzip; tar -C tree -cf - lib | gzip) >t.apk
run 1 scan t.apk
out_has "t.apk!usr/bin/unguarded: unguarded"
out_has "t.apk!lib/two.a!unguarded.o: unguarded"

# one compressed file is what is compressed
gzip -c unguarded >u.gz
run 1 scan u.gz
out_has "u.gz: unguarded"
gzip -c clean >c.gz
run 0 scan c.gz
out_has "c.gz: clean"
: | gzip >e.gz
run 0 scan e.gz
out_has "e.gz: skipped: an empty file"

# within one another
tar -cf inner.tar -C tree/usr/bin unguarded
gzip -c inner.tar >inner.tar.gz
tar -cf outer.tar inner.tar.gz clean
run 1 scan outer.tar
out_has "outer.tar!inner.tar.gz!unguarded: unguarded"
run 1 scan -v outer.tar
out_has "outer.tar!clean: clean"
tar -cf twice.tar -C tree/usr/bin unguarded
tar -rf twice.tar -C tree/usr/bin unguarded
run 1 scan twice.tar
out_has "twice.tar!unguarded: unguarded"
out_has "twice.tar!unguarded(2): unguarded"

mkdir links && cp unguarded links/a && ln links/a links/b && ln -s a links/c && mkfifo links/fifo
tar -cf links.tar links
run 1 scan -v links.tar
check "$said: a file with two names is judged once" test "$(grep -c 'links.tar!links/[abc]: unguarded' "$out")" = 1
out_has "links.tar!links/fifo: skipped: a FIFO"
# every format names outer!inner
for format in text json jsonl csv html junit; do
    run 1 scan --format "$format" outer.tar
    out_has "outer.tar!inner.tar.gz!unguarded"
done
run 1 scan --format sarif outer.tar
check "SARIF names it" jq -e '[.. | .uri? | strings] | index("outer.tar!inner.tar.gz!unguarded") != null' "$out" >/dev/null
run 1 scan --format prometheus outer.tar
out_has "unguarded"
run 1 scan --format json outer.tar
check "JSON: no sha256 is missing for findings" jq -e '[.files[] | select(.uses | length > 0) | .sha256] | all(. != null)' "$out" >/dev/null
check "JSON: sha256 is the member's" test "$(jq -r '.files[] | select(.path | endswith("!unguarded")) | .sha256' "$out")" = "$(sha256sum unguarded | cut -d' ' -f1)"

# scan OUTER!INNER
run 1 scan 'outer.tar!inner.tar.gz!unguarded'
out_has "1 file: 0 clean, 0 guarded, 0 misguarded, 0 trapped, 1 unguarded"
run 0 scan 'outer.tar!clean' clean
out_has "outer.tar!clean: clean"
out_has "2 files: 2 clean"
run 1 scan 'outer.tar!clean' 'outer.tar!inner.tar.gz!unguarded' 'outer.tar!clean'
out_has "2 files: 1 clean"
run 1 scan 'outer.tar!clean' outer.tar
out_has "2 files: 1 clean"
run 1 scan 'tree/lib/two.a!unguarded.o'
out_has "1 file: 0 clean"
run 3 scan 'outer.tar!none'
err_is "maskcheck: outer.tar!none: no such member in outer.tar"
run 3 scan 'clean!none'
run 1 scan --no-cache -v 'outer.tar!inner.tar.gz'
out_has "1 file: 0 clean"

# explain OUTER!INNER
run 1 scan --format json outer.tar
address=$(jq -r '.files[] | select(.path == "outer.tar!inner.tar.gz!unguarded") | .uses[0].address' "$out")
run 1 explain 'outer.tar!inner.tar.gz!unguarded' "$address"
out_has "pshufb"
run 1 explain 'outer.tar!inner.tar.gz!unguarded' _start
run 1 explain 'outer.tar!inner.tar.gz!unguarded'
run 1 explain outer.tar
out_has "outer.tar!inner.tar.gz!unguarded"
run 1 explain 't.tar!lib/two.a!unguarded.o'
out_has "pshufb"
out_lacks "clean.o"
run 1 explain 'tree/lib/two.a!unguarded.o' _start
run 0 explain 'outer.tar!clean'
run 2 explain 'outer.tar!none'
err_has "outer.tar has no member 'none'"
run 3 explain 'none.tar!none'
err_is "maskcheck: none.tar!none: cannot read: No such file or directory"
run 2 explain 'outer.tar!inner.tar.gz!unguarded' 0x1
run 1 explain u.gz

# the same whatever the number of threads; the second time from the cache
mkdir many
cp t.deb many 2>/dev/null
for i in 1 2 3 4 5 6 7; do cp t.tar.gz "many/$i.tar.gz"; cp outer.tar "many/$i.tar"; done
export SOURCE_DATE_EPOCH=0
for format in text json; do
    for threads in 1 2 7; do
        "$maskcheck" scan --no-cache -j "$threads" -v --format "$format" many 2>&1 | sed -E 's/"seconds":[0-9.e-]+/"seconds":0/; s/"-j","[0-9]+"/"-j","N"/' >"threads.$threads"
    done
    check "$format: -j 1 and -j 2 give the same bytes" cmp threads.1 threads.2
    check "$format: -j 1 and -j 7 give the same bytes" cmp threads.1 threads.7
done
head -c 1200000 /dev/zero >many/zeros # so that the cache is opened
touch -d '1 hour ago' many/*
sleep 2.1 # until the files count as left alone
for time in first second; do "$maskcheck" scan -v many >"$time" 2>&1; done
check "the cache gives the same" cmp first second
cp clean replaced
tar -cf many/1.tar replaced
run 1 scan -v many
out_has "many/1.tar!replaced: clean"
out_lacks "many/1.tar!inner"

# not loaded for what is no archive, and nothing is written
if have "libraries and files" strace; then
    strace -f -e trace=openat "$maskcheck" scan --no-cache clean unguarded 2>&1 | grep -c 'libarchive\.so\|libsquashfs\.so' >count
    check "libarchive is not opened without an archive" test "$(cat count)" = 0
    strace -f -e trace=openat,open,creat,mkdir,memfd_create "$maskcheck" scan --no-cache t.tar.gz t.tar outer.tar 2>trace >"$out"
    check "libarchive is opened for one" grep -q 'libarchive\.so' trace
    check "nothing is written" test "$(grep -c 'O_CREAT\|creat(\|mkdir(\|memfd_create(' trace)" = 0
fi
finish
