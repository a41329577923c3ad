/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/profile.h"

#include <string.h>

/* Does the dump tell the register? Recorded, or known to be 0 because the CPU itself says that it has no such leaf. */
static bool is_told(const struct mc_snapshot *snapshot, uint32_t leaf, uint32_t subleaf)
{
    uint32_t base = leaf & 0xFFFF0000u;
    const struct mc_leaf *first = mc_snapshot_find(snapshot, base, 0);
    if (leaf == base || mc_snapshot_find(snapshot, leaf, subleaf))
        return true;
    if (!first)
        return true; /* a range that the CPU does not have: Centaur's on others */
    if (first->regs[MC_EAX] < leaf || first->regs[MC_EAX] > (base | 0xFFFF))
        return true;
    const struct mc_leaf *zeroth = subleaf ? mc_snapshot_find(snapshot, leaf, 0) : NULL;
    return leaf == 7 && zeroth && zeroth->regs[MC_EAX] < subleaf;
}

static void read_words(const struct mc_snapshot *snapshot, bool named_only, struct mc_capabilities *ret)
{
    for (size_t word = 0; word < MC_WORD_COUNT; word++) {
        const struct mc_word_info *info = &mc_words[word];
        ret->bits[word] = mc_snapshot_register(snapshot, info->leaf, info->subleaf, info->reg);
        ret->known[word] = is_told(snapshot, info->leaf, info->subleaf) ? UINT32_MAX : 0;
    }
    for (size_t word = 0; named_only && word < MC_WORD_COUNT; word++) {
        ret->known[word] = 0; /* QEMU names features; of the rest of the register it says nothing */
        for (unsigned bit = 0; bit < 32; bit++) {
            int feature = mc_word_feature(word, bit);
            if (feature >= 0 && *mc_features[feature].qemu_name)
                ret->known[word] |= UINT32_C(1) << bit;
        }
    }
    size_t lm = mc_word_of_feature(MC_F_LM);
    /* SYSCALL follows long mode; probe/snapshot.h says why (mc_snapshot_comparable). */
    if (ret->bits[lm] >> mc_features[MC_F_LM].bit & 1)
        ret->bits[lm] |= UINT32_C(1) << mc_features[MC_F_SYSCALL].bit;
}

static void read_state(const struct mc_snapshot *snapshot, struct mc_capabilities *ret)
{
    const uint32_t leaf = 0xD;
    ret->components_known = is_told(snapshot, leaf, 0);
    ret->components = (uint64_t)mc_snapshot_register(snapshot, leaf, 0, MC_EDX) << 32 |
                      mc_snapshot_register(snapshot, leaf, 0, MC_EAX);
    for (unsigned bit = 2; bit < 63; bit++)
        if (ret->components >> bit & 1)
            ret->offsets[bit] = (uint16_t)mc_snapshot_register(snapshot, leaf, bit, MC_EBX);
    ret->components |= (uint64_t)mc_snapshot_register(snapshot, leaf, 1, MC_EDX) << 32 |
                       mc_snapshot_register(snapshot, leaf, 1, MC_ECX);
    for (size_t i = 0; i < MC_LIMIT_COUNT; i++) {
        const struct mc_limit_info *info = &mc_limits[i];
        uint64_t mask = (UINT64_C(1) << info->width) - 1;
        ret->limits[i] =
            (uint32_t)(mc_snapshot_register(snapshot, info->leaf, info->subleaf, info->reg) >> info->shift & mask);
        ret->limit_known[i] =
            is_told(snapshot, info->leaf, info->subleaf) && !(info->absent_unknown && !ret->limits[i]);
    }
}

/* What both have, or (any) what either has. */
static void merge(struct mc_capabilities *into, const struct mc_capabilities *from, bool any)
{
    for (size_t word = 0; word < MC_WORD_COUNT; word++) {
        into->bits[word] = any ? into->bits[word] | from->bits[word] : into->bits[word] & from->bits[word];
        into->known[word] &= from->known[word];
    }
    into->components = any ? into->components | from->components : into->components & from->components;
    into->components_known = into->components_known && from->components_known;
    for (unsigned bit = 0; bit < 64; bit++)
        if (!into->offsets[bit])
            into->offsets[bit] = from->offsets[bit];
    for (size_t i = 0; i < MC_LIMIT_COUNT; i++) {
        if (any ? from->limits[i] > into->limits[i] : from->limits[i] < into->limits[i])
            into->limits[i] = from->limits[i];
        into->limit_known[i] = into->limit_known[i] && from->limit_known[i];
    }
}

