/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/machine.h"

#include <string.h>

const struct mc_masking_info mc_maskings[MC_MASKING_COUNT] = {
    {MC_MASKING_FLEXMIGRATION, "intel-flexmigration", "Intel FlexMigration: feature mask registers",
     "Intel application note 323850"},
    {MC_MASKING_CPUID_FAULTING, "intel-cpuid-faulting", "CPUID faulting: the supervisor answers user-mode CPUID",
     "Intel application note 323850; Intel SDM vol. 4, MSR 0CEH bit 31, MSR 140H bit 0"},
    {MC_MASKING_EXTENDED_MIGRATION, "amd-extended-migration",
     "AMD Extended Migration: override registers for leaves 1 and 0x80000001", "AMD publication 43781"},
    {MC_MASKING_STRUCTURED, "amd-extended-migration-leaf7", "AMD override registers for leaves 7 and 6",
     "AMD BKDG family 15h, MSRC001_1002, MSRC001_1003"},
    {MC_MASKING_CPUID_USER_DIS, "amd-cpuid-user-disable", "CpuidUserDis: the supervisor answers user-mode CPUID",
     "AMD APM vol. 2, HWCR bit 35; vol. 3, CPUID 0x80000021.EAX[17]"},
};

/* Signatures in EBX ECX EDX of the hypervisor's first leaf, NUL padded. An "interface" is offered by other hypervisors,
 * too, so a second range (0x40000100) may name the real one. */
static const struct {
    char signature[13];
    bool interface;
    const char *name;
} hypervisors[] = {
    {"KVMKVMKVM", false, "KVM"},
    {"Linux KVM Hv", false, "KVM"},
    {"VMwareVMware", false, "VMware"},
    {"Microsoft Hv", true, "Microsoft Hyper-V"},
    {"XenVMMXenVMM", false, "Xen"},
    {"TCGTCGTCGTCG", false, "QEMU (emulation)"},
    {"bhyve bhyve ", false, "bhyve"},
    {"BHyVE BHyVE ", false, "bhyve"},
    {"VBoxVBoxVBox", false, "VirtualBox"},
    {" lrpepyh  vr", false, "Parallels"},
    {"prl hyperv  ", false, "Parallels"},
    {"ACRNACRNACRN", false, "ACRN"},
    {"QNXQVMBSQG", false, "QNX Hypervisor"},
    {"Jailhouse", false, "Jailhouse"},
    {"HAXMHAXMHAXM", false, "Intel HAXM"},
    {"OpenBSDVMM58", false, "OpenBSD vmm"},
    {"___ NVMM ___", false, "NetBSD NVMM"},
    {"EVMMEVMMEVMM", false, "Intel KGT"},
    {"UnisysSpar64", false, "Unisys s-Par"},
    {"SRESRESRESRE", false, "Lockheed Martin LMHS"},
};

static const char *find_hypervisor(const char *signature, bool *ret_interface)
{
    for (size_t i = 0; i < sizeof hypervisors / sizeof *hypervisors; i++) {
        if (strcmp(hypervisors[i].signature, signature) == 0) {
            *ret_interface = hypervisors[i].interface;
            return hypervisors[i].name;
        }
    }
    return NULL;
}

/* Copies register bytes as text, without trailing NULs; other unprintable bytes become '?'. */
static void copy_text(const uint32_t *words, size_t count, char *ret)
{
    size_t length = 0;
    for (size_t i = 0; i < 4 * count; i++) {
        char byte = (char)(words[i / 4] >> i % 4 * 8);
        ret[i] = byte == '\0' || (byte >= 0x20 && byte < 0x7F) ? byte : '?';
        if (byte != '\0')
            length = i + 1;
    }
    for (size_t i = 0; i < length; i++)
        if (ret[i] == '\0')
            ret[i] = '?';
    ret[length] = '\0';
}

