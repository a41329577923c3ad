/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/snapshot.h"

#include <string.h>

#define RANGE_BASIC 0x00000000u
#define RANGE_HYPERVISOR 0x40000000u
#define RANGE_EXTENDED 0x80000000u
#define RANGE_CENTAUR 0xC0000000u
/* No CPU has come near this many leaves in a range; a source that says so is not believed further. */
#define RANGE_LIMIT 0xFFu
#define SUBLEAF_LIMIT 63u

enum subleaf_rule {
    SUBLEAF_NONE,       /* one answer whatever ECX holds */
    SUBLEAF_MAX_EAX,    /* subleaf 0 gives the highest in EAX */
    SUBLEAF_CACHE_TYPE, /* ends with EAX[4:0] = 0 */
    SUBLEAF_LEVEL_TYPE, /* ends with ECX[15:8] = 0 */
    SUBLEAF_XSAVE,      /* 0, 1, then one per state component in 0.EDX:EAX and 1.EDX:ECX */
    SUBLEAF_SGX,        /* 0, 1, then until EAX[3:0] = 0 */
    SUBLEAF_PCONFIG,    /* ends with EAX[11:0] = 0 */
    SUBLEAF_MASK_EAX,   /* bit n of 0.EAX: subleaf n is there */
    SUBLEAF_FOUR,       /* 0 to 3 */
};

static const struct {
    uint32_t leaf;
    enum subleaf_rule rule;
} subleaf_rules[] = {
    /* Intel SDM vol. 2A, CPUID; AMD APM vol. 3, appendix E */
    {0x4, SUBLEAF_CACHE_TYPE},
    {0x7, SUBLEAF_MAX_EAX},
    {0xB, SUBLEAF_LEVEL_TYPE},
    {0xD, SUBLEAF_XSAVE},
    {0xF, SUBLEAF_FOUR},
    {0x10, SUBLEAF_FOUR},
    {0x12, SUBLEAF_SGX},
    {0x14, SUBLEAF_MAX_EAX},
    {0x17, SUBLEAF_MAX_EAX},
    {0x18, SUBLEAF_MAX_EAX},
    {0x1B, SUBLEAF_PCONFIG},
    {0x1D, SUBLEAF_MAX_EAX},
    {0x1E, SUBLEAF_MAX_EAX},
    {0x1F, SUBLEAF_LEVEL_TYPE},
    {0x20, SUBLEAF_MAX_EAX},
    {0x23, SUBLEAF_MASK_EAX},
    {0x24, SUBLEAF_MAX_EAX},
    {0x29, SUBLEAF_MAX_EAX},
    {0x8000001D, SUBLEAF_CACHE_TYPE},
    {0x80000020, SUBLEAF_FOUR},
    {0x80000026, SUBLEAF_LEVEL_TYPE},
};

static enum subleaf_rule find_rule(uint32_t leaf)
{
    for (size_t i = 0; i < sizeof subleaf_rules / sizeof *subleaf_rules; i++)
        if (subleaf_rules[i].leaf == leaf)
            return subleaf_rules[i].rule;
    return SUBLEAF_NONE;
}

const struct mc_leaf *mc_snapshot_find(const struct mc_snapshot *snapshot, uint32_t leaf, uint32_t subleaf)
{
    for (size_t i = 0; i < snapshot->count; i++)
        if (snapshot->leaves[i].leaf == leaf && snapshot->leaves[i].subleaf == subleaf)
            return &snapshot->leaves[i];
    return NULL;
}

bool mc_snapshot_add(struct mc_snapshot *snapshot, uint32_t leaf, uint32_t subleaf, const uint32_t regs[4])
{
    struct mc_leaf *place = NULL;
    for (size_t i = 0; i < snapshot->count && !place; i++)
        if (snapshot->leaves[i].leaf == leaf && snapshot->leaves[i].subleaf == subleaf)
            place = &snapshot->leaves[i];
    if (!place && snapshot->count == MC_SNAPSHOT_LEAVES) {
        snapshot->truncated = true;
        return false;
    }
    if (!place)
        place = &snapshot->leaves[snapshot->count++];
    place->leaf = leaf;
    place->subleaf = subleaf;
    memcpy(place->regs, regs, sizeof place->regs);
    return true;
}

