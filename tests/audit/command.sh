#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# audit end to end: a recorded CPUID (Penryn: SSSE3 and SSE4.1, no SSE4.2), programs made here, and processes of a fake
# /proc.
# command.sh MASKCHECK FOLDER-OF-DUMPS
dumps=$(cd "${2:?usage: command.sh MASKCHECK FOLDER-OF-DUMPS}" && pwd)
. "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
needs jq
make_programs
penryn=$dumps/instlat-penryn.txt
clean=$work/clean unguarded=$work/unguarded

# A library with PCMPGTQ (SSE4.2) in an exported function, and programs that load it.
cat >"$work/lib.s" <<'ASM'
    .globl compare
    .type compare, @function
compare:
    .cfi_startproc
    pcmpgtq %xmm1, %xmm0
    ret
    .cfi_endproc
    .size compare, . - compare
    .section .note.GNU-stack,"",@progbits
ASM
cat >"$work/caller.s" <<'ASM'
    .globl _start
    .type _start, @function
_start:
    .cfi_startproc
    call compare@plt
    mov $60, %eax
    xor %edi, %edi
    syscall
    .cfi_endproc
    .size _start, . - _start
    .section .note.GNU-stack,"",@progbits
ASM
mkdir "$work/lib"
cc=${CC:-cc}
"$cc" -nostdlib -shared -Wl,-soname,libcompare.so.1 "$work/lib.s" -o "$work/lib/libcompare.so.1" || exit 1
# Without an interpreter, so that only what is made here is loaded.
for name in caller caller2; do
    "$cc" -nostdlib -no-pie -Wl,--no-dynamic-linker -Wl,-rpath,"$work/lib" "$work/caller.s" \
        "$work/lib/libcompare.so.1" -o "$work/$name" || exit 1
done
"$cc" -nostdlib -no-pie -Wl,--no-dynamic-linker "$work/caller.s" "$work/lib/libcompare.so.1" -o "$work/lost" || exit 1
sed 's/call compare@plt/nop/' "$work/caller.s" >"$work/loader.s"
"$cc" -nostdlib -no-pie -Wl,--no-dynamic-linker,--no-as-needed -Wl,-rpath,"$work/lib" "$work/loader.s" \
    "$work/lib/libcompare.so.1" -o "$work/loader" || exit 1

# process PID NAME UNIT FILE...: the first file is its program
proc=$work/proc
mkdir "$proc"
process() {
    local pid=$1 name=$2 unit=$3 file at=4194304
    shift 3
    mkdir "$proc/$pid"
    echo "$name" >"$proc/$pid/comm"
    echo "0::/system.slice/$unit" >"$proc/$pid/cgroup"
    echo "$pid ($name) S 1 1 1 0 -1 4194560 0" >"$proc/$pid/stat"
    ln -s "$1" "$proc/$pid/exe"
    for file; do
        printf '%x-%x r-xp 00001000 fd:00 %s %s\n' $at $((at + 4096)) "$(stat -c %i "$file")" "$file"
        at=$((at + 8192))
    done >"$proc/$pid/maps"
}
reasons() { jq -r '.reasons[] | "\(.kind): \(.text)"' "$out"; }
ask() { # ask STATUS ARGUMENT...: audit on the recorded CPU; where text is broken into lines does not matter
    local wanted=$1
    shift
    run "$wanted" audit --cpuid "$penryn" "$@"
    [[ $* == *json* ]] || sed -i -z 's/[ \n]\+/ /g' "$out"
}
value() { # value JQ-EXPRESSION EXPECTED
    local got
    got=$(jq -r "$1" "$out" 2>&1)
    if [[ $got == "$2" ]]; then pass "$said: $1 is $2"; else fail "$said: $1: expected '$2', got '$got'"; fi
}

# --- usage
run 2 audit --baseline no-such-baseline "$clean"
run 2 audit --format yaml "$clean"
err_has "known: text, json"
run 2 audit -j 0 "$clean"
run 2 audit --nonsense
run 2 audit --try "$clean"
err_has "--try needs --cpuid"
run 2 audit --cpuid "$work/none" "$clean"
run 2 audit --baseline intel-pernyn "$clean"
err_has "intel-penryn"
run 2 audit --cpuid "$penryn" --running --proc "$work/none"
run 2 audit --cpuid "$penryn" -o "$work/none/report" "$clean"
run 0 audit --help
out_has "Exit status:"

# --- the VM itself
ask 0 --baseline intel-penryn "$clean"
out_has "READY: this VM may move to hosts that have intel-penryn"
ask 1 --baseline intel-merom "$clean"
out_has "NOT READY: CPUID reports"
out_has "Power the VM off"
ask 1 --baseline intel-merom --format json "$clean"
value .schema maskcheck/audit/1
value .answer not-ready
value '.reasons | length' 1
value '.reasons[0].kind' vm-outside-baseline
value .enough.intel intel-penryn
value '.baseline.name + " " + (.baseline.default | tostring)' "intel-merom false"
ask 0 --baseline "$penryn" "$clean"
# The rule of compare: bits without a name, state components, sizes, and what only a kernel uses.
sed -e 's/^CPUID 00000005: \(.*\)-00000003-/CPUID 00000005: \1-00000001-/; s/^CPUID 80000008: 00003024/CPUID 80000008: 00003020/' \
    -e 's/^CPUID 80000001: \(.*\)-00000001-/CPUID 80000001: \1-00000001-/' "$penryn" >"$work/lesser.txt"