static void read_signature(const struct mc_snapshot *snapshot, uint32_t base, char ret[static 13])
{
    uint32_t words[3];
    for (int i = 0; i < 3; i++)
        words[i] = mc_snapshot_register(snapshot, base, 0, (enum mc_register)(MC_EBX + i));
    copy_text(words, 3, ret);
}

static void identify_hypervisor(const struct mc_snapshot *snapshot, struct mc_machine *ret)
{
    bool announced = mc_snapshot_register(snapshot, 1, 0, MC_ECX) >> 31, interface = false;
    char signature[13];
    read_signature(snapshot, 0x40000000, signature);
    const char *name = find_hypervisor(signature, &interface);
    ret->hypervisor = announced || name;
    ret->hypervisor_hidden = name && !announced;
    if (!ret->hypervisor)
        return;
    memcpy(ret->hypervisor_signature, signature, sizeof signature);
    ret->hypervisor_name = name;
    if (!interface)
        return;
    bool ignored;
    read_signature(snapshot, 0x40000100, signature);
    const char *behind = find_hypervisor(signature, &ignored);
    if (behind) {
        memcpy(ret->hypervisor_signature, signature, sizeof signature);
        ret->hypervisor_name = behind;
        ret->hypervisor_interface = name;
    }
}

static void copy_brand(const struct mc_snapshot *snapshot, char ret[static 49])
{
    uint32_t words[12];
    char text[49];
    for (unsigned i = 0; i < 12; i++)
        words[i] = mc_snapshot_register(snapshot, 0x80000002 + i / 4, 0, (enum mc_register)(i % 4));
    /* Everything after the first NUL is padding. */
    copy_text(words, 12, text);
    for (size_t i = 0; i < 48; i++)
        if ((char)(words[i / 4] >> i % 4 * 8) == '\0') {
            text[i] = '\0';
            break;
        }
    size_t length = 0;
    for (const char *byte = text; *byte; byte++) /* vendors pad with runs of spaces */
        if (*byte != ' ' || (length > 0 && ret[length - 1] != ' '))
            ret[length++] = *byte;
    while (length > 0 && ret[length - 1] == ' ')
        length--;
    ret[length] = '\0';
}

/* Intel family 6. Sources: Intel application note 323850; Intel SDM vol. 4 for CPUID faulting. Models newer than Ivy
 * Bridge have faulting except the small cores listed in no_faulting. */
static unsigned find_intel_masking(unsigned family, unsigned model)
{
    static const uint8_t mask_msrs[] = {0x17, 0x1D, 0x1A, 0x1E, 0x1F, 0x25, 0x2C, 0x2E, 0x2F, 0x2A, 0x2D};
    static const uint8_t no_faulting[] = {0x4A, 0x4C, 0x4D, 0x5A, 0x5D, 0x65, 0x6E, 0x75};
    if (family > 6)
        return family == 0xF ? 0 : MC_MASKING_CPUID_FAULTING;
    if (family < 6)
        return 0;
    if (memchr(mask_msrs, (int)model, sizeof mask_msrs))
        return MC_MASKING_FLEXMIGRATION;
    return model >= 0x3A && !memchr(no_faulting, (int)model, sizeof no_faulting) ? MC_MASKING_CPUID_FAULTING : 0;
}

/* AMD publication 43781; the rows of the BIOS and kernel developer's guides. Family 11h and K8 before revision E: none.
 */
static unsigned find_amd_masking(const struct mc_snapshot *snapshot, unsigned family, unsigned model)
{
    unsigned masking = 0;
    if ((family == 0xF && model >= 0x20) || (family >= 0x10 && family != 0x11))
        masking |= MC_MASKING_EXTENDED_MIGRATION;
    if (family >= 0x15)
        masking |= MC_MASKING_STRUCTURED;
    if (mc_snapshot_register(snapshot, 0x80000021, 0, MC_EAX) >> 17 & 1)
        masking |= MC_MASKING_CPUID_USER_DIS;
    return masking;
}

