/* SPDX-License-Identifier: Apache-2.0 */
/* Dumps: what each format says of a CPU, and how a bad one is refused. */
#include "probe/dump.h"
#include "probe/kernel_view.h"
#include "probe/machine.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *load(const char *name, size_t *ret_size)
{
    char path[512];
    struct mc_error error = {0};
    snprintf(path, sizeof path, "%s/%s", MC_TEST_DATA, name);
    char *text = mc_read_small_file(path, 1 << 20, ret_size, &error);
    cr_assert(text != NULL, "%s: %s", path, error.text);
    return text;
}

/* Truth: the line "Instruction Set" that another program wrote into the same dump, in our names. */
static const struct {
    const char *file;
    enum mc_dump_format format;
    size_t cpus;
    const char *vendor, *brand;
    const char *has, *lacks;
} good[] = {
    {"instlat-penryn.txt", MC_DUMP_INSTLAT, 1, "GenuineIntel", "Intel(R) Core(TM)2 Duo CPU P8400 @ 2.26GHz",
     "mmx sse sse2 sse3 ssse3 sse4.1 lm cx16", "sse4.2 popcnt avx xsave sse4a 3dnow"},
    {"libvirt-penryn.xml", MC_DUMP_LIBVIRT_XML, 1, "GenuineIntel", "Intel(R) Core(TM)2 Duo CPU P8400 @ 2.26GHz",
     "mmx sse sse2 sse3 ssse3 sse4.1 lm cx16", "sse4.2 popcnt avx xsave sse4a 3dnow"},
    {"instlat-k8.txt", MC_DUMP_INSTLAT, 1, "AuthenticAMD", "AMD Athlon(tm) 64 X2 Dual Core Processor 3800+",
     "mmx 3dnow 3dnowa sse sse2 sse3 lm", "ssse3 sse4.1 cx16 popcnt sse4a rdtscp"},
    {"instlat-bulldozer.txt", MC_DUMP_INSTLAT, 1, "AuthenticAMD", "AMD Eng Sample, ZD302046W4K43_36/30/20_2/8_A",
     "ssse3 sse4.1 sse4.2 sse4a aes avx xop fma4 lwp", "fma f16c bmi tbm avx2 xsaveopt 3dnow"},
    {"instlat-zen.txt", MC_DUMP_INSTLAT, 1, "AuthenticAMD", "AMD Ryzen 7 1800X Eight-Core Processor",
     "ssse3 sse4.1 sse4.2 sse4a avx avx2 fma aes sha clzero mwaitx xsavec rdseed",
     "xop fma4 tbm clwb rdpid avx512f pku"},
    {"instlat-skylake.txt", MC_DUMP_INSTLAT, 1, "GenuineIntel", "Intel(R) Xeon(R) D-2183IT CPU @ 2.20GHz",
     "avx512f avx512bw avx512cd avx512dq avx512vl pku mpx rtm clwb xsavec", "avx512vnni avx512ifma sha gfni amx-tile"},
    {"cpuid-r-kvm.txt", MC_DUMP_CPUID_R, 2, "GenuineIntel", "Intel(R) Xeon(R) Processor",
     "avx512fp16 avxvnni gfni vaes hypervisor serialize xsavec", "amx-tile pku monitor waitpkg"},
    {"probe-report.json", MC_DUMP_PROBE_JSON, 2, "AuthenticAMD", "", "3dnow sse3 lm", "ssse3 cx16"},
    {"qemu-model.json", MC_DUMP_QEMU_JSON, 1, "AuthenticAMD", "AMD Opteron 23xx (Gen 3 Class Opteron)",
     "sse3 sse4a popcnt lzcnt cx16 lm lahf_lm", "ssse3 sse4.1 avx2"},
};

static void expect_features(const char *file, const struct mc_snapshot *snapshot, const char *names, bool expected)
{
    while (*names) {
        size_t length = strcspn(names, " ");
        int feature = mc_feature_find(names, length);
        cr_assert(feature >= 0, "unknown feature in a test row: %s", names);
        cr_expect(mc_snapshot_reports(snapshot, (enum mc_feature)feature) == expected, "%s: %.*s: expected %s", file,
                  (int)length, names, expected ? "reported" : "not reported");
        names += length + (names[length] == ' ');
    }
}

