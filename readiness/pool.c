/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/pool.h"

#include "base/vector.h"

#include <string.h>

/* ---- groups ---- */

static bool is_alike(const struct mc_profile *a, const struct mc_profile *b)
{
    return strcmp(a->vendor, b->vendor) == 0 && mc_set_equal(&a->features, &b->features);
}

static void find_groups(struct mc_arena *arena, struct mc_pool *pool)
{
    pool->groups = MC_NEW_ARRAY(arena, pool->count, struct mc_pool_group);
    for (size_t i = 0; i < pool->count; i++) {
        size_t group = 0;
        while (group < pool->group_count && !is_alike(pool->profiles[i], pool->profiles[pool->groups[group].hosts[0]]))
            group++;
        if (group == pool->group_count) {
            pool->groups[group].hosts = MC_NEW_ARRAY(arena, pool->count - i, size_t);
            pool->group_count++;
        }
        pool->groups[group].hosts[pool->groups[group].count++] = i;
    }
}

static const struct mc_profile *first_of(const struct mc_pool *pool, size_t group)
{
    return pool->profiles[pool->groups[group].hosts[0]];
}

/* Of all groups but one: what each has. */
static void judge_without(struct mc_pool *pool, size_t left_out, const struct mc_profile **others,
                          struct mc_arena *arena)
{
    struct mc_pool_group *group = &pool->groups[left_out];
    size_t count = 0;
    for (size_t i = 0; i < pool->group_count; i++)
        if (i != left_out)
            others[count++] = first_of(pool, i);
    group->unused = mc_set_minus(first_of(pool, left_out)->features, &pool->common.features);
    if (!count)
        return;
    mc_common_of(others, count, arena, &group->without);
    group->gain = mc_set_minus(group->without.features, &pool->common.features);
}

static size_t count_features(const struct mc_feature_set *set)
{
    size_t count = 0;
    for (int i = 0; i < MC_SET_WORDS; i++)
        count += (size_t)__builtin_popcountll(set->words[i]);
    return count;
}

/* By how much the pool is better without the group: baselines first, then features. */
static size_t weigh(const struct mc_pool *pool, size_t group)
{
    const struct mc_pool_group *it = &pool->groups[group];
    size_t gained = count_features(&it->gain);
    size_t more = it->without.baseline_count > pool->common.baseline_count
                      ? it->without.baseline_count - pool->common.baseline_count
                      : 0;
    return more * MC_FEATURE_COUNT + gained;
}

static void find_holder(struct mc_pool *pool)
{
    size_t best = 0;
    pool->holder = MC_POOL_NONE;
    for (size_t i = 0; i < pool->group_count; i++)
        if (weigh(pool, i) > best) {
            best = weigh(pool, i);
            pool->holder = i;
        }
}

/* ---- the rest ---- */

static void find_vendors(struct mc_arena *arena, struct mc_pool *pool)
{
    bool *done = MC_NEW_ARRAY(arena, pool->count, bool);
    const struct mc_profile **same = MC_NEW_ARRAY(arena, pool->count, const struct mc_profile *);
    MC_VECTOR(struct mc_pool_vendor) vendors = {0};
    for (size_t i = 0; i < pool->count; i++) {
        struct mc_pool_vendor vendor = {mc_profile_vendor_id(pool->profiles[i]),
                                        mc_profile_vendor(pool->profiles[i]),
                                        0,
                                        {.vendor = MC_VENDOR_ANY}};
        for (size_t k = i; k < pool->count && !done[i]; k++)
            if (strcmp(pool->profiles[i]->vendor, pool->profiles[k]->vendor) == 0)
                same[vendor.count++] = pool->profiles[k];
        for (size_t k = i + 1; k < pool->count && !done[i]; k++)
            done[k] |= strcmp(pool->profiles[i]->vendor, pool->profiles[k]->vendor) == 0;
        if (!vendor.count)
            continue;
        mc_common_of(same, vendor.count, arena, &vendor.common);
        mc_push(&vendors, vendor);
    }
    pool->vendors = MC_NEW_ARRAY(arena, vendors.count + 1, struct mc_pool_vendor);
    if (vendors.count)
        memcpy(pool->vendors, vendors.items, vendors.count * sizeof *vendors.items);
    pool->vendor_count = vendors.count;
    mc_vector_free(&vendors);
}

static void find_unnamed(struct mc_arena *arena, struct mc_pool *pool)
{
    pool->unnamed = MC_NEW_ARRAY(arena, MC_WORD_COUNT * 32, struct mc_lack);
    for (size_t word = 0; word < MC_WORD_COUNT; word++) {
        uint32_t bits = mc_word_compared(word);
        for (size_t i = 0; i < pool->count && bits; i++)
            bits &= pool->profiles[i]->all.bits[word] & pool->profiles[i]->all.known[word];
        for (; bits; bits &= bits - 1) {
            unsigned bit = (unsigned)__builtin_ctz(bits);
            if (mc_word_feature(word, bit) >= 0)
                continue;
            struct mc_lack *lack = &pool->unnamed[pool->unnamed_count++];
            *lack = (struct mc_lack){.kind = MC_LACK_BIT, .used_by = mc_words[word].used_by};
            mc_bit_name(word, bit, lack->feature);
        }
    }
}

void mc_pool_judge(const struct mc_profile *const *profiles, size_t count, struct mc_arena *arena, struct mc_pool *ret)
{
    *ret = (struct mc_pool){.profiles = profiles, .count = count};
    mc_common_of(profiles, count, arena, &ret->common);
    mc_common_vendor(profiles, count, &ret->mixed);
    find_vendors(arena, ret);
    find_groups(arena, ret);
    const struct mc_profile **others = MC_NEW_ARRAY(arena, ret->group_count, const struct mc_profile *);
    for (size_t i = 0; i < ret->group_count; i++)
        judge_without(ret, i, others, arena);
    find_holder(ret);
    find_unnamed(arena, ret);
    ret->has_qemu = mc_guest_cpu_for(&ret->common.features, ret->common.vendor, MC_GUEST_QEMU, &ret->qemu);
    ret->has_libvirt = mc_guest_cpu_for(&ret->common.features, ret->common.vendor, MC_GUEST_LIBVIRT, &ret->libvirt);
}
