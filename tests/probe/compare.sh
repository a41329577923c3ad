# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts here. Holds what maskcheck reports against the registers that Debian's cpuid(1) prints: for every
# feature of the catalogue the bit must be the same. cpuid(1) is the second source for what CPUID says; the places of the bits
# come from isa/features.def, which tests/catalogue checks against QEMU and GCC.
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

need() {
    for tool; do
        command -v "$tool" >/dev/null || { echo "SKIP: $tool is not installed"; exit 77; }
    done
}

fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

# name kernel-flag leaf subleaf register bit level os, "-" for an empty flag; one feature a line
awk -F', ' '/^MC_FEATURE\(/ {
    gsub(/"/, "", $2); gsub(/"/, "", $4)
    print $2, ($4 == "" ? "-" : $4), tolower($6), $7, $8, $9, $11, $10
}' "$here/../../isa/features.def" >"$work/features"
[ "$(wc -l <"$work/features")" -gt 200 ] || { echo "FAIL: cannot read isa/features.def"; exit 1; }

# compare_registers RAW REPORT CPU WHAT: RAW is `cpuid -r -1`, REPORT a probe report; prints each difference
compare_registers() {
    jq -r --argjson cpu "$3" '.cpus[] | select(.cpu == $cpu) | .features[] | [.name, .reported] | @tsv' "$2" >"$work/reported"
    awk -v what="$4" '
        function number(text,    i, value) {
            value = 0
            sub(/^0x/, "", text)
            for (i = 1; i <= length(text); i++)
                value = value * 16 + index("0123456789abcdef", tolower(substr(text, i, 1))) - 1
            return value
        }
        # Leaves stay text of eight digits: mawk turns large numbers into 2.14748e+09 as subscripts.
        function pad(text) {
            sub(/^0x/, "", text)
            return substr("00000000" tolower(text), length(text) + 1)
        }
        FILENAME == ARGV[1] && /^ *0x/ { # 0x00000001 0x00: eax=0x... ebx=0x... ecx=0x... edx=0x...
            sub(/:/, "", $2)
            for (i = 3; i <= 6; i++)
                raw[pad($1), number($2), toupper(substr($i, 1, 3))] = pad(substr($i, 5))
            next
        }
        FILENAME == ARGV[2] { reported[$1] = $2; next }
        FILENAME == ARGV[3] {
            leaf = pad($3)
            base = substr(leaf, 1, 4) "0000"
            valid = ("x" leaf) <= ("x" raw[base, 0, "EAX"])
            if (base == "c0000000" && raw["00000000", 0, "EBX"] != "746e6543") # only Centaur has these leaves
                valid = 0
            if ($4 > 0 && leaf ~ /^000000(07|14|1e|24)$/)
                valid = valid && $4 <= number(raw[leaf, 0, "EAX"])
            expected = valid && int(number(raw[leaf, $4 + 0, $5]) / 2 ^ $6) % 2 ? "true" : "false"
            compared++
            if (reported[$1] != expected) {
                printf "%s: %s: cpuid(1) says %s, maskcheck says %s\n", what, $1, expected, reported[$1]
                bad = 1
            }
        }
        END { if (compared < 200) { print what ": only " compared + 0 " features compared"; bad = 1 }; exit bad }
    ' "$1" "$work/reported" "$work/features"
}