Test(dump, formats)
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t size;
        struct mc_dump dump;
        struct mc_error error = {0};
        struct mc_machine machine;
        char *text = load(good[i].file, &size);
        cr_assert(mc_dump_parse(text, size, &dump, &error), "%s: %s", good[i].file, error.text);
        cr_expect(dump.format == good[i].format, "%s: read as %s", good[i].file, mc_dump_format_name(dump.format));
        cr_expect(dump.count == good[i].cpus, "%s: expected %zu CPUs, got %zu", good[i].file, good[i].cpus, dump.count);
        mc_machine_identify(&dump.cpus[0].snapshot, &machine);
        cr_expect_str_eq(machine.vendor, good[i].vendor);
        cr_expect_str_eq(machine.brand, good[i].brand);
        expect_features(good[i].file, &dump.cpus[0].snapshot, good[i].has, true);
        expect_features(good[i].file, &dump.cpus[0].snapshot, good[i].lacks, false);
        mc_dump_free(&dump);
        free(text);
    }
}

Test(dump, xml_and_text_agree)
{
    struct mc_feature_set sets[2];
    static const char *const names[2] = {"instlat-penryn.txt", "libvirt-penryn.xml"};
    for (int i = 0; i < 2; i++) {
        size_t size;
        struct mc_dump dump;
        char *text = load(names[i], &size);
        cr_assert(mc_dump_parse(text, size, &dump, NULL));
        sets[i] = mc_snapshot_features(&dump.cpus[0].snapshot);
        mc_dump_free(&dump);
        free(text);
    }
    cr_expect(mc_set_equal(&sets[0], &sets[1]));
}

Test(dump, baseline_is_what_all_cpus_have)
{
    struct mc_baseline baseline;
    struct mc_error error = {0};
    cr_assert(mc_dump_baseline(MC_TEST_DATA "/probe-report.json", &baseline, &error), "%s", error.text);
    cr_expect_str_eq(baseline.name, "probe-report.json");
    cr_expect(mc_set_has(&baseline.features, MC_F_3DNOW));
    cr_expect(!mc_set_has(&baseline.features, MC_F_SSE3), "CPU 1 has no SSE3");
}

#define LEAF_0 "CPUID 00000000: 00000001-756E6547-6C65746E-49656E69\n"
#define LEAF_1 "CPUID 00000001: 000006F6-00020800-0000E3BD-BFEBFBFF\n"
#define EXT "CPUID 80000000: 80000001-00000000-00000000-00000000\nCPUID 80000001: 00000000-00000000-00000001-20100000\n"
/* As the oldest files of the InstLatx64 collection write them. */
#define OLD_LEAF(leaf, s, a, r, b, c, d) "CPUID " leaf s a r b r c r d "\r\n"
#define OLD_LEAVES(s, r)                                                                                               \
    OLD_LEAF("00000000", s, "00000001", r, "756E6547", "6C65746E", "49656E69")                                         \
    OLD_LEAF("00000001", s, "000006F6", r, "00020800", "0000E3BD", "BFEBFBFF")                                         \
    OLD_LEAF("80000000", s, "80000001", r, "00000000", "00000000", "00000000")                                         \
    OLD_LEAF("80000001", s, "00000000", r, "00000000", "00000001", "20100000")
