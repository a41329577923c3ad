#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Linux kernel modules: the kernel's own ways to ask CPUID (boot_cpu_data, x86_match_cpu, cpu_has_xfeatures, alternatives, static
# keys) guard what comes after them; what they do not cover stays unsafe. The modules are made here, laid out as the kernel's
# build lays them out. All that rests on the kernel's headers is inferred.
. "$(dirname "$0")/lib.sh"
needs "${CC:-cc}" jq
cd "$work" || exit 1

# module NAME [RELEASE]: assembles stdin between what every module has
module() {
    { cat; cat <<ASM
    .section .modinfo, "a"
    .asciz "vermagic=${2:-6.1.0-test} SMP preempt mod_unload"
    .asciz "license=GPL"
    .section .gnu.linkonce.this_module, "aw"
    .quad init_module
ASM
    } | "${CC:-cc}" -c -x assembler - -o "$1.ko"
}
# What the kernel hands out to others: a structure in .data with a function that uses SSE4.2
body='
    .text
    .type update, @function
update:
    call __fentry__
    crc32q (%rsi), %rax
    jmp __x86_return_thunk
    .size update, . - update
    .data
    .type alg, @object
alg: .quad update, 0, 0
    .size alg, . - alg
    .text
'
start='
    .section .init.text, "ax"
    .globl init_module
    .type init_module, @function
init_module:
    call __fentry__
'
finish_init='
    mov $alg, %rdi
    jmp crypto_register
1:  mov $-19, %eax
    jmp __x86_return_thunk
    .size init_module, . - init_module
'
# A table of x86_cpu_id: vendor any, family, model and steppings any, the feature, and the end
table() {
    echo '    .section .rodata, "a"'
    echo 'table:'
    for feature; do echo "    .short 0xffff, 0, 0, 0, $feature, 0; .long 0; .quad 0"; done
    echo '    .zero 24'
}
sse42=$((4 * 32 + 20)) ssse3=$((4 * 32 + 9))

verdict() { # verdict NAME WANTED [CONFIDENCE]
    "$maskcheck" scan --no-cache --format json "$1.ko" >"$out" 2>"$err"
    said="scan $1.ko"
    local got
    got=$(jq -r '.files[0] | "\(.verdict) \(.confidence) \(.status) \(.kind)"' "$out")
    check "$1: $2 ($got)" test "$got" = "$2 ${3:-inferred} ok kernel-module"
}

{ echo "$body$start$finish_init"; } | module nothing
verdict nothing unguarded proved

# one of two features, where no CPU has the one without the other: guarded, with a warning
either() { # FIRST SECOND: bits of word 9 (7.ebx) and word 4 (1.ecx)
    echo "mov boot_cpu_data+0x4c(%rip), %eax; bt \$$1, %eax; jb 2f; mov boot_cpu_data+0x38(%rip), %eax; bt \$$2, %eax; jae 1f; 2:"
}
vector="${body/crc32q (%rsi), %rax/vaddps %ymm0, %ymm1, %ymm2}"
{ echo "$vector$start $(either 5 28) $finish_init"; } | module either # AVX2, AVX
verdict either guarded
run 1 scan --strict=conformance either.ko
out_has "MC011"
{ echo "$vector$start $(either 0 28) $finish_init"; } | module either_other # FSGSBASE, AVX
check "either_other is unsafe" bash -c '! "$1" scan --no-cache -q either_other.ko >/dev/null' - "$maskcheck"
{ echo "$vector$start $(either 5 20) $finish_init"; } | module either_less # AVX2, SSE4.2
check "either_less is unsafe" bash -c '! "$1" scan --no-cache -q either_less.ko >/dev/null' - "$maskcheck"
{ echo "${body/crc32q (%rsi), %rax/vpaddd %ymm0, %ymm1, %ymm2}$start $(either 5 28) $finish_init"; } | module either_more # AVX2 is used
check "either_more is unsafe" bash -c '! "$1" scan --no-cache -q either_more.ko >/dev/null' - "$maskcheck"

# a guest's call of its hypervisor works whatever CPUID says; what only a hypervisor runs does not
hypercall="${body/crc32q (%rsi), %rax/vmcall; vmmcall}"
{ echo "$hypercall$start$finish_init"; } | module hypercall
verdict hypercall clean proved
{ echo "${hypercall/vmcall;/vmxoff;}$start$finish_init"; } | module hypervisor
verdict hypervisor unguarded proved

