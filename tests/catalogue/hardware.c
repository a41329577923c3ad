/* SPDX-License-Identifier: Apache-2.0 */
/* EVC baselines against CPUs of their generation: what the baseline has, the hardware must have; what the hardware has
 * beyond it in user-mode instructions is listed, with VMware not showing it to guests as the reason. The registers are
 * from the dumps that the InstLatx64 collection publishes under the names given. */
#include "isa/baseline.h"
#include "tests/catalogue/support.h"

#include <criterion/criterion.h>

static const struct {
    const char *dump, *baseline;
    uint32_t ecx1, edx1, ebx7, ecx7, eax_d1, ecx_ext, edx_ext, ebx_8;
    const char *unrecorded; /* features of leaves that the dump's program did not ask, or asked from 32-bit code */
    const char *beyond;
} cpus[] = {
    {"GenuineIntel00006F6_Merom", "intel-merom", 0x0000E3BD, 0xBFEBFBFF, 0, 0, 0, 0x00000001, 0x20100000, 0, "syscall",
     ""},
    {"GenuineIntel0010676_Penryn", "intel-penryn", 0x0008E3FD, 0xBFEBFBFF, 0, 0, 0, 0x00000001, 0x20100000, 0,
     "syscall", ""},
    {"GenuineIntel00106A1_Nehalem", "intel-nehalem", 0x00BCE3BD, 0xB7EBFBFF, 0, 0, 0, 0x00000001, 0x28100000, 0,
     "syscall", ""},
    {"GenuineIntel00206A7_SandyBridge", "intel-sandybridge", 0x1FBAE3FF, 0xBFEBFBFF, 0, 0, 0, 0x00000001, 0x28100000, 0,
     "syscall xsaveopt", ""},
    {"GenuineIntel00306C3_Haswell", "intel-haswell", 0x7FFAFBFF, 0xBFEBFBFF, 0x000027AB, 0, 0x1, 0x00000021, 0x2C100000,
     0, "syscall", ""},
    {"GenuineIntel0050654_SkylakeD", "intel-skylake", 0x7FFEFBFF, 0xBFEBFBFF, 0xD39FFFFB, 0x00000008, 0xF, 0x00000121,
     0x2C100000, 0, "syscall", "hle rtm mpx"},
    {"AuthenticAMD0020FB1_K8_Manchester", "amd-rev-e", 0x00000001, 0x178BFBFF, 0, 0, 0, 0x00000003, 0xE3D3FBFF, 0, "",
     ""},
    {"AuthenticAMD0040F33_K8_Windsor", "amd-rev-f", 0x00002001, 0x178BFBFF, 0, 0, 0, 0x0000001F, 0xEBD3FBFF, 0, "", ""},
    {"AuthenticAMD0100F2A_K10_Barcelona", "amd-greyhound", 0x00802009, 0x178BFBFF, 0, 0, 0, 0x000007FF, 0xEFD3FBFF, 0,
     "", ""},
    {"AuthenticAMD0600F01_K15_Bulldozer", "amd-bulldozer", 0x1E98220B, 0x178BFBFF, 0, 0, 0, 0x01C9BFFF, 0x2FD3FBFF, 0,
     "", "lwp"},
    {"AuthenticAMD0800F11_K17_Zen", "amd-zen", 0x7ED8320B, 0x178BFBFF, 0x209C01A9, 0, 0xF, 0x35C233FF, 0x2FD3FBFF, 0x7,
     "", "mwaitx clzero"},
};

static struct mc_feature_set user_features(const struct dump *dump)
{
    struct mc_feature_set set = dump_features(dump);
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++)
        if (mc_features[feature].level == MC_LEVEL_KERNEL || mc_features[feature].dynamic)
            mc_set_remove(&set, (enum mc_feature)feature);
    return set;
}

Test(hardware, evc_baselines)
{
    for (size_t i = 0; i < sizeof cpus / sizeof *cpus; i++) {
        const struct dump dump = {
            .leaves = {{1, 0, {0, 0, cpus[i].ecx1, cpus[i].edx1}},
                       {7, 0, {0, cpus[i].ebx7, cpus[i].ecx7, 0}},
                       {0xD, 1, {cpus[i].eax_d1, 0, 0, 0}},
                       {0x80000001, 0, {0, 0, cpus[i].ecx_ext, cpus[i].edx_ext}},
                       {0x80000008, 0, {0, cpus[i].ebx_8, 0, 0}}},
            .count = 5,
        };
        const struct mc_baseline *baseline = mc_baseline_find(cpus[i].baseline);
        cr_assert_not_null(baseline, "%s", cpus[i].baseline);
        struct mc_feature_set has = dump_features(&dump), unrecorded = set_of(cpus[i].unrecorded);
        struct mc_feature_set lacks = mc_set_minus(baseline->features, &has);
        lacks = mc_set_minus(lacks, &unrecorded);
        mc_set_remove(&lacks, MC_F_OSPKE); /* OS state */
        cr_expect(mc_set_empty(&lacks), "%s lacks what %s has: %s", cpus[i].dump, cpus[i].baseline, set_text(&lacks));
        has = user_features(&dump);
        struct mc_feature_set beyond = mc_set_minus(has, &baseline->features), expected = set_of(cpus[i].beyond);
        cr_expect(mc_set_equal(&beyond, &expected), "%s has beyond %s: %s", cpus[i].dump, cpus[i].baseline,
                  set_text(&beyond));
    }
}