void mc_machine_identify(const struct mc_snapshot *snapshot, struct mc_machine *ret)
{
    memset(ret, 0, sizeof *ret);
    mc_snapshot_vendor(snapshot, ret->vendor);
    uint32_t signature = mc_snapshot_register(snapshot, 1, 0, MC_EAX);
    unsigned family = signature >> 8 & 0xF, model = signature >> 4 & 0xF;
    /* Extended fields count as the vendors say: Intel for families 6 and 15, AMD for 15. AMD's family 6 has none set.
     */
    if (family == 6 || family == 0xF)
        model |= signature >> 12 & 0xF0;
    if (family == 0xF)
        family += signature >> 20 & 0xFF;
    ret->signature = signature;
    ret->family = family;
    ret->model = model;
    ret->stepping = signature & 0xF;
    copy_brand(snapshot, ret->brand);
    identify_hypervisor(snapshot, ret);
    if (strcmp(ret->vendor, "GenuineIntel") == 0)
        ret->masking = find_intel_masking(family, model);
    else if (mc_snapshot_is_amd(snapshot))
        ret->masking = find_amd_masking(snapshot, family, model);
}

/* Mask registers hold ones for "shown"; a mask is in effect when some bit that matters is zero. */
static const struct {
    uint32_t msr;
    uint8_t models[8]; /* family 6, ends with 0 */
} intel_mask_msrs[] = {
    /* Intel application note 323850 */
    {0x478, {0x17, 0x1D}},
    {0x130, {0x1A, 0x1E, 0x1F, 0x25, 0x2C, 0x2E, 0x2F}},
    {0x131, {0x1A, 0x1E, 0x1F, 0x25, 0x2C, 0x2E, 0x2F}},
    {0x132, {0x2A, 0x2D}},
    {0x133, {0x2A, 0x2D}},
    {0x134, {0x2A, 0x2D}},
};

static void read_intel_msrs(const struct mc_msr_source *source, struct mc_machine *machine)
{
    uint64_t value;
    for (size_t i = 0; i < sizeof intel_mask_msrs / sizeof *intel_mask_msrs; i++) {
        if (!memchr(intel_mask_msrs[i].models, (int)machine->model, sizeof intel_mask_msrs[i].models) ||
            !source->read(source->ctx, intel_mask_msrs[i].msr, &value))
            continue;
        machine->masking_from_msr = true;
        if (value != UINT64_MAX)
            machine->masking_active |= MC_MASKING_FLEXMIGRATION;
    }
    if (!(machine->masking & MC_MASKING_CPUID_FAULTING) || !source->read(source->ctx, 0xCE, &value))
        return;
    machine->masking_from_msr = true;
    if (!(value >> 31 & 1)) {
        machine->masking &= ~(unsigned)MC_MASKING_CPUID_FAULTING;
        return;
    }
    if (source->read(source->ctx, 0x140, &value) && (value & 1))
        machine->masking_active |= MC_MASKING_CPUID_FAULTING;
}

static void read_amd_msrs(const struct mc_snapshot *snapshot, const struct mc_msr_source *source,
                          struct mc_machine *machine)
{
    uint64_t value;
    /* The override registers hold what CPUID shows; the CPU's own features cannot be read next to them, so "in effect"
     * cannot be told. That they can be read confirms that they are there. */
    if (machine->masking & MC_MASKING_EXTENDED_MIGRATION && source->read(source->ctx, 0xC0011004, &value))
        machine->masking_from_msr = true;
    if (mc_snapshot_register(snapshot, 0x80000021, 0, MC_EAX) >> 17 & 1 &&
        source->read(source->ctx, 0xC0010015, &value) && (value >> 35 & 1))
        machine->masking_active |= MC_MASKING_CPUID_USER_DIS;
}

void mc_machine_read_msrs(const struct mc_snapshot *snapshot, const struct mc_msr_source *source,
                          struct mc_machine *machine)
{
    if (strcmp(machine->vendor, "GenuineIntel") == 0 && machine->family == 6)
        read_intel_msrs(source, machine);
    else if (mc_snapshot_is_amd(snapshot))
        read_amd_msrs(snapshot, source, machine);
}