match='mov $table, %rdi; call x86_match_cpu; test %rax, %rax; je 1f'
{ echo "$body"; table $sse42; echo "$start $match $finish_init"; } | module match
verdict match guarded
run 1 scan --strict=proof match.ko
run 0 explain match.ko update
out_has "x86_match_cpu"
{ echo "$body"; table $ssse3; echo "$start $match $finish_init"; } | module match_other
verdict match_other misguarded
{ echo "$body"; table $sse42 $ssse3; echo "$start $match $finish_init"; } | module match_either
verdict match_either misguarded # what both rows have in common
{ echo "$body"; table 0; echo "$start $match $finish_init"; } | module match_model # a model, no feature
verdict match_model unguarded proved
{ echo "$body"; table $sse42; echo "$start $match $finish_init"; } | module match_old 4.9.0
verdict match_old unguarded proved
# inverted: registered where the CPU was not found
{ echo "$body"; table $sse42; echo "$start ${match/je 1f/jne 1f} $finish_init"; } | module match_inverted
check "match_inverted is unsafe" bash -c '! "$1" scan --no-cache -q match_inverted.ko >/dev/null' - "$maskcheck"

# boot_cpu_data.x86_capability begins at 0x28 in Linux 6.1: word 4 is CPUID 1 ECX
{ echo "$body$start mov boot_cpu_data+0x38(%rip), %rax; bt \$20, %eax; jae 1f $finish_init"; } | module boot
verdict boot guarded
{ echo "$body$start testb \$0x10, boot_cpu_data+0x3a(%rip); je 1f $finish_init"; } | module boot_byte
verdict boot_byte guarded
{ echo "$body$start testb \$0x02, boot_cpu_data+0x39(%rip); je 1f $finish_init"; } | module boot_other
check "boot_other is unsafe" bash -c '! "$1" scan --no-cache -q boot_other.ko >/dev/null' - "$maskcheck"
{ echo "$body$start testb \$0x10, boot_cpu_data+0x3a(%rip); je 1f $finish_init"; } | module boot_release 5.10.0
check "boot_release: at that place another kernel has another word" bash -c '! "$1" scan --no-cache -q boot_release.ko >/dev/null' - "$maskcheck"
{ echo "$body$start testb \$0x10, boot_cpu_data+0x32(%rip); je 1f $finish_init"; } | module boot_510 5.10.0
verdict boot_510 guarded
{ echo "$body$start testb \$0x10, boot_cpu_data+0x3a(%rip); je 1f $finish_init"; } | module boot_unknown 3.10.0
verdict boot_unknown unguarded proved

# cleanup_module hands the structure out too, but only after init_module returned 0
cleanup='
    .section .exit.text, "ax"
    .globl cleanup_module
    .type cleanup_module, @function
cleanup_module:
    mov $alg, %rdi
    jmp crypto_unregister
    .size cleanup_module, . - cleanup_module
'
{ echo "$body"; table $sse42; echo "$start $match $finish_init $cleanup"; } | module cleanup
verdict cleanup guarded
{ echo "$body"; table $sse42; echo "$start ${match/je 1f/je 2f} $finish_init 2: xor %eax, %eax; jmp __x86_return_thunk; $cleanup"; } | module cleanup_loaded
check "cleanup_loaded: init_module returns 0 without the feature, too" bash -c '! "$1" scan --no-cache -q cleanup_loaded.ko >/dev/null' - "$maskcheck"

# only what EXPORT_SYMBOL names can be called from outside
{ echo "$body"; table $sse42; echo "$start $match $finish_init .text; .globl update"; } | module global
verdict global guarded
export='.globl update; .section __ksymtab_gpl, "a"; .long update - ., 0, 0;'
{ echo "$body"; table $ssse3; echo "$start $finish_init $export"; } | module exported
verdict exported unguarded proved
# a function that the kernel's own tables hand out
{ echo "$body"; table $sse42; echo "$start $match $finish_init .section __param, \"a\"; .quad update"; } | module parameter
check "parameter is unsafe" bash -c '! "$1" scan --no-cache -q parameter.ko >/dev/null' - "$maskcheck"

# AVX: the kernel's bit says that XCR0 has it, too
avx="${body/crc32q (%rsi), %rax/vpaddd %ymm0, %ymm1, %ymm2}"
{ echo "$avx$start mov boot_cpu_data+0x4c(%rip), %eax; bt \$5, %eax; jae 1f $finish_init"; } | module avx2
verdict avx2 guarded
"$maskcheck" scan --no-cache --strict=conformance avx2.ko >"$out" 2>&1
check "avx2: no complaint that XCR0 was not asked" test $? = 0
avx1="${body/crc32q (%rsi), %rax/vaddps %ymm0, %ymm1, %ymm2}"
{ echo "$avx1$start xor %esi, %esi; mov \$6, %edi; call cpu_has_xfeatures; test %eax, %eax; je 1f $finish_init"; } | module xfeatures
verdict xfeatures guarded
{ echo "$avx1$start xor %esi, %esi; mov \$2, %edi; call cpu_has_xfeatures; test %eax, %eax; je 1f $finish_init"; } | module xfeatures_sse
check "xfeatures_sse is unsafe" bash -c '! "$1" scan --no-cache -q xfeatures_sse.ko >/dev/null' - "$maskcheck"

