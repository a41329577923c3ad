#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Archives that are damaged, too large, or not what they should be: one clear line each, never called clean.
. "$(dirname "$0")/lib.sh"
needs jq tar gzip python3
make_programs
cd "$work" || exit 1

# bad FILE TEXT: exit status 3, one line on stderr that names the file and says TEXT
bad() {
    run 3 scan "$1"
    check "$said: one line on stderr" test "$(wc -l <"$err")" = 1
    err_has "maskcheck: $1"
    err_has "$2"
}
tar -cf whole.tar clean clean.o
size=$(stat -c %s clean)
head -c $((size / 2 + 512)) whole.tar >cut.tar
bad cut.tar "cut.tar!clean: offset"
err_has "the archive can be read up to here only: damaged or cut short: "
gzip -c whole.tar | head -c 300 >cut.tar.gz
bad cut.tar.gz "damaged or cut short"
gzip -c clean | head -c 100 >cut.gz
bad cut.gz "damaged or cut short"
printf '\x1f\x8b\x08\x00rest is no such thing' >magic.gz
bad magic.gz "magic.gz"
(head -c 512 whole.tar; head -c 600 /dev/urandom) >noise.tar
run 3 scan noise.tar

# members of any size in a few bytes
python3 - <<'PY'
import gzip, io, tarfile, zipfile
zeros = bytes(100 << 20)
part = gzip.compress(zeros, 9)
with open("bomb.gz", "wb") as file: # 16 times 100 MiB, and begins like a program
    file.write(gzip.compress(b"\177ELF"))
    for i in range(16):
        file.write(part)
header = tarfile.TarInfo("usr/bin/large")
header.size = 3 << 30
with open("large.tar", "wb") as file: # says 3 GiB, and begins like a program
    file.write(header.tobuf(tarfile.GNU_FORMAT) + b"\177ELF")
    file.truncate(512 + (3 << 30) + 1024)
header = tarfile.TarInfo("zeros")
header.size = 16 * len(zeros)
with open("bomb.tar.gz", "wb") as file:
    file.write(gzip.compress(header.tobuf()))
    for i in range(16):
        file.write(part)
with zipfile.ZipFile("bomb.zip", "w", zipfile.ZIP_DEFLATED) as outer:
    outer.writestr("zeros", b"\177ELF" + zeros)
def tar(name, members):
    with tarfile.open(name, "w") as out:
        for path, data in members:
            info = tarfile.TarInfo(path)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
clean = open("clean", "rb").read()
unguarded = open("unguarded", "rb").read()
tar("absolute.tar", [("/usr/bin/clean", clean)])
tar("outside.tar", [("../../clean", clean), ("a/../b", clean)])
tar("control.tar", [("/new\nline\033[31m", clean)])
tar("outside-unsafe.tar", [("../unguarded", unguarded)])
tar("long.tar", [("a/" * 2500 + "x", clean)])
nest = clean
for i in range(12):
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as out:
        info = tarfile.TarInfo("n%d" % i)
        info.size = len(nest)
        out.addfile(info, io.BytesIO(nest))
    nest = inner.getvalue()
open("deep.tar", "wb").write(nest)
tar("unicode.tar", [("gr\u00fc\u00df", unguarded), ("new\nline", unguarded)])
PY
bad bomb.gz "bomb.gz: unpacks to more than"
bad bomb.tar.gz "bomb.tar.gz: unpacks to more than"
bad large.tar "large.tar!usr/bin/large: larger than 2048 MiB"
run 3 scan bomb.zip # 100 MiB are within the limit: a damaged program
bad absolute.tar "absolute.tar: 1 member has a name outside of the archive's folder"
bad outside.tar "2 members have names outside"
run 1 scan outside-unsafe.tar
out_has "outside-unsafe.tar!../unguarded: unguarded"
bad control.tar "the first: /new?line?[31m"
bad long.tar "a member's name has more than 4096 bytes"
bad deep.tar "an archive within more than 8 others: not opened"
run 1 scan unicode.tar
out_has "unicode.tar!grüß: unguarded"
out_has 'unicode.tar!new\x0aline: unguarded'

# an archive that holds itself: the smallest such gzip quine is of R. Cox; ours is a chain that is as deep as the bound
if type -P zip >/dev/null; then
    echo text >text
    zip -q -P secret secret.zip clean text
    bad secret.zip "secret.zip: 2 members are encrypted and could not be read, the first: clean"
    zip -q part.zip clean clean.o
    head -c $(($(stat -c %s part.zip) - 60)) part.zip >cut.zip
    bad cut.zip "its directory cannot be read, its members were read as they lie: "
    python3 - <<'PY'
data = bytearray(open("part.zip", "rb").read())
for i in range(200, 260):
    data[i] ^= 0x55
open("broken.zip", "wb").write(data)
PY
    run 3 scan broken.zip
    err_has "maskcheck: broken.zip!clean: "
else
    echo "ok - zip # SKIP zip is not installed"
fi

# cut at many lengths and changed at many places: never a crash, never "clean" where the program is not whole
crashed=0 silent=0
gzip -c whole.tar >whole.tar.gz
for file in whole.tar whole.tar.gz; do
    size=$(stat -c %s $file)
    for ((length = 1; length < size - 10240; length += size / 40)); do
        head -c $length $file >cut
        "$maskcheck" scan cut >"$out" 2>"$err"
        status=$?
        ((status <= 3)) || crashed=$length
    done
done
python3 - "$maskcheck" <<'PY' || crashed=1
import random, subprocess, sys, glob
random.seed(7)
for name in ["whole.tar", "whole.tar.gz"] + glob.glob("part.zip"):
    data = open(name, "rb").read()
    for i in range(25):
        copy = bytearray(data)
        for k in range(4):
            copy[random.randrange(len(copy))] = random.randrange(256)
        open("fuzzed", "wb").write(copy)
        if subprocess.run([sys.argv[1], "scan", "fuzzed"], capture_output=True).returncode not in (0, 1, 2, 3):
            sys.exit("crashed on a change of " + name)
PY
check "no damage crashes the scan" test "$crashed" = 0
finish
