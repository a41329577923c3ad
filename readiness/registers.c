/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/registers.h"

#include <string.h>

/* One register, and which of its bits are still to be told. */
struct pair {
    uint32_t leaf, subleaf;
    enum mc_register reg;
    uint32_t before, after, changed;
};

static struct mc_difference *add(mc_differences *list, const struct pair *pair, enum mc_difference_kind kind)
{
    mc_push(list, ((struct mc_difference){.kind = kind, .leaf = pair->leaf, .subleaf = pair->subleaf, .reg = pair->reg}));
    return &list->items[list->count - 1];
}

static void tell_bits(struct pair *pair, mc_differences *list)
{
    int word = mc_word_at(pair->leaf, pair->subleaf, pair->reg);
    uint32_t bits = word < 0 ? 0 : pair->changed & mc_word_compared((size_t)word);
    for (uint32_t rest = bits; rest; rest &= rest - 1) {
        unsigned bit = (unsigned)__builtin_ctz(rest);
        struct mc_difference *difference = add(list, pair, MC_DIFFERENCE_BIT);
        mc_bit_name((size_t)word, bit, difference->what);
        difference->before = pair->before >> bit & 1;
        difference->after = pair->after >> bit & 1;
    }
    pair->changed &= ~bits;
}

static void tell_limits(struct pair *pair, mc_differences *list)
{
    for (size_t i = 0; i < MC_LIMIT_COUNT; i++) {
        const struct mc_limit_info *limit = &mc_limits[i];
        uint32_t field = (uint32_t)((UINT64_C(1) << limit->width) - 1);
        if (limit->leaf != pair->leaf || limit->subleaf != pair->subleaf || limit->reg != pair->reg ||
            !(pair->changed & field << limit->shift))
            continue;
        struct mc_difference *difference = add(list, pair, MC_DIFFERENCE_LIMIT);
        memcpy(difference->what, limit->name, strlen(limit->name) + 1);
        difference->before = pair->before >> limit->shift & field;
        difference->after = pair->after >> limit->shift & field;
        pair->changed &= ~(field << limit->shift);
    }
}

/* XCR0 has its bits in 0xD.0 EDX:EAX, IA32_XSS in 0xD.1 EDX:ECX (SDM vol. 1, 13.2). */
static void tell_states(struct pair *pair, mc_differences *list)
{
    bool low = pair->reg == (pair->subleaf ? MC_ECX : MC_EAX), high = pair->reg == MC_EDX;
    if (pair->leaf != 0xD || pair->subleaf > 1 || (!low && !high))
        return;
    for (; pair->changed; pair->changed &= pair->changed - 1) {
        unsigned bit = (unsigned)__builtin_ctz(pair->changed);
        struct mc_difference *difference = add(list, pair, MC_DIFFERENCE_STATE);
        mc_component_name(bit + (high ? 32 : 0), difference->what);
        difference->before = pair->before >> bit & 1;
        difference->after = pair->after >> bit & 1;
    }
}

static void tell_rest(const struct pair *pair, mc_differences *list)
{
    if (!pair->changed)
        return;
    struct mc_difference *difference = add(list, pair, MC_DIFFERENCE_REGISTER);
    mc_register_name(pair->leaf, pair->subleaf, pair->reg, difference->what);
    difference->before = pair->before;
    difference->after = pair->after;
}

/* AMD's second copy of 1.EDX changes with the first; where it changes alone, tell_rest says so. */
static uint32_t copied_changes(const struct mc_snapshot *before, const struct mc_snapshot *after)
{
    const struct mc_leaf *a = mc_snapshot_find(before, 1, 0), *b = mc_snapshot_find(after, 1, 0);
    return a && b && mc_snapshot_is_amd(before) && mc_snapshot_is_amd(after)
               ? (a->regs[MC_EDX] ^ b->regs[MC_EDX]) & MC_ALIAS_BITS
               : 0;
}

static void compare_leaf(const struct mc_leaf *place, const uint32_t *before, const uint32_t *after, uint32_t copies,
                         mc_differences *list)
{
    for (enum mc_register reg = MC_EAX; reg <= MC_EDX; reg++) {
        struct pair pair = {place->leaf, place->subleaf, reg, before[reg], after[reg], before[reg] ^ after[reg]};
        if (!pair.changed)
            continue;
        pair.changed &= ~mc_passing_bits(pair.leaf, pair.subleaf, reg);
        if (pair.leaf == 0x80000001 && reg == MC_EDX)
            pair.changed &= ~copies;
        tell_bits(&pair, list);
        tell_limits(&pair, list);
        tell_states(&pair, list);
        tell_rest(&pair, list);
    }
}

/* Readings of one CPU have their leaves in the same order, nearly always. */
static const struct mc_leaf *find_near(const struct mc_snapshot *snapshot, size_t index, const struct mc_leaf *place)
{
    const struct mc_leaf *there = index < snapshot->count ? &snapshot->leaves[index] : NULL;
    if (there && there->leaf == place->leaf && there->subleaf == place->subleaf)
        return there;
    return mc_snapshot_find(snapshot, place->leaf, place->subleaf);
}

void mc_registers_compare(const struct mc_snapshot *before, const struct mc_snapshot *after, mc_differences *ret)
{
    static const uint32_t zeros[4];
    uint32_t copies = copied_changes(before, after);
    for (size_t i = 0; i < before->count; i++) {
        const struct mc_leaf *old = &before->leaves[i], *new = find_near(after, i, old);
        compare_leaf(old, old->regs, new ? new->regs : zeros, copies, ret);
    }
    for (size_t i = 0; i < after->count; i++)
        if (!find_near(before, i, &after->leaves[i]))
            compare_leaf(&after->leaves[i], zeros, after->leaves[i].regs, copies, ret);
}