# A function that answers in AL: what the register holds above it is no answer. usable LINES: of that function
usable() {
    cat <<ASM
    .text
    .type avx_usable, @function
avx_usable:
    call __fentry__
    xor %esi, %esi
    mov \$6, %edi
    call cpu_has_xfeatures
    mov %eax, %edx
    mov \$1, %al
    test %edx, %edx
    jne 1f
    xor %eax, %eax
1:  jmp __x86_return_thunk
    .size avx_usable, . - avx_usable
    .type usable, @function
usable:
    call __fentry__
$1
3:  jmp __x86_return_thunk
    .size usable, . - usable
$start
    call usable
    test %al, %al
    ${2:-je} 1f
$finish_init
ASM
}
both='call avx_usable; test %al, %al; je 3f; mov boot_cpu_data+0x48(%rip), %rax; shr $37, %rax; and $1, %al; je 3f
      mov boot_cpu_data+0x48(%rip), %rax; shr $40, %rax; and $1, %eax'
{ echo "$avx"; usable "$both"; } | module usable
verdict usable guarded
other=${both/shr \$37/shr \$32} # FSGSBASE and SMEP
{ echo "$avx"; usable "${other/shr \$40/shr \$39}"; } | module usable_other
check "usable_other (asks for another bit) is unsafe" bash -c '! "$1" scan --no-cache -q usable_other.ko >/dev/null' - "$maskcheck"
{ echo "$avx"; usable "$both" jne; } | module usable_inverted
check "usable_inverted is unsafe" bash -c '! "$1" scan --no-cache -q usable_inverted.ko >/dev/null' - "$maskcheck"
{ echo "$avx"; usable 'call avx_usable; test %al, %al; je 3f; mov $1, %eax'; } | module usable_avx
check "usable_avx (AVX alone) is unsafe" bash -c '! "$1" scan --no-cache -q usable_avx.ko >/dev/null' - "$maskcheck"
{ echo "$avx"; usable 'mov $0x100, %eax' jne; } | module usable_always
check "usable_always: AL is 0 whatever stands above it" bash -c '! "$1" scan --no-cache -q usable_always.ko >/dev/null' - "$maskcheck"

# alternatives: 12 bytes (5.13 and later), 14 (6.3), 13 (before)
alternative() { # alternative FEATURE LAYOUT
    local feature=$1 tail
    case $2 in
        12) tail=".short $feature; .byte 5, 5" ;;
        13) tail=".short $feature; .byte 5, 5, 0" ;;
        14) tail=".short $feature, ${3:-0}; .byte 5, 5" ;;
    esac
    cat <<ASM
    .text
    .globl weight
    .type weight, @function
weight:
    call __fentry__
2:  call __sw_hweight64
    jmp __x86_return_thunk
    .size weight, . - weight
    .section __ksymtab, "a"
    .long weight - ., 0, 0
    .section .altinstr_replacement, "ax"
3:  popcnt %rdi, %rax
    .section .altinstructions, "a"
    .long 2b - ., 3b - .
    $tail
$start
    xor %eax, %eax
    jmp __x86_return_thunk
    .size init_module, . - init_module
ASM
}
popcnt=$((4 * 32 + 23))
for layout in 12 13 14; do
    alternative $popcnt $layout | module "alternative_$layout"
    verdict "alternative_$layout" guarded
done
alternative $ssse3 12 | module alternative_other
check "alternative_other is unsafe" bash -c '! "$1" scan --no-cache -q alternative_other.ko >/dev/null' - "$maskcheck"
alternative $((popcnt | 0x8000)) 12 | module alternative_not
check "alternative_not (used where the CPU lacks it) is unsafe" bash -c '! "$1" scan --no-cache -q alternative_not.ko >/dev/null' - "$maskcheck"
alternative $popcnt 14 1 | module alternative_flag
check "alternative_flag (the same in 6.3) is unsafe" bash -c '! "$1" scan --no-cache -q alternative_flag.ko >/dev/null' - "$maskcheck"

