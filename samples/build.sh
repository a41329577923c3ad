#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the programs of samples.txt: samples/build.sh OUTPUT-FOLDER
#
# Configurations: compiler (gcc, clang) x level (O0, O2) x bits (64, 32) x link (pie, nopie, static) x symbols (full,
# stripped). Without MASKCHECK_ALL=1 each sample gets a pairwise selection: every pair of values of two of these occurs.
# With it each gets all of them that are not static, and a pairwise selection of the others with O1, O3, Os and lto (O2 -flto).
# MASKCHECK_SEED=N chooses another selection; the seed is printed. Sources in Rust and Go (with its assembler, FILE_amd64.s
# beside the first, FILE.go) are built by rustc and go, those for NASM by nasm, where they are installed.
#
# OUTPUT-FOLDER/list then has one line per program: NAME CONFIGURATION PATH, and OUTPUT-FOLDER/absent what this machine
# cannot build. The stripped copy of X is X-stripped; X.map is the linker's map.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

rows() { grep -v '^#' "$here/samples.txt"; }

# build_other OUTPUT SOURCES COMPILER LEVEL: a program that is not of C: one source in Rust with flags, or several in Go.
build_other() {
    local output=$1 parts sources
    IFS=: read -ra parts <<<"$2"
    IFS=+ read -ra sources <<<"$2"
    if [[ $3 == rustc ]]; then
        rustc -C "opt-level=${4#O}" -C target-cpu=x86-64 "${parts[@]:1}" "$here/${parts[0]}" -o "$output" || return 1
    else
        rm -rf "$output.o" && mkdir -p "$output.o" && cp "${sources[@]/#/$here/}" "$here/${sources[0]%.go}_amd64.s" "$output.o/" || return 1
        (cd "$output.o" && GO111MODULE=off GOFLAGS= GOCACHE=$output.o/cache GOPATH=$output.o/path go build -o "$output" .) || return 1
        chmod -R u+w "$output.o" && rm -rf "$output.o"
    fi
    strip -o "$output-stripped" "$output"
}

# build_one FOLDER NAME SOURCES COMPILER-LEVEL-BITS-LINK: compiles and links one program, and its stripped copy.
build_one() {
    local output=$1/$2/$4 name=$2 compiler level bits link
    local -a machine objects=() flags=() link_flags=() parts sources
    IFS=- read -r compiler level bits link <<<"$4"
    machine=("-m$bits")
    [[ $output-stripped -nt $MASKCHECK_NEWEST_SOURCE ]] && return 0
    mkdir -p "$output.o"
    if [[ $compiler == rustc || $compiler == go ]]; then
        build_other "$output" "$3" "$compiler" "$level"
        return
    fi
    # i386 compilers start at a CPU without SSE; the baseline x86-64-v1 has SSE2.
    [[ $bits == 64 ]] || machine+=(-msse2)
    case $link in
        pie)
            # With -fPIE clang calls an IFUNC of i386 in a way that ld refuses.
            [[ $bits == 64 ]] && flags=(-fPIE) || flags=(-fPIC)
            link_flags=(-pie)
            ;;
        nopie) flags=(-fno-pie) link_flags=(-no-pie) ;;
        static) flags=(-fno-pie) link_flags=(-static) ;;
    esac
    local -a optimise=("-$level")
    [[ $level != lto ]] || optimise=(-O2 -flto)
    IFS=+ read -ra sources <<<"$3"
    for source in "${sources[@]}"; do
        IFS=: read -ra parts <<<"$source"
        if [[ -z ${parts[0]} ]]; then
            link_flags+=("${parts[@]:1}")
            continue
        fi
        local object=$output.o/${parts[0]}.o
        if [[ ${parts[0]} == *.asm ]]; then
            nasm -f "elf$bits" "${parts[@]:1}" -o "$object" "$here/${parts[0]}" || return 1
            objects+=("$object")
            continue
        fi
        "$compiler" "${machine[@]}" "${optimise[@]}" -Wall -Wextra "${flags[@]}" "${parts[@]:1}" -c "$here/${parts[0]}" \
            -o "$object" || return 1
        objects+=("$object")
    done
    [[ $level == lto ]] && link_flags+=("${optimise[@]}")
    "$compiler" "${machine[@]}" "${link_flags[@]}" -Wl,-Map="$output.map" "${objects[@]}" -o "$output" || return 1
    strip -o "$output-stripped" "$output"
}
if [[ ${1-} == --one ]]; then
    shift
    build_one "$@" || { echo "sample $2 ($4) could not be built" >&2; exit 1; }
    exit 0
fi

folder=${1:?usage: samples/build.sh OUTPUT-FOLDER}
seed=${MASKCHECK_SEED:-1}
MASKCHECK_NEWEST_SOURCE=$(find "$here" -name '*.[chSs]' -printf '%T@ %p\n' -o -name '*.cpp' -printf '%T@ %p\n' -o -name '*.rs' -printf '%T@ %p\n' -o -name '*.go' -printf '%T@ %p\n' -o -name '*.asm' -printf '%T@ %p\n' -o -name build.sh -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2-)
export MASKCHECK_NEWEST_SOURCE
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
: >"$folder/absent"

# can COMPILER BITS: does it build and link a program here?
can() {
    echo 'int main(void) { return 0; }' >"$folder/try.c"
    "$1" "-m$2" -static "$folder/try.c" -o "$folder/try" 2>/dev/null && "$1" "-m$2" "$folder/try.c" -o "$folder/try" 2>/dev/null
}
tools=
for compiler in gcc clang; do
    for bits in 64 32; do
        if can "$compiler" "$bits"; then
            tools+=" $compiler-$bits"
        else
            echo "programs of $compiler -m$bits: $(type -P "$compiler" >/dev/null && echo "gcc-multilib" || echo "$compiler") is not installed" \
                >>"$folder/absent"
        fi
    done
done

for compiler in gcc clang; do
    "$compiler" -O2 -flto "$folder/try.c" -o "$folder/try" 2>/dev/null && tools+=" $compiler-lto"
done
for compiler in rustc go; do
    if [[ $(uname -m) == x86_64 ]] && type -P "$compiler" >/dev/null; then
        tools+=" $compiler-64"
    else
        echo "programs of $compiler: it is not installed" >>"$folder/absent"
    fi
done
missing=()
if ! type -P nasm >/dev/null; then
    echo "programs with parts for NASM: it is not installed" >>"$folder/absent"
    missing=(-e '\.asm')
fi

if [[ ${MASKCHECK_ALL-} == 1 ]]; then
    echo "samples: full matrix"
else
    echo "samples: pairwise selection, seed $seed (MASKCHECK_SEED)"
fi
rows | grep -v "${missing[@]:--e^$}" | awk -v tools="$tools" -v seed="$seed" -v all="${MASKCHECK_ALL-}" -v folder="$folder" -f "$here/select.awk" >"$folder/list"
[[ -s $folder/list ]] || { echo "samples: nothing can be built here" >&2; exit 1; }
# Each program once; the stripped copy comes with it.
awk '{ sub(/-(full|stripped)$/, "", $2); print $1, $2 }' "$folder/list" | sort -u |
    awk 'NR == FNR { sources[$1] = $2; next } { print $1, sources[$1], $2 }' <(rows) - |
    xargs -P "$(nproc)" -L 1 bash "$here/build.sh" --one "$folder"