static const struct {
    const char *text;
    size_t cpus;
    unsigned numbers[3];
} headers[] = {
    /* how CPUs are told apart */
    {LEAF_0 LEAF_1 EXT, 1, {0}},
    {"------[ Logical CPU #0 ]------\n" LEAF_0 LEAF_1 EXT "\n------[ Logical CPU #1 ]------\n" LEAF_0 LEAF_1 EXT,
     2,
     {0, 1}},
    {"CPUID Registers (CPU #1):\r\n" LEAF_0 LEAF_1 EXT "CPUID Registers (CPU #2):\r\n" LEAF_0 LEAF_1 EXT, 2, {1, 2}},
    {LEAF_0 LEAF_1 EXT LEAF_0 LEAF_1 EXT LEAF_0 LEAF_1 EXT, 3, {0, 1, 2}},
    {"CPU#003 AffMask: 0x8\n" LEAF_0 LEAF_1 EXT, 1, {3}},
    {"CPU Type : Merom\nCPUID CPU Name : Intel\nCPUID Revision : 000006F6h\n" LEAF_0 LEAF_1 EXT "L1 Cache: 32 KB\n",
     1,
     {0}},
    {"\xEF\xBB\xBF" LEAF_0 LEAF_1 EXT, 1, {0}},
    {OLD_LEAVES(" ", "-"), 1, {0}},    /* without a colon */
    {OLD_LEAVES("  \t", "-"), 1, {0}}, /* a tab instead */
    {OLD_LEAVES(": ", " "), 1, {0}},   /* blanks between the registers */
    {OLD_LEAVES(" : ", " "), 1, {0}},
    {OLD_LEAVES(" :", "-"), 1, {0}},
    {"> > CPU 3:\n> > " LEAF_0 ">  > " LEAF_1 ">>CPUID 80000000: 80000001-00000000-00000000-00000000\n"
     "> CPUID 80000001: 00000000-00000000-00000001-20100000\n",
     1,
     {3}}, /* quoted in a mail */
    {"CPUID 00000001 decides\nCPUID 00000001\tsays more\n" LEAF_0 LEAF_1 EXT, 1, {0}},
};

Test(dump, cpus_are_told_apart)
{
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct mc_dump dump;
        struct mc_error error = {0};
        cr_assert(mc_dump_parse(headers[i].text, strlen(headers[i].text), &dump, &error), "row %zu: %s", i, error.text);
        cr_expect(dump.count == headers[i].cpus, "row %zu: expected %zu CPUs, got %zu", i, headers[i].cpus, dump.count);
        expect_features("row", &dump.cpus[0].snapshot, "ssse3 cx16 lahf_lm lm nx", true);
        for (size_t k = 0; k < dump.count && k < 3; k++)
            cr_expect(dump.cpus[k].cpu == headers[i].numbers[k], "row %zu: CPU %zu: got number %u", i, k,
                      dump.cpus[k].cpu);
        mc_dump_free(&dump);
    }
}

