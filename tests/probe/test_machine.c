/* SPDX-License-Identifier: Apache-2.0 */
/* Family, model, hypervisor and masking hardware, from invented leaves. */
#include "probe/machine.h"

#include <criterion/criterion.h>
#include <string.h>

static void set_text(struct mc_snapshot *snapshot, uint32_t leaf, uint32_t eax, const char *text, bool vendor_order)
{
    char padded[12] = "";
    memcpy(padded, text, strnlen(text, 12));
    uint32_t regs[4] = {eax};
    static const int plain[3] = {MC_EBX, MC_ECX, MC_EDX}, vendor[3] = {MC_EBX, MC_EDX, MC_ECX};
    for (int i = 0; i < 3; i++)
        memcpy(&regs[vendor_order ? vendor[i] : plain[i]], padded + 4 * i, 4);
    mc_snapshot_add(snapshot, leaf, 0, regs);
}

static struct mc_machine identify(const char *vendor, uint32_t signature, uint32_t ecx, const char *hypervisor,
                                  const char *second)
{
    struct mc_snapshot snapshot = {0};
    struct mc_machine machine;
    set_text(&snapshot, 0, 1, vendor, true);
    mc_snapshot_add(&snapshot, 1, 0, (uint32_t[4]){signature, 0, ecx, 0});
    if (hypervisor)
        set_text(&snapshot, 0x40000000, 0x40000001, hypervisor, false);
    if (second)
        set_text(&snapshot, 0x40000100, 0x40000101, second, false);
    mc_machine_identify(&snapshot, &machine);
    return machine;
}

static const struct {
    const char *vendor;
    uint32_t signature;
    unsigned family, model, stepping, masking;
} models[] = {
    /* signatures of real CPUs */
    {"GenuineIntel", 0x000006F6, 6, 0x0F, 6, 0},                              /* Merom */
    {"GenuineIntel", 0x00010676, 6, 0x17, 6, MC_MASKING_FLEXMIGRATION},       /* Penryn */
    {"GenuineIntel", 0x000106D1, 6, 0x1D, 1, MC_MASKING_FLEXMIGRATION},       /* Dunnington */
    {"GenuineIntel", 0x000106A1, 6, 0x1A, 1, MC_MASKING_FLEXMIGRATION},       /* Nehalem */
    {"GenuineIntel", 0x000206A7, 6, 0x2A, 7, MC_MASKING_FLEXMIGRATION},       /* Sandy Bridge */
    {"GenuineIntel", 0x000306A9, 6, 0x3A, 9, MC_MASKING_CPUID_FAULTING},      /* Ivy Bridge */
    {"GenuineIntel", 0x000306C3, 6, 0x3C, 3, MC_MASKING_CPUID_FAULTING},      /* Haswell */
    {"GenuineIntel", 0x00030678, 6, 0x37, 8, 0},                              /* Silvermont */
    {"GenuineIntel", 0x00000F4A, 15, 4, 10, 0},                               /* Pentium 4 */
    {"GenuineIntel", 0x00000673, 6, 7, 3, 0},                                 /* Pentium III */
    {"AuthenticAMD", 0x00000F4A, 15, 4, 10, 0},                               /* K8 before revision E */
    {"AuthenticAMD", 0x00020FB1, 15, 0x2B, 1, MC_MASKING_EXTENDED_MIGRATION}, /* K8 revision E */
    {"AuthenticAMD", 0x00100F2A, 16, 2, 10, MC_MASKING_EXTENDED_MIGRATION},   /* Barcelona */
    {"AuthenticAMD", 0x00200F30, 17, 3, 0, 0},                                /* family 11h */
    {"AuthenticAMD", 0x00600F01, 21, 0, 1, MC_MASKING_EXTENDED_MIGRATION | MC_MASKING_STRUCTURED}, /* Bulldozer */
    {"AuthenticAMD", 0x00800F11, 23, 1, 1, MC_MASKING_EXTENDED_MIGRATION | MC_MASKING_STRUCTURED}, /* Zen */
    {"CentaurHauls", 0x000006FB, 6, 15, 11, 0},
};

Test(machine, models_and_their_masking)
{
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        struct mc_machine machine = identify(models[i].vendor, models[i].signature, 0, NULL, NULL);
        cr_expect(machine.family == models[i].family && machine.model == models[i].model &&
                      machine.stepping == models[i].stepping,
                  "%s %08x: expected %u/%u/%u, got %u/%u/%u", models[i].vendor, models[i].signature, models[i].family,
                  models[i].model, models[i].stepping, machine.family, machine.model, machine.stepping);
        cr_expect(machine.masking == models[i].masking, "%s %08x: masking: expected %#x, got %#x", models[i].vendor,
                  models[i].signature, models[i].masking, machine.masking);
    }
}