/* The catalogued part of the bits. */
static struct mc_feature_set name_features(const uint32_t bits[MC_WORD_COUNT])
{
    struct mc_feature_set set = {0};
    for (size_t word = 0; word < MC_WORD_COUNT; word++)
        for (uint32_t rest = bits[word] & mc_word_compared(word); rest; rest &= rest - 1) {
            int feature = mc_word_feature(word, (unsigned)__builtin_ctz(rest));
            if (feature >= 0)
                mc_set_add(&set, (enum mc_feature)feature);
        }
    return set;
}

void mc_profile_of_dump(const struct mc_dump *dump, const char *name, struct mc_profile *ret)
{
    memset(ret, 0, sizeof *ret);
    bool named_only = mc_dump_names_features(dump->format);
    ret->name = name;
    ret->recorded = true;
    ret->cpu_count = dump->count;
    for (size_t i = 0; i < dump->count; i++) {
        struct mc_capabilities one = {0};
        read_words(&dump->cpus[i].snapshot, named_only, &one);
        read_state(&dump->cpus[i].snapshot, &one);
        if (named_only) {
            one.components_known = false;
            memset(one.limit_known, 0, sizeof one.limit_known);
        }
        if (i == 0)
            ret->all = ret->any = one;
        merge(&ret->all, &one, false);
        merge(&ret->any, &one, true);
    }
    for (size_t word = 0; word < MC_WORD_COUNT; word++)
        ret->mixed |= ((ret->all.bits[word] ^ ret->any.bits[word]) & mc_word_compared(word)) != 0;
    ret->mixed |= ret->all.components != ret->any.components;
    ret->features = name_features(ret->all.bits);
    ret->defined = name_features(ret->all.known);
    mc_machine_identify(&dump->cpus[0].snapshot, &ret->machine);
    memcpy(ret->vendor, ret->machine.vendor, sizeof ret->vendor);
    if (ret->vendor[strspn(ret->vendor, "?")] == '\0') /* QEMU's answer without a vendor */
        ret->vendor[0] = '\0';
}

void mc_profile_of_probe(const struct mc_probe *probe, const char *name, struct mc_profile *ret)
{
    struct mc_dump dump = {.format = probe->features_only ? MC_DUMP_QEMU_JSON : MC_DUMP_CPUID_R};
    for (size_t i = 0; i < probe->cpu_count; i++)
        mc_dump_add_cpu(&dump, probe->cpus[i]->cpu)->snapshot = probe->cpus[i]->snapshot;
    mc_profile_of_dump(&dump, name, ret);
    ret->machine = probe->machine;
    mc_dump_free(&dump);
}

void mc_profile_of_baseline(const struct mc_baseline *baseline, struct mc_profile *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->name = baseline->name;
    ret->defined = mc_baseline_defined(baseline);
    memcpy(ret->vendor, mc_vendors[mc_baseline_vendor(baseline)].signature,
           strlen(mc_vendors[mc_baseline_vendor(baseline)].signature) + 1);
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++) {
        size_t word = mc_word_of_feature((enum mc_feature)feature);
        uint32_t bit = UINT32_C(1) << mc_features[feature].bit;
        if (mc_set_has(&ret->defined, (enum mc_feature)feature))
            ret->all.known[word] |= bit;
        if (mc_set_has(&baseline->features, (enum mc_feature)feature))
            ret->all.bits[word] |= bit;
    }
    ret->features = name_features(ret->all.bits);
    ret->any = ret->all;
}

enum mc_cpu_vendor mc_profile_vendor_id(const struct mc_profile *profile)
{
    for (int i = 1; i < MC_VENDOR_COUNT; i++)
        if (strcmp(profile->vendor, mc_vendors[i].signature) == 0)
            return (enum mc_cpu_vendor)i;
    return MC_VENDOR_ANY;
}

const char *mc_profile_vendor(const struct mc_profile *profile)
{
    enum mc_cpu_vendor vendor = mc_profile_vendor_id(profile);
    return vendor == MC_VENDOR_ANY && *profile->vendor ? profile->vendor : mc_vendors[vendor].name;
}

const struct mc_baseline *mc_highest_baseline(const struct mc_feature_set *features, enum mc_family family)
{
    const struct mc_baseline *highest = NULL;
    for (size_t i = 0; i < mc_baseline_count(); i++)
        if (mc_baseline_at(i)->family == family && mc_probe_satisfies(features, mc_baseline_at(i)))
            highest = mc_baseline_at(i);
    return highest;
}

bool mc_evc_family(enum mc_cpu_vendor vendor, enum mc_family *ret)
{
    if (vendor != MC_VENDOR_INTEL && vendor != MC_VENDOR_AMD)
        return false;
    *ret = vendor == MC_VENDOR_INTEL ? MC_FAMILY_INTEL : MC_FAMILY_AMD;
    return true;
}