sed 's/^CPUID 80000001: \(.*\)-00000001-/CPUID 80000001: \1-80000001-/' "$penryn" >"$work/greater.txt"
ask 1 --baseline "$work/lesser.txt" "$clean"
out_has "NOT READY: CPUID reports 2 features that lesser.txt lacks"
out_has "kernels use 5.ecx[1] physical-address-width(36,there:32)"
ask 1 --baseline "$work/lesser.txt" --format json "$clean"
value '[.probe.missing[] | "\(.feature) \(.used_by)"] | join(", ")' "5.ecx[1] kernel, physical-address-width kernel"
value '.reasons[0].text | endswith("5.ecx[1] physical-address-width(36,there:32)")' true
run 1 audit --cpuid "$work/greater.txt" --baseline "$penryn" "$clean"
out_has "80000001.ecx[31]"
ask 0 --baseline "$work/greater.txt" "$clean"
# What the baseline says nothing of is told, and no reason.
ask 0 --baseline intel-penryn "$clean"
out_has "of which the baseline says nothing"
ask 0 --baseline intel-penryn --verbose "$clean"
out_has "not compared dtes64"
# Another vendor, whatever it has.
ask 1 --baseline amd-zen4 "$clean"
out_has "NOT READY: its CPU is of Intel, and amd-zen4 of AMD"
ask 1 --baseline amd-zen4 --format json "$clean"
value '[.reasons[].kind] | join(" ")' vm-outside-baseline
ask 0 --baseline amd-zen4,+monitor --cross-vendor "$clean"
cat "$penryn" "$dumps/instlat-k8.txt" >"$work/two-machines.txt"
ask 2 --baseline "$work/two-machines.txt" "$clean"
err_has "expected the CPUs of one machine"

# --- programs at rest
ask 0 --baseline intel-penryn "$unguarded" # PSHUFB is SSSE3: within
ask 1 --baseline intel-penryn "$work/caller" "$work/caller2" "$clean"
out_has "READY WITHOUT 2 programs (0 running)"
out_has "$work/lib/libcompare.so.1"
out_has "pcmpgtq xmm0, xmm1 at compare"
out_has "in the way of 2 programs: $work/caller, $work/caller2"
out_has "x86-64-v2, intel-nehalem"
ask 1 --baseline intel-penryn --format json "$work/caller" "$work/caller2" "$clean"
value .answer ready-without
value '[.programs[].verdict] | join(" ")' "unguarded unguarded clean"
value '[.programs[].path] | join(" ")' "$work/caller $work/caller2 $clean"
value '[.reasons[].kind] | join(" ")' "masked-use masked-use"
value '.scan.schema + " " + .probe.schema' "maskcheck/scan/1 maskcheck/probe/1"
value '[.scan.files[] | select(.path | endswith("libcompare.so.1"))] | length' 1
value 'keys_unsorted | join(" ")' "schema tool baseline answer reasons enough processes programs not_reached probe scan"
value '.processes | length' 0
ask 1 --baseline intel-penryn "$work/lib" # a library alone
out_has "loaded by no program"
ask 0 --baseline intel-nehalem,+monitor "$work/caller"

# --- what could not be seen
ask 3 --baseline intel-penryn "$work/none" "$clean"
out_has "READY, as far as seen"
out_has "Not seen"
ask 3 --baseline intel-penryn "$work/lost"
out_has "need a library that the loader would not find"
ask 1 --baseline intel-penryn "$work/none" "$work/caller" # unsafe wins

# --- running programs
process 30 caller web.service "$work/caller" "$work/lib/libcompare.so.1"
process 4 caller web.service "$work/caller" "$work/lib/libcompare.so.1"
process 21 clean idle.service "$clean"
mkdir "$proc/99" # ended meanwhile
ask 1 --baseline intel-penryn --running --proc "$proc"
out_has "Running now: the move breaks these"
out_has "pids 4, 30 (web.service)"
out_has "stop web.service"
out_lacks "Not running now"
ask 1 --baseline intel-penryn --running --proc "$proc" --format json
value '[.processes[] | "\(.pid) \(.name) \(.unit) \(.verdict) \(.files | length)"] | join(", ")' \
    "4 caller web.service unguarded 2, 21 clean idle.service clean 1, 30 caller web.service unguarded 2"
value '[.programs[].path] | join(" ")' "$work/caller $clean"
value '.scan.files | length' 3
check "$said: the reason names pids, unit, library, feature, baseline and step" \
    grep -q "pids 4, 30 (web.service): libcompare.so.1: unguarded sse4.2.*stop web.service.*intel-nehalem" <(reasons)