#define XML_LEAF "<cpuid eax_in='0x0' ecx_in='0x0' eax='0x1' ebx='0x0' ecx='0x0' edx='0x0'/>"
static const struct {
    const char *text;
    const char *expected; /* part of the message */
    uint64_t offset;
} bad[] = {
    {"", "empty; expected a CPUID dump", 0},
    {" \n\n", "empty; expected a CPUID dump", 0},
    {"hello\nworld\n", "no CPUID leaf in it; expected lines like", 0},
    {"CPU 0:\n   vendor_id = \"GenuineIntel\"\n   version information (1/eax):\n      model = 0x7 (7)\n", "record the CPU with cpuid -r", 0},
    {"CPU 0:\n   version information (1/eax):\n   0x80000008 0x00: eax=0x00003028 ebx=0x00000000 ecx=0x00000000 edx=0x00000000\n",
     "record the CPU with cpuid -r", 0},
    {"CPUID 00000000: 00000001-756E6547-6C65", "line 1: a leaf cut short; expected four registers", 0},
    {LEAF_0 "CPUID 0000", "line 2: a leaf cut short", 52},
    {LEAF_0 "CPUID 00000001: 000006F6-0002", "line 2: a leaf cut short", 52},
    {LEAF_0 "CPUID 00000001: 000006F6-0002080Z-0000E3BD-BFEBFBFF\n", "line 2: a leaf cut short", 52},
    {"   0x00000000 0x00: eax=0x0000001c ebx=0x756e65", "line 1: a leaf cut short", 0},
    {LEAF_0 "CPUID 00000001 000006F6-0002\n", "line 2: a leaf cut short", 52},
    {LEAF_0 "CPUID 00000001\t000006F6 00020800 0000E3BD BFE", "line 2: a leaf cut short", 52},
    {LEAF_0 "CPUID 00000001\n", "line 2: a leaf cut short", 52},
    {LEAF_0, "cut short: CPU 0 has no leaf 0x00000001", 52},
    {LEAF_0 LEAF_1, "cut short: CPU 0 has no leaf 0x80000000", 104},
    {LEAF_0 LEAF_1 "CPUID 80000000: 80000001-00000000-00000000-00000000\n", "cut short: CPU 0 has no leaf 0x80000001",
     156},
    {"CPUID 00000000: 00000007-756E6547-6C65746E-49656E69\n" LEAF_1 EXT, "cut short: CPU 0 has no leaf 0x00000007",
     208},
    {LEAF_1 EXT, "cut short: CPU 0 has no leaf 0x00000000", 156},
    {LEAF_0 LEAF_1 "CPUID 00000001: 000006F7-00020800-0000E3BD-BFEBFBFF\n" EXT,
     "line 3: contradictory: leaf 0x00000001 subleaf 0x0 has another value earlier", 104},
    {"<cpudata arch='x86'>\n  " XML_LEAF "\n", "line 3: cut short: expected </cpudata>", 98},
    {"<cpudata arch='x86'>\n  <cpuid eax_in='0x0' eax=", "line 2: cut short: an element that does not end", 23},
    {"<cpudata arch='x86'>\n  <cpuid eax_in='0x0' eax='0x1'/></cpudata>",
     "line 2: a <cpuid> element without good eax_in", 23},
    {"<cpudata arch='x86'><cpuid eax_in='0x0' eax='0x123456789' ebx='0' ecx='0' edx='0'/></cpudata>",
     "numbers of 32 bits", 20},
    {"<!-- Features disabled by QEMU --><cpudata arch='x86'></cpudata>",
     "a list of what QEMU does not enable, not a CPU; expected the -enabled.xml or the dump beside it", 0},
    {"<cpudata arch='x86'><cpuid eax_in='0x1' eax='0x6f6' ebx='0' ecx='0' edx='0'/></cpudata>",
     "cut short: CPU 0 has no leaf 0x00000000", 87},
    {"<cpudata arch='aarch64'></cpudata>", "another architecture", 0},
    {"<cpuid eax_in='0x0' ecx_in='0x0' eax='0x1' ebx='0x0' ecx='0x0' edx='0x0'/>", "outside of <cpudata>", 0},
    {"<domain></domain>", "XML without a <cpuid> element", 0},
    {"{\"schema\":\"maskcheck/scan/1\"}", "expected maskcheck/probe/1", MC_NO_OFFSET},
    {"{\"schema\":\"maskcheck/probe/1\",\"leaves\":[{\"cpu\":0}]}", "entry 0 of \"leaves\": expected cpu, leaf",
     MC_NO_OFFSET},
    {"{\"schema\":\"maskcheck/probe/1\"", "expected a probe report or a QEMU CPU model", 29},
    {"{\"a\":1}", "JSON without \"schema\" or \"props\"", MC_NO_OFFSET},
    {"{\"props\":{\"x\":true}}", "names no CPU feature", MC_NO_OFFSET},
};

Test(dump, bad_ones_are_refused_with_place_and_expectation)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct mc_dump dump;
        struct mc_error error = {0};
        bool parsed = mc_dump_parse(bad[i].text, strlen(bad[i].text), &dump, &error);
        cr_expect(!parsed, "row %zu was accepted", i);
        if (parsed) {
            mc_dump_free(&dump);
            continue;
        }
        cr_expect(strstr(error.text, bad[i].expected) != NULL, "row %zu: expected \"%s\", got \"%s\"", i,
                  bad[i].expected, error.text);
        cr_expect(error.offset == bad[i].offset, "row %zu: expected offset %lld, got %lld", i, (long long)bad[i].offset,
                  (long long)error.offset);
    }
}

/* libvirt's list of what QEMU enables: the registers of features, without leaf 0. */
Test(dump, libvirt_feature_list)
{
    static const char text[] = "<!-- Features enabled by QEMU -->\n<cpudata arch='x86'>\n"
                               "  <cpuid eax_in='0x1' ecx_in='0x0' eax='0x0' ebx='0x0' ecx='0x200' edx='0x04000000'/>\n"
                               "  <cpuid eax_in='0x7' ecx_in='0x1' eax='0x10' ebx='0x0' ecx='0x0' edx='0x0'/>\n"
                               "  <cpuid eax_in='0x80000001' ecx_in='0x0' eax='0x0' ebx='0x0' ecx='0x1' edx='0x0'/>\n"
                               "</cpudata>\n";
    struct mc_dump dump;
    struct mc_error error = {0};
    cr_assert(mc_dump_parse(text, sizeof text - 1, &dump, &error), "%s", error.text);
    cr_expect_eq(dump.format, MC_DUMP_LIBVIRT_FEATURES);
    expect_features("list", &dump.cpus[0].snapshot, "ssse3 sse2 avxvnni lahf_lm", true);
    expect_features("list", &dump.cpus[0].snapshot, "sse3 avx lm", false);
    mc_dump_free(&dump);
}

