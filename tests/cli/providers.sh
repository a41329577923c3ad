#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A library asks CPUID, the program asks the library: by a function's result, by an exported word (through the GOT and as a copy), and
# by a word behind a pointer that it returns. The right bit guards; another bit, a library without CPUID, or none at all does not.
. "$(dirname "$0")/lib.sh"
needs jq "${CC:-cc}"
cc=${CC:-cc}

# A library NAME whose cpu_word holds bit BIT of CPUID 1.ecx, or always LEVEL when BIT is "none".
library() { # NAME BIT
    cat >"$work/$1.c" <<END
#include <cpuid.h>
struct cpu { unsigned model, word; };
unsigned cpu_word;
static struct cpu cpu;
extern int chance;
int chance;
__attribute__((constructor)) static void detect(void)
{
    unsigned a, b, c = 0, d;
    if ("$2"[0] == 'n')
        c = chance;
    else
        __get_cpuid(1, &a, &b, &c, &d);
    cpu_word = c >> (${2/none/19}) & 1;
    cpu.word = c;
}
unsigned cpu_has(void) { return cpu_word; }
const struct cpu *cpu_get(void) { return &cpu; }
END
    "$cc" -O2 -shared -fPIC -o "$work/lib$1.so" "$work/$1.c"
}
# A program NAME that runs PMULLD when CONDITION holds.
program_c() { # NAME CONDITION LIBRARY FLAGS...
    local name=$1 condition=$2 library=$3
    shift 3
    cat >"$work/$name.c" <<END
struct cpu { unsigned model, word; };
extern unsigned cpu_word;
unsigned cpu_has(void);
const struct cpu *cpu_get(void);
__attribute__((noinline)) static void kernel(void) { __asm__ volatile("pmulld %xmm1, %xmm0"); }
int main(void)
{
    if ($condition)
        kernel();
    return 0;
}
END
    "$cc" -O2 "$@" -o "$work/$name" "$work/$name.c" -L"$work" -l"$library" -Wl,-rpath,"$work"
}
verdict() { # STATUS PROGRAM VERDICT
    run "$1" scan --no-cache --all-uses --format json "$2"
    check "$(basename "$2"): $3" test "$(jq -r '[.files[0].uses[] | select(.instruction | startswith("pmulld")).verdict] | unique | join(",")' "$out")" = "$3"
}

library right 19
library wrong 9
library blind none

# Word of an option, else CPUID's; CPUID stands in assembly without unwind data, and no symbol tells where.
cat >"$work/hidden.c" <<'END'
__asm__(".text\n.p2align 4\nask_ecx: push %rbx\n mov $1, %eax\n xor %ecx, %ecx\n cpuid\n mov %ecx, %eax\n pop %rbx\n ret\n .p2align 4");
static int word = -1;
int cpu_has(void);
void cpu_force(int forced);
__attribute__((noinline, visibility("hidden"))) int detect(void)
{
    unsigned ecx;
    __asm__ volatile("call ask_ecx" : "=a"(ecx) : : "rcx", "rdx", "memory");
    return (ecx & 1u << 19) != 0 ? 4 : 0;
}
int cpu_has(void)
{
    int known = __atomic_load_n(&word, __ATOMIC_RELAXED);
    if (known == -1) {
        known = detect();
        __atomic_store_n(&word, known, __ATOMIC_RELAXED);
    }
    return known;
}
void cpu_force(int forced) { __atomic_store_n(&word, forced, __ATOMIC_RELAXED); }
END
"$cc" -O2 -s -shared -fPIC -o "$work/libhidden.so" "$work/hidden.c"
program_c result 'cpu_has()' right
program_c object 'cpu_word' right -fPIE -pie
program_c copied 'cpu_word' right -fno-pie -no-pie
program_c pointer 'cpu_get()->word & 1 << 19' right
program_c other_bit 'cpu_get()->word & 1 << 9' right
program_c inverted '!cpu_has()' right
program_c wrong 'cpu_has()' wrong
program_c blind 'cpu_has()' blind
program_c stripped 'cpu_has()' right -s
program_c hidden 'cpu_has() & 4' hidden
program_c hidden_bit 'cpu_has() & 2' hidden

verdict 0 "$work/result" guarded
verdict 0 "$work/object" guarded
verdict 0 "$work/copied" guarded
verdict 0 "$work/pointer" guarded
verdict 0 "$work/stripped" guarded
verdict 0 "$work/hidden" guarded
verdict 1 "$work/hidden_bit" unguarded
verdict 1 "$work/other_bit" misguarded
verdict 1 "$work/inverted" unguarded # it is 0, too, before anybody asked
verdict 1 "$work/wrong" misguarded
verdict 1 "$work/blind" unguarded

