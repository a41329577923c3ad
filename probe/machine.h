/* SPDX-License-Identifier: Apache-2.0 */
/* Which machine this claims to be: vendor, family, model, brand, hypervisor, and what CPUID masking its CPU model
 * supports.
 *
 * All from a snapshot, so true only as far as CPUID is: a hypervisor chooses family and model, too. The MSR view goes
 * through a seam of one function and makes sense only on bare metal. No library beyond string.h. */
#ifndef MC_PROBE_MACHINE_H
#define MC_PROBE_MACHINE_H

#include "probe/snapshot.h"

/* Ways in which the CPU itself can show less by CPUID than it executes; names as in the JSON of probe. */
enum mc_masking {
    MC_MASKING_FLEXMIGRATION = 1 << 0,      /* Intel: feature mask MSRs for leaf 1 and some more */
    MC_MASKING_CPUID_FAULTING = 1 << 1,     /* Intel: user-mode CPUID traps; the supervisor answers what it likes */
    MC_MASKING_EXTENDED_MIGRATION = 1 << 2, /* AMD: feature override MSRs for leaves 1 and 0x80000001 */
    MC_MASKING_STRUCTURED = 1 << 3,         /* AMD family 15h and later: the same for leaves 7 and 6 */
    MC_MASKING_CPUID_USER_DIS = 1 << 4,     /* AMD Zen 4 and later: as CPUID faulting */
};
#define MC_MASKING_COUNT 5
struct mc_masking_info {
    enum mc_masking bit;
    const char *name;   /* "intel-flexmigration" */
    const char *text;   /* for people: which leaves, by what */
    const char *source; /* manual or document */
};
extern const struct mc_masking_info mc_maskings[MC_MASKING_COUNT];

struct mc_machine {
    char vendor[13], brand[49]; /* printable ASCII; brand "" when CPUID gives none */
    uint32_t signature;         /* 1.EAX */
    unsigned family, model, stepping;
    bool hypervisor;               /* 1.ECX[31], or a known signature in leaf 0x40000000 */
    bool hypervisor_hidden;        /* a known signature though 1.ECX[31] is clear */
    char hypervisor_signature[13]; /* "" when there is none */
    const char *hypervisor_name;   /* NULL when the signature is not known */
    const char
        *hypervisor_interface; /* another hypervisor's interface offered next to it ("Microsoft Hyper-V"), or NULL */
    unsigned masking;          /* enum mc_masking bits that the CPU model supports */
    bool masking_from_msr; /* mc_machine_read_msrs could read them: masking and masking_active are the CPU's own word */
    unsigned masking_active; /* of those, in effect now */
};

void mc_machine_identify(const struct mc_snapshot *snapshot, struct mc_machine *ret);

/* Reads one MSR; false when it cannot be read (no right, no such MSR). */
struct mc_msr_source {
    bool (*read)(void *ctx, uint32_t msr, uint64_t *ret);
    void *ctx;
};
/* Replaces what was concluded from the model by what the MSRs say, where they can be read. */
void mc_machine_read_msrs(const struct mc_snapshot *snapshot, const struct mc_msr_source *source,
                          struct mc_machine *machine);

#endif