# static keys: the code behind one that only init_module turns on, after a test
key() { # key INITIAL CALL: what stands before the call of static_key_enable
    cat <<ASM
    .text
    .globl arch
    .type arch, @function
arch:
    call __fentry__
4:  jmp 6f
5:  crc32q (%rsi), %rax
6:  jmp __x86_return_thunk
    .size arch, . - arch
    .section __ksymtab, "a"
    .long arch - ., 0, 0
    .section .data..ro_after_init, "aw"
    .type key, @object
key: .long $1, 0; .quad 0
    .size key, . - key
    .section __jump_table, "aw"
    .long 4b - ., 6b - .
    .quad key - . + 1
$start
    $2
    mov \$key, %rdi
    call static_key_enable
7:  xor %eax, %eax
    jmp __x86_return_thunk
    .size init_module, . - init_module
ASM
}
key 0 'testb $0x10, boot_cpu_data+0x3a(%rip); je 7f' | sed 's/^4:  jmp 6f/4:  .byte 0xe9; .long 6f - 5f/' | module key
verdict key guarded
key 0 '' | module key_unasked
check "key_unasked is unsafe" bash -c '! "$1" scan --no-cache -q key_unasked.ko >/dev/null' - "$maskcheck"
key 1 'testb $0x10, boot_cpu_data+0x3a(%rip); je 7f' | module key_on
check "key_on (on from the start) is unsafe" bash -c '! "$1" scan --no-cache -q key_on.ko >/dev/null' - "$maskcheck"
key 0 'testb $0x10, boot_cpu_data+0x3a(%rip); je 7f' | sed 's/key - . + 1/key - ./' | module key_turned
check "key_turned (the code runs where the key is off) is unsafe" bash -c '! "$1" scan --no-cache -q key_turned.ko >/dev/null' - "$maskcheck"

# static_cpu_has: its own test says where boot_cpu_data has its bits, whatever the release
cat >aux <<ASM
    .text
    .type other, @function
    .globl other
other:
8:  jmp 9f
10: mov \$1, %eax
11: jmp __x86_return_thunk
    .size other, . - other
    .section .altinstr_aux, "ax"
9:  testb \$2, boot_cpu_data+0x62(%rip)
    jne 10b
    jmp 11b
    .section .altinstr_replacement, "ax"
12: jmp 11b
    .section .altinstructions, "a"
    .long 8b - ., 12b - .
    .short $((4 * 32 + 17)); .byte 5, 5
ASM
sed -i "s/^8:  jmp 9f/8:  .byte 0xe9; .long 9f - 10f/" aux
# bit 17 is bit 1 of byte 18 of x86_capability, so this begins at 0x50: word 4 is at 0x60, and SSE4.2 bit 4 of byte 0x62
{ echo "$body"; cat aux; echo "$start testb \$0x10, boot_cpu_data+0x62(%rip); je 1f $finish_init"; } | module aux 9.9.0
verdict aux guarded

# tables of a layout that nobody knows are damage, not silence
{ echo "$body"; table $sse42; echo "$start $match $finish_init .section .altinstructions, \"a\"; .zero 11"; } | module strange
"$maskcheck" scan --no-cache strange.ko >"$out" 2>"$err"
said="scan strange.ko"
out_has ".altinstructions is of a layout that is not known"
out_has "partial"

# compressed modules are modules
gzip -c match.ko >match.ko.gz
run 0 scan --no-cache match.ko.gz
out_has "match.ko.gz: guarded (inferred)"
for tool in xz zstd; do
    if type -P "$tool" >/dev/null; then
        "$tool" -q -c match.ko >"match.ko.$tool"
        run 0 scan --no-cache "match.ko.$tool"
        out_has "match.ko.$tool: guarded"
    else
        echo "ok - a module compressed with $tool # SKIP $tool is not installed"
    fi
done

# cut short and changed: no crash
if type -P python3 >/dev/null; then
    check "no change of a byte crashes the scan" python3 - "$maskcheck" <<'PY'
import random, subprocess, sys
random.seed(3)
for name in ["alternative_14.ko", "key.ko", "aux.ko", "match.ko"]:
    data = open(name, "rb").read()
    for i in range(60):
        copy = bytearray(data)
        for k in range(3):
            copy[random.randrange(len(copy))] = random.randrange(256)
        open("fuzzed.ko", "wb").write(copy[:random.choice([len(copy), random.randrange(len(copy))])])
        if subprocess.run([sys.argv[1], "scan", "--no-cache", "fuzzed.ko"], capture_output=True).returncode not in (0, 1, 2, 3):
            sys.exit("crashed on a change of " + name)
PY
fi
finish