/* What PowerShell's ">" makes of a dump; both byte orders. Errors count bytes of the file. */
Test(dump, utf16)
{
    static const char *const texts[] = {LEAF_0 LEAF_1 EXT, LEAF_0 "CPUID 00000001: 000006F6-0002"};
    for (int big = 0; big < 2; big++)
        for (int i = 0; i < 2; i++) {
            char bytes[1024] = {big ? '\xFE' : '\xFF', big ? '\xFF' : '\xFE'};
            size_t count = strlen(texts[i]);
            for (size_t k = 0; k < count; k++)
                bytes[2 + 2 * k + (size_t)big] = texts[i][k];
            struct mc_dump dump;
            struct mc_error error = {0};
            bool parsed = mc_dump_parse(bytes, 2 + 2 * count, &dump, &error);
            cr_assert(parsed == (i == 0), "%s", error.text);
            if (parsed) {
                expect_features("UTF-16", &dump.cpus[0].snapshot, "ssse3 lm", true);
                mc_dump_free(&dump);
            } else {
                cr_expect(strstr(error.text, "line 2: a leaf cut short") != NULL, "%s", error.text);
                cr_expect_eq(error.offset, 2u + 2 * 52);
            }
        }
}

Test(dump, binary_is_refused)
{
    struct mc_dump dump;
    struct mc_error error = {0};
    static const char bytes[] = "\x7f"
                                "ELF\x02\x01\x01\0\0\0";
    cr_expect(!mc_dump_parse(bytes, sizeof bytes - 1, &dump, &error));
    cr_expect_str_eq(error.text, "a binary file; expected a CPUID dump as text");
    cr_expect_eq(error.offset, 7u);
}

/* Features of leaves 1, 7 and 0x80000001: the ones that a dump must have to be believed. */
static struct mc_feature_set program_part(struct mc_feature_set set)
{
    struct mc_feature_set result = {0};
    for (int feature = mc_set_next(&set, 0); feature >= 0; feature = mc_set_next(&set, feature + 1))
        if (mc_features[feature].leaf == 1 || mc_features[feature].leaf == 0x80000001 ||
            (mc_features[feature].leaf == 7 && mc_features[feature].subleaf == 0))
            mc_set_add(&result, (enum mc_feature)feature);
    return result;
}

/* Whatever byte a file ends at: refused, or the CPU is complete. A shorter file never has fewer features without an
 * error. */
Test(dump, every_prefix_is_refused_or_complete)
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t size;
        struct mc_dump whole;
        char *text = load(good[i].file, &size);
        cr_assert(mc_dump_parse(text, size, &whole, NULL));
        struct mc_feature_set all = mc_snapshot_features(&whole.cpus[0].snapshot);
        for (size_t length = 0; length < size; length++) {
            struct mc_dump dump;
            char *prefix = malloc(length ? length : 1); /* exact size, so that ASan sees a read too far */
            memcpy(prefix, text, length);
            if (mc_dump_parse(prefix, length, &dump, NULL)) {
                struct mc_feature_set some = mc_snapshot_features(&dump.cpus[0].snapshot);
                struct mc_feature_set lost = program_part(mc_set_minus(all, &some));
                cr_expect(mc_set_empty(&lost), "%s cut at %zu of %zu bytes is accepted without %s", good[i].file,
                          length, size, mc_features[mc_set_next(&lost, 0)].name);
                mc_dump_free(&dump);
            }
            free(prefix);
        }
        mc_dump_free(&whole);
        free(text);
    }
}

Test(dump, files)
{
    struct mc_dump dump;
    struct mc_error error = {0};
    cr_expect(!mc_dump_read("/nonexistent/dump", &dump, &error));
    cr_expect(strstr(error.text, "cannot open") != NULL, "%s", error.text);
    cr_expect(!mc_dump_read("/dev/null", &dump, &error));
    cr_expect(strstr(error.text, "not a regular file") != NULL, "%s", error.text);
    cr_expect(!mc_dump_read("/proc", &dump, &error));
    cr_expect(strstr(error.text, "not a regular file") != NULL, "%s", error.text);
}