#define HV 0x80000000u
static const struct {
    uint32_t ecx;
    const char *first, *second;
    bool hypervisor, hidden;
    const char *signature, *name, *interface; /* NULL: none */
} hypervisors[] = {
    {0, NULL, NULL, false, false, "", NULL, NULL},
    {HV, "KVMKVMKVM", NULL, true, false, "KVMKVMKVM", "KVM", NULL},
    {HV, "VMwareVMware", NULL, true, false, "VMwareVMware", "VMware", NULL},
    {HV, "Microsoft Hv", NULL, true, false, "Microsoft Hv", "Microsoft Hyper-V", NULL},
    {HV, "Microsoft Hv", "KVMKVMKVM", true, false, "KVMKVMKVM", "KVM", "Microsoft Hyper-V"},
    {HV, "Microsoft Hv", "XenVMMXenVMM", true, false, "XenVMMXenVMM", "Xen", "Microsoft Hyper-V"},
    {HV, "TCGTCGTCGTCG", NULL, true, false, "TCGTCGTCGTCG", "QEMU (emulation)", NULL},
    {0, "KVMKVMKVM", NULL, true, true, "KVMKVMKVM", "KVM", NULL},
    {HV, "NobodyKnows!", NULL, true, false, "NobodyKnows!", NULL, NULL},
    {HV, "\x01\x02\xFFxyz", NULL, true, false, "???xyz", NULL, NULL},
    {HV, NULL, NULL, true, false, "", NULL, NULL},
};

static const char *shown(const char *text)
{
    return text ? text : "(none)";
}

Test(machine, hypervisors)
{
    for (size_t i = 0; i < sizeof hypervisors / sizeof *hypervisors; i++) {
        struct mc_machine machine =
            identify("GenuineIntel", 0x306C3, hypervisors[i].ecx, hypervisors[i].first, hypervisors[i].second);
        cr_expect(machine.hypervisor == hypervisors[i].hypervisor && machine.hypervisor_hidden == hypervisors[i].hidden,
                  "row %zu: present %d hidden %d", i, machine.hypervisor, machine.hypervisor_hidden);
        cr_expect_str_eq(machine.hypervisor_signature, hypervisors[i].signature);
        cr_expect_str_eq(shown(machine.hypervisor_name), shown(hypervisors[i].name));
        cr_expect_str_eq(shown(machine.hypervisor_interface), shown(hypervisors[i].interface));
    }
}

Test(machine, brand_is_trimmed)
{
    struct mc_snapshot snapshot = {0};
    struct mc_machine machine;
    char text[49] = "       Intel(R)  Core(TM)\x07 CPU   @ 1GHz   ";
    uint32_t words[12];
    memcpy(words, text, 48);
    set_text(&snapshot, 0, 1, "GenuineIntel", true);
    mc_snapshot_add(&snapshot, 0x80000000, 0, (uint32_t[4]){0x80000004});
    for (uint32_t i = 0; i < 3; i++)
        mc_snapshot_add(&snapshot, 0x80000002 + i, 0, words + 4 * i);
    mc_machine_identify(&snapshot, &machine);
    cr_expect_str_eq(machine.brand, "Intel(R) Core(TM)? CPU @ 1GHz");
}

struct fake_msr {
    uint32_t msr;
    uint64_t value;
};
static bool read_fake(void *ctx, uint32_t msr, uint64_t *ret)
{
    for (const struct fake_msr *row = ctx; row->msr; row++)
        if (row->msr == msr) {
            *ret = row->value;
            return true;
        }
    return false;
}

static const struct {
    const char *vendor;
    uint32_t signature;
    struct fake_msr msrs[4];
    bool from_msr;
    unsigned masking, active;
} msr_rows[] = {
    {"GenuineIntel", 0x10676, {{0x478, UINT64_MAX}}, true, MC_MASKING_FLEXMIGRATION, 0},
    {"GenuineIntel", 0x10676, {{0x478, 0xFFFFFFFFFFF7FFFF}}, true, MC_MASKING_FLEXMIGRATION, MC_MASKING_FLEXMIGRATION},
    {"GenuineIntel", 0x10676, {{0}}, false, MC_MASKING_FLEXMIGRATION, 0},
    {"GenuineIntel", 0x306A9, {{0xCE, 1u << 31}}, true, MC_MASKING_CPUID_FAULTING, 0},
    {"GenuineIntel",
     0x306A9,
     {{0xCE, 1u << 31}, {0x140, 1}},
     true,
     MC_MASKING_CPUID_FAULTING,
     MC_MASKING_CPUID_FAULTING},
    {"GenuineIntel", 0x306A9, {{0xCE, 0x10}}, true, 0, 0}, /* the model would have it, the CPU says no */
    {"AuthenticAMD", 0x20FB1, {{0xC0011004, 1}}, true, MC_MASKING_EXTENDED_MIGRATION, 0},
};

Test(machine, msrs)
{
    for (size_t i = 0; i < sizeof msr_rows / sizeof *msr_rows; i++) {
        struct mc_snapshot snapshot = {0};
        struct mc_machine machine;
        struct fake_msr rows[5] = {{0}};
        memcpy(rows, msr_rows[i].msrs, sizeof msr_rows[i].msrs);
        set_text(&snapshot, 0, 1, msr_rows[i].vendor, true);
        mc_snapshot_add(&snapshot, 1, 0, (uint32_t[4]){msr_rows[i].signature});
        mc_machine_identify(&snapshot, &machine);
        struct mc_msr_source source = {.read = read_fake, .ctx = rows};
        mc_machine_read_msrs(&snapshot, &source, &machine);
        cr_expect(machine.masking_from_msr == msr_rows[i].from_msr && machine.masking == msr_rows[i].masking &&
                      machine.masking_active == msr_rows[i].active,
                  "row %zu: expected %d %#x %#x, got %d %#x %#x", i, msr_rows[i].from_msr, msr_rows[i].masking,
                  msr_rows[i].active, machine.masking_from_msr, machine.masking, machine.masking_active);
    }
}
