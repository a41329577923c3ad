#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Unpacks the packages of packages.txt that are not installed, with what they depend on, into FOLDER/root, and lists the ELF
# files of all of them: FOLDER/list with lines "package path". Prints TAP; one case per package. Quick when it was done before.
#   fetch.sh FOLDER    does nothing without MASKCHECK_ALL=1
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:?usage: fetch.sh FOLDER}
[[ ${MASKCHECK_ALL-} == 1 ]] || { echo "ok - packages of tests/real # SKIP only script/test --all fetches them"; exit 0; }
mkdir -p "$folder/root" "$folder/debs"
folder=$(cd "$folder" && pwd)
for tool in apt-get apt-cache dpkg-deb dpkg-query; do
    type -P "$tool" >/dev/null || { echo "SKIP: $tool is not installed: this is no Debian"; exit 77; }
done

mapfile -t wanted < <(awk '!/^#/ && NF { print $1 }' "$here/packages.txt")
apt-cache show "${wanted[0]}" >/dev/null 2>&1 || apt-get -q update >&2 || true

if ! cmp -s "$here/packages.txt" "$folder/fetched"; then
    mapfile -t known < <(apt-cache show --no-all-versions "${wanted[@]}" 2>/dev/null | awk '$1 == "Package:" { print $2 }')
    mkdir -p "$folder/debs/partial"
    apt-get -qq -y --no-install-recommends --download-only -o Debug::NoLocking=1 -o APT::Sandbox::User=root \
        -o Dir::Cache::archives="$folder/debs" install "${known[@]}" >&2 && cp "$here/packages.txt" "$folder/fetched"
    for deb in "$folder/debs"/*.deb; do
        [[ -e $deb ]] || continue
        package=$(dpkg-deb -f "$deb" Package)
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$folder/root" --exclude=./usr/share/doc --no-same-owner
        dpkg-deb -c "$deb" | awk '$1 ~ /^-/ { sub(/^\./, "", $6); print $6 }' >"$folder/debs/$package.files"
        rm "$deb"
    done
fi

# ELF files, by their first four bytes.
elf_files() {
    while IFS= read -r path; do
        [[ -f $path && ! -L $path && -r $path ]] || continue
        LC_ALL=C read -r -N 4 magic <"$path" 2>/dev/null || true
        [[ ${magic-} == $'\x7fELF' ]] && echo "$1 $path"
    done
    return 0
}
for package in "${wanted[@]}"; do
    if [[ -e $folder/debs/$package.files ]]; then
        sed "s|^|$folder/root|" "$folder/debs/$package.files" | elf_files "$package"
    elif [[ $(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null) == ii* ]]; then
        # A folder that became a link (/lib) names the same file.
        dpkg-query -L "$package" | elf_files "$package"
    fi
done 2>/dev/null >"$folder/list.new"
mv "$folder/list.new" "$folder/list"
for package in "${wanted[@]}"; do
    if awk -v package="$package" '$1 == package { found = 1; exit } END { exit !found }' "$folder/list"; then
        echo "ok - $package is here"
    else
        echo "ok - $package is here # SKIP it is neither installed nor could it be downloaded"
    fi
done