ask 1 --baseline intel-penryn --running --proc "$proc" "$work/caller2"
out_has "READY WITHOUT 2 programs (1 running)"
# A plugin that no DT_NEEDED names.
process 50 host host.service "$clean" "$work/lib/libcompare.so.1"
ask 1 --baseline intel-penryn --running --proc "$proc" --format json
value '.programs[] | select(.path | endswith("/clean")) | .verdict' unguarded
value '.processes[] | select(.pid == 21) | .verdict' clean
# Generated code; a file that is gone.
rm -r "$proc/50" "$proc/30" "$proc/4"
ask 0 --baseline intel-penryn --running --proc "$proc"
echo "7f0000000000-7f0000001000 rwxp 00000000 00:00 0 " >>"$proc/21/maps"
ask 3 --baseline intel-penryn --running --proc "$proc" --format json
value '[.reasons[].kind] | join(" ")' generated-code
process 60 gone gone.service "$clean"
echo "600000-601000 r-xp 00000000 fd:00 999999999 $work/gone.so (deleted)" >>"$proc/60/maps"
ask 3 --baseline intel-penryn --running --proc "$proc"
out_has "cannot be read any more"
rm -r "$proc/60"
# A container: files and packages are those of the process's root, not of this system.
mkdir -p "$proc/70/root/usr/bin" "$proc/70/root/var/lib/dpkg/info"
cp "$clean" "$proc/70/root/usr/bin/env"
echo /usr/bin/env >"$proc/70/root/var/lib/dpkg/info/of-the-container.list"
echo web >"$proc/70/comm"
echo "0::/lxc.payload.web/system.slice/web.service" >"$proc/70/cgroup"
echo "70 (web) S 1 1 1 0 -1 4194560 0" >"$proc/70/stat"
ln -s /usr/bin/env "$proc/70/exe"
echo "400000-401000 r-xp 00001000 fd:00 $(stat -c %i "$proc/70/root/usr/bin/env") /usr/bin/env" >"$proc/70/maps"
ask 3 --baseline intel-penryn --running --proc "$proc" --format json
value '.processes[] | select(.pid == 70) | "\(.exe) \(.unit) \(.container)"' "/usr/bin/env web.service web"
value '.scan.files[] | select(.path | endswith("/70/root/usr/bin/env")) | .package' of-the-container
rm -r "$proc/70"
process 1 init init.scope "$work/caller" "$work/lib/libcompare.so.1"
ask 1 --baseline intel-penryn --running --proc "$proc"
out_has "NOT READY: process 1"

# --- the open question
ask 0 "$clean"
out_has "every host that has at least what CPUID reports here"
out_has "intel-penryn; not intel-merom: CPUID reports"
ask 0 --format json "$clean"
value .enough.intel intel-penryn
value .enough.amd null
value .baseline.default true
ask 1 --format json "$work/caller"
value .answer ready-without
value .enough.intel intel-nehalem
check "$said: says what stands in the way of the next lower one" \
    grep -q "intel-penryn is out of reach: 1 program" <(reasons)

# --- a library's function that a program does not import
ask 0 --baseline intel-penryn "$work/loader"
out_has "unguarded sse4.2, 1 use, reached only through compare, which nothing that loads it here imports"
ask 0 --baseline intel-penryn --format json "$work/loader"
value '.not_reached[0].only_through[0]' compare
value '.programs[0].verdict' guarded
ask 1 --baseline intel-penryn "$work/loader" "$work/caller"
out_has "in the way of 1 program: $work/caller"

# --- output
ask 0 --baseline intel-penryn -o "$work/report" "$clean"
check "-o leaves stdout empty" test ! -s "$out"
check "-o writes the report" grep -q READY "$work/report"
ask 1 --baseline intel-penryn --verbose "$work/caller" "$clean"
out_has "$clean: clean"
odd=$work/$'odd\n\xffname'
cp "$work/caller" "$odd"
ask 1 --baseline intel-penryn "$odd"
out_has 'odd\x0a\xffname'
ask 1 --baseline intel-penryn --format json "$odd"
check "an odd name leaves the JSON valid" jq -e . "$out"
ask 1 --baseline intel-penryn -j 1 --format json "$work/caller" "$work/caller2" "$clean"
jq 'del(.command, .scan.command, .scan.summary.seconds, .scan.generated, .probe)' "$out" >"$work/one"
ask 1 --baseline intel-penryn -j 4 --format json "$work/caller" "$work/caller2" "$clean"
jq 'del(.command, .scan.command, .scan.summary.seconds, .scan.generated, .probe)' "$out" >"$work/four"
check "the same answer whatever -j" cmp -s "$work/one" "$work/four"

# --- this machine: reads only, one answer
"$maskcheck" audit --format json "$clean" >"$out" 2>"$err"
status=$?
said="maskcheck audit on this machine"
check "$said: ends with an answer" test $status -eq 0 -o $status -eq 3
value .answer ready
finish
