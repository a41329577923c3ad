#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Container images: OCI layouts and what docker save writes, as a tar and as a folder. What a later layer replaces or deletes
# is not in the image.
. "$(dirname "$0")/lib.sh"
needs jq tar python3
make_programs
cd "$work" || exit 1
python3 - <<'PY'
import gzip, hashlib, io, json, os, tarfile
clean, unguarded = open("clean", "rb").read(), open("unguarded", "rb").read()

def tar(members, lead=""):
    """members: (name, bytes | None for a folder | "-> target" for a link)"""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(lead + name)
            if data is None:
                info.type = tarfile.DIRTYPE
            elif isinstance(data, str):
                info.type, info.linkname = tarfile.SYMTYPE, data
            else:
                info.size = len(data)
            archive.addfile(info, io.BytesIO(data) if isinstance(data, bytes) else None)
    return out.getvalue()

low = tar([("usr", None), ("usr/bin", None), ("usr/bin/replaced", unguarded), ("usr/bin/deleted", unguarded),
           ("usr/bin/stays", unguarded), ("opt", None), ("opt/gone", None), ("opt/gone/a", unguarded),
           ("opt/opaque", None), ("opt/opaque/old", unguarded), ("opt/file", None), ("opt/file/inner", unguarded),
           ("opt/odd.wh.name", unguarded)], "./")
middle = tar([("usr/bin/replaced", clean), ("usr/bin/.wh.deleted", b""), ("opt/.wh.gone", b""),
              ("opt/opaque", None), ("opt/opaque/.wh..wh..opq", b""), ("opt/opaque/new", unguarded),
              ("opt/file", b"a file where a folder was")])
high = tar([("usr/bin/deleted", clean), ("opt/gone/b", unguarded)])
layers = [gzip.compress(low), gzip.compress(middle), high]

def digest(data):
    return hashlib.sha256(data).hexdigest()

def layout(stacks):
    blobs, manifests = {}, []
    def blob(data, kind):
        blobs["blobs/sha256/" + digest(data)] = data
        return {"mediaType": kind, "digest": "sha256:" + digest(data), "size": len(data)}
    for stack in stacks:
        manifest = {"schemaVersion": 2, "config": blob(b'{"architecture":"amd64"}', "application/vnd.oci.image.config.v1+json"),
                    "layers": [blob(data, "application/vnd.oci.image.layer.v1.tar+gzip") for data in stack]}
        manifests.append(blob(json.dumps(manifest).encode(), "application/vnd.oci.image.manifest.v1+json"))
    inner = blob(json.dumps({"schemaVersion": 2, "manifests": manifests}).encode(), "application/vnd.oci.image.index.v1+json")
    foreign = {"digest": "sha256:" + "0" * 64, "mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 1}
    return {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
            "index.json": json.dumps({"schemaVersion": 2, "manifests": [inner, foreign]}).encode(), **blobs}

def write(name, files, mode="w"):
    with tarfile.open(name, mode) as out:
        for path, data in files.items():
            info = tarfile.TarInfo(path)
            if isinstance(data, str):
                info.type, info.linkname = tarfile.SYMTYPE, data
            else:
                info.size = len(data)
            out.addfile(info, io.BytesIO(data) if isinstance(data, bytes) else None)

oci = layout([layers])
write("oci.tar", oci)
write("oci.tar.gz", oci, "w:gz")
write("reversed.tar", dict(reversed(list(oci.items()))))
for path, data in oci.items():
    os.makedirs(os.path.dirname("folder/" + path), exist_ok=True)
    open("folder/" + path, "wb").write(data)
# two images that share the lowest layer: what one hides is seen in the other
write("shared.tar", layout([layers, layers[:1]]))
names = [digest(data) + "/layer.tar" for data in (low, middle, high)]
docker = {digest(b"config") + ".json": b"{}"}
for name, data in zip(names, (low, middle, high)):
    docker[name.replace("layer.tar", "VERSION")] = b"1.0"
    docker[name] = data
docker["manifest.json"] = json.dumps([{"Config": digest(b"config") + ".json", "RepoTags": ["t:1"], "Layers": names}]).encode()
docker["repositories"] = b"{}"
write("docker.tar", docker)
link = digest(b"again") + "/layer.tar"
linked = dict(docker)
linked[link] = "../" + names[0]
linked["manifest.json"] = json.dumps([{"Layers": [link] + names[1:]}]).encode()
write("linked.tar", linked)
missing = dict(docker)
del missing[names[1]]
write("missing.tar", missing)
torn = dict(docker)
torn["manifest.json"] = b'[{"Layers":["x"'
write("torn.tar", torn)
for path, data in docker.items():
    os.makedirs(os.path.dirname("saved/" + path), exist_ok=True)
    open("saved/" + path, "wb").write(data)
os.makedirs("web")
open("web/manifest.json", "w").write('{"name":"no image"}')
open("web/program", "wb").write(unguarded)
PY
visible='opt/gone/b opt/odd.wh.name opt/opaque/new usr/bin/stays' # unsafe
clean_ones='usr/bin/deleted usr/bin/replaced'
# sees FILE: just these are unsafe, and these clean
sees() {
    run 1 scan --format json "$1"
    for verdict in unguarded clean; do
        [[ $verdict == clean ]] && wanted=$clean_ones || wanted=$visible
        got=$(jq -r ".files[] | select(.verdict == \"$verdict\") | .path" "$out" | sed 's/.*!//' | sort | tr '\n' ' ')
        check "$said: $verdict is what the image shows" test "$got" = "$wanted "
    done
    check "$said: nothing on stderr" test ! -s "$err"
}
for file in oci.tar oci.tar.gz reversed.tar docker.tar linked.tar folder saved; do sees "$file"; done
run 1 scan oci.tar
out_has "oci.tar!blobs/sha256/"
run 1 scan folder
out_has "folder/blobs/sha256/"
path=$(jq -rn --arg o "$(grep -o 'folder/blobs[^:]*!usr/bin/stays' "$out")" '$o')
run 1 explain "$path" _start
out_has "pshufb"
run 1 scan --format json shared.tar
check "shared.tar: what one image hides is in the other" jq -e '[.files[] | select(.verdict == "unguarded") | .path | sub(".*!"; "")] | index("usr/bin/deleted") != null and index("opt/gone/a") != null' "$out" >/dev/null
run 1 scan missing.tar
err_has "maskcheck: missing.tar: the layer "
err_has "/layer.tar, of which the image is made, is not in it"
run 1 scan torn.tar
check "torn.tar: without its manifest all layers are read" test "$(grep -c '^torn.tar!.*unguarded:' "$out")" -gt 4
run 1 scan web
out_has "web/program: unguarded"
export SOURCE_DATE_EPOCH=0
for threads in 1 2 7; do "$maskcheck" scan --no-cache -j "$threads" -v oci.tar docker.tar folder shared.tar >"threads.$threads" 2>&1; done
check "-j 1 and -j 2 give the same bytes" cmp threads.1 threads.2
check "-j 1 and -j 7 give the same bytes" cmp threads.1 threads.7
finish