# what it rests on is told
run 0 explain "$work/result" kernel
out_has "sse4.1 is CPUID leaf 0x1, subleaf 0, ecx bit 19"
out_has "libright.so"

# the same below --root; without the library nothing is known
mkdir -p "$work/root/usr/bin" "$work/root/usr/lib"
cp "$work/result" "$work/root/usr/bin/"
run 1 scan --no-cache --root "$work/root" /usr/bin/result
mkdir -p "$work/root$work"
cp "$work/libright.so" "$work/root$work/"
run 0 scan --no-cache --root "$work/root" /usr/bin/result

# within a package or image its own libraries answer, wherever they stand in it; this system's never do
member() { # STATUS ARCHIVE VERDICT
    run "$1" scan --no-cache --all-uses --format json "$work/$2"
    check "$2: $3" test "$(jq -r '[.files[].uses[] | select(.instruction | startswith("pmulld")).verdict] | unique | join(",")' "$out")" = "$3"
}
tree() { # NAME FILE...: "from:to" puts the file `from` there
    local name=$1 file
    shift
    rm -rf "$work/tree" && mkdir "$work/tree"
    for file; do
        mkdir -p "$(dirname "$work/tree/${file#*:}")"
        cp "$work/${file%%:*}" "$work/tree/${file#*:}"
    done
    (cd "$work/tree" && tar --sort=name -cf "$work/$name" ./*)
}
tree in_tar.tar result:usr/bin/result libright.so:usr/lib/libright.so
member 0 in_tar.tar guarded
tree before.tar libright.so:aaa/lib/libright.so result:aaa/lib/result
member 0 before.tar guarded
gzip -k "$work/in_tar.tar"
member 0 in_tar.tar.gz guarded
run 0 explain "$work/in_tar.tar.gz!usr/bin/result" kernel
out_has "in_tar.tar.gz!usr/lib/libright.so"
tree alone.tar result:usr/bin/result
member 1 alone.tar unguarded
tree other_bits.tar result:usr/bin/result libwrong.so:usr/lib/libright.so
member 1 other_bits.tar misguarded
tree blind.tar result:usr/bin/result libblind.so:usr/lib/libright.so
member 1 blind.tar unguarded
# of several the nearest one; two that are as near say nothing
tree near.tar result:opt/a/result libright.so:opt/a/libright.so libblind.so:usr/lib/libright.so
member 0 near.tar guarded
tree far.tar result:opt/a/result libblind.so:opt/a/libright.so libright.so:usr/lib/libright.so
member 1 far.tar unguarded
tree default.tar result:usr/bin/result libright.so:usr/lib/x86_64-linux-gnu/libright.so libblind.so:opt/b/libright.so
member 0 default.tar guarded
tree doubtful.tar result:usr/bin/result libright.so:opt/b/libright.so libblind.so:opt/c/libright.so
member 1 doubtful.tar unguarded
# an image: program and library in different layers, and a later layer that replaces the library
image() { # NAME LAYER...
    local name=$1 layer layers=
    shift
    rm -rf "$work/image" && mkdir "$work/image"
    for layer; do
        cp "$work/$layer" "$work/image/$layer"
        layers+=",\"$layer\""
    done
    echo '{}' >"$work/image/config.json"
    echo "[{\"Config\":\"config.json\",\"RepoTags\":null,\"Layers\":[${layers#,}]}]" >"$work/image/manifest.json"
    (cd "$work/image" && tar -cf "$work/$name" manifest.json config.json "$@")
}
tree program.tar result:usr/bin/result
tree right.tar libright.so:usr/lib/libright.so
tree blind.tar libblind.so:usr/lib/libright.so
image image.tar right.tar program.tar
member 0 image.tar guarded
gzip -k "$work/image.tar"
member 0 image.tar.gz guarded
tar -C "$work" -cf "$work/outer.tar" image.tar.gz
member 0 outer.tar guarded
member 0 image guarded # the folder
image replaced.tar right.tar program.tar blind.tar
member 1 replaced.tar unguarded

# a kept result is judged anew when the library changes
export XDG_CACHE_HOME=$work/cache
run 0 scan "$work/result"
sleep 3
run 0 scan "$work/result"
run 0 scan "$work/result"
cp "$work/libblind.so" "$work/libright.so"
run 1 scan "$work/result"
finish