/* Is there a subleaf after `subleaf`, given the answers so far? first: subleaf 0; last: the one just read. */
static bool has_next(enum subleaf_rule rule, uint32_t subleaf, const uint32_t first[4], const uint32_t last[4])
{
    switch (rule) {
    case SUBLEAF_MAX_EAX:
        return subleaf < first[MC_EAX];
    case SUBLEAF_CACHE_TYPE:
        return (last[MC_EAX] & 0x1F) != 0;
    case SUBLEAF_LEVEL_TYPE:
        return (last[MC_ECX] & 0xFF00) != 0;
    case SUBLEAF_SGX:
        return subleaf < 2 || (last[MC_EAX] & 0xF) != 0;
    case SUBLEAF_PCONFIG:
        return (last[MC_EAX] & 0xFFF) != 0;
    case SUBLEAF_XSAVE:
        return true; /* gaps: the caller asks is_wanted */
    case SUBLEAF_MASK_EAX:
        return subleaf < 31;
    case SUBLEAF_FOUR:
        return subleaf < 3;
    case SUBLEAF_NONE:
        break;
    }
    return false;
}

static bool is_wanted(enum subleaf_rule rule, uint32_t subleaf, const uint32_t first[4], uint64_t components)
{
    if (rule == SUBLEAF_MASK_EAX)
        return subleaf == 0 || (first[MC_EAX] >> subleaf & 1);
    return rule != SUBLEAF_XSAVE || subleaf < 2 || (components >> subleaf & 1);
}

static void read_leaf(const struct mc_cpuid_source *source, uint32_t leaf, struct mc_snapshot *ret)
{
    enum subleaf_rule rule = find_rule(leaf);
    uint32_t first[4] = {0}, last[4] = {0};
    uint64_t components = 0; /* of leaf 0xD: user state by XCR0, supervisor state by IA32_XSS */
    for (uint32_t subleaf = 0; subleaf <= SUBLEAF_LIMIT; subleaf++) {
        if (is_wanted(rule, subleaf, first, components)) {
            if (!source->leaf(source->ctx, leaf, subleaf, last) || !mc_snapshot_add(ret, leaf, subleaf, last))
                return;
            if (subleaf == 0) {
                memcpy(first, last, sizeof first);
                components = (uint64_t)last[MC_EDX] << 32 | last[MC_EAX];
            } else if (subleaf == 1 && rule == SUBLEAF_XSAVE) {
                components |= (uint64_t)last[MC_EDX] << 32 | last[MC_ECX];
            }
        }
        if (!has_next(rule, subleaf, first, last))
            return;
    }
}

static void read_range(const struct mc_cpuid_source *source, uint32_t base, struct mc_snapshot *ret)
{
    uint32_t regs[4];
    if (!source->leaf(source->ctx, base, 0, regs) || !mc_snapshot_add(ret, base, 0, regs))
        return;
    uint32_t limit = base | RANGE_LIMIT, highest = regs[MC_EAX];
    if (highest < base || highest > (base | 0xFFFF))
        return; /* no such range: the answer is some other leaf's data, or 0 */
    for (uint32_t leaf = base + 1; leaf <= highest && leaf <= limit; leaf++)
        read_leaf(source, leaf, ret);
}

/* The hypervisor's range has no entry in leaf 0, and old hypervisors give 0 as its maximum. */
static void read_hypervisor(const struct mc_cpuid_source *source, const uint32_t highest_basic[4],
                            struct mc_snapshot *ret)
{
    bool announced = mc_snapshot_register(ret, 1, 0, MC_ECX) >> 31;
    for (uint32_t base = RANGE_HYPERVISOR; base < RANGE_HYPERVISOR + 0x400; base += 0x100) {
        uint32_t regs[4];
        if (!source->leaf(source->ctx, base, 0, regs))
            return;
        bool echo = memcmp(regs, highest_basic, sizeof regs) == 0;
        bool plausible = regs[MC_EAX] == 0 || (regs[MC_EAX] >= base && regs[MC_EAX] <= (base | RANGE_LIMIT));
        if (!plausible || (echo && !announced) || !(regs[MC_EBX] | regs[MC_ECX] | regs[MC_EDX]))
            return;
        read_range(source, base, ret);
    }
}

bool mc_snapshot_read(const struct mc_cpuid_source *source, struct mc_snapshot *ret)
{
    ret->count = 0;
    ret->truncated = false;
    read_range(source, RANGE_BASIC, ret);
    if (ret->count == 0)
        return false;
    uint32_t highest_basic[4] = {0};
    source->leaf(source->ctx, ret->leaves[0].regs[MC_EAX], 0, highest_basic);
    read_hypervisor(source, highest_basic, ret);
    read_range(source, RANGE_EXTENDED, ret);
    char vendor[13];
    mc_snapshot_vendor(ret, vendor);
    if (strcmp(vendor, "CentaurHauls") == 0 || strcmp(vendor, "  Shanghai  ") == 0)
        read_range(source, RANGE_CENTAUR, ret);
    return true;
}

/* The WinChip answers Centaur's range as the extended one. */
static bool is_echo(const struct mc_snapshot *snapshot)
{
    const struct mc_leaf *first = mc_snapshot_find(snapshot, RANGE_CENTAUR | 1, 0);
    const struct mc_leaf *other = mc_snapshot_find(snapshot, RANGE_EXTENDED | 1, 0);
    return first && other && first->regs[MC_EAX] && memcmp(first->regs, other->regs, sizeof first->regs) == 0;
}

/* Leaf 0 is always valid; any other leaf up to the maximum that its range's first leaf gives. */
static bool is_valid_leaf(const struct mc_snapshot *snapshot, uint32_t leaf)
{
    uint32_t base = leaf & 0xFFFF0000u;
    if (base == RANGE_HYPERVISOR)
        base = leaf & 0xFFFFFF00u;
    if (leaf == base)
        return true;
    const struct mc_leaf *first = mc_snapshot_find(snapshot, base, 0);
    if (base == RANGE_CENTAUR && is_echo(snapshot))
        return false;
    return first && first->regs[MC_EAX] >= leaf && first->regs[MC_EAX] <= (base | 0xFFFF);
}

uint32_t mc_snapshot_register(const struct mc_snapshot *snapshot, uint32_t leaf, uint32_t subleaf, enum mc_register reg)
{
    if (!is_valid_leaf(snapshot, leaf))
        return 0;
    if (subleaf > 0 && find_rule(leaf) == SUBLEAF_MAX_EAX) {
        const struct mc_leaf *first = mc_snapshot_find(snapshot, leaf, 0);
        if (!first || first->regs[MC_EAX] < subleaf)
            return 0;
    }
    const struct mc_leaf *found = mc_snapshot_find(snapshot, leaf, subleaf);
    return found ? found->regs[reg] : 0;
}

bool mc_snapshot_reports(const struct mc_snapshot *snapshot, enum mc_feature feature)
{
    const struct mc_feature_info *info = &mc_features[feature];
    return mc_snapshot_register(snapshot, info->leaf, info->subleaf, info->reg) >> info->bit & 1;
}

struct mc_feature_set mc_snapshot_features(const struct mc_snapshot *snapshot)
{
    struct mc_feature_set set = {0};
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++)
        if (mc_snapshot_reports(snapshot, (enum mc_feature)feature))
            mc_set_add(&set, (enum mc_feature)feature);
    return set;
}

struct mc_feature_set mc_snapshot_comparable(const struct mc_snapshot *snapshot)
{
    struct mc_feature_set set = mc_snapshot_features(snapshot);
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++)
        if (mc_features[feature].dynamic)
            mc_set_remove(&set, (enum mc_feature)feature);
    if (mc_set_has(&set, MC_F_LM))
        mc_set_add(&set, MC_F_SYSCALL);
    return set;
}

void mc_snapshot_vendor(const struct mc_snapshot *snapshot, char ret[static 13])
{
    static const enum mc_register order[3] = {MC_EBX, MC_EDX, MC_ECX};
    for (int i = 0; i < 12; i++) {
        uint32_t word = mc_snapshot_register(snapshot, 0, 0, order[i / 4]);
        char byte = (char)(word >> i % 4 * 8);
        ret[i] = byte >= 0x20 && byte < 0x7F ? byte : '?';
    }
    ret[12] = '\0';
}

bool mc_snapshot_is_amd(const struct mc_snapshot *snapshot)
{
    char vendor[13];
    mc_snapshot_vendor(snapshot, vendor);
    return strcmp(vendor, "AuthenticAMD") == 0 || strcmp(vendor, "HygonGenuine") == 0;
}

uint32_t mc_snapshot_alias_mismatch(const struct mc_snapshot *snapshot)
{
    if (!mc_snapshot_is_amd(snapshot) || !is_valid_leaf(snapshot, 0x80000001))
        return 0;
    uint32_t basic = mc_snapshot_register(snapshot, 1, 0, MC_EDX);
    return (basic ^ mc_snapshot_register(snapshot, 0x80000001, 0, MC_EDX)) & MC_ALIAS_BITS;
}
