/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/compare.h"

#include "base/vector.h"
#include "probe/probe.h"

#include <stdio.h>
#include <string.h>

typedef MC_VECTOR(struct mc_lack) lacks;

struct work {
    const struct mc_capabilities *from, *to;
    lacks missing, not_compared;
};

static void add_bits(lacks *list, size_t word, uint32_t bits)
{
    for (; bits; bits &= bits - 1) {
        unsigned bit = (unsigned)__builtin_ctz(bits);
        int feature = mc_word_feature(word, bit);
        struct mc_lack lack = {.kind = MC_LACK_BIT, .id = feature};
        mc_bit_name(word, bit, lack.feature);
        lack.used_by = feature >= 0 ? mc_feature_used_by((enum mc_feature)feature) : mc_words[word].used_by;
        mc_push(list, lack);
    }
}

static void compare_words(struct work *work)
{
    for (size_t word = 0; word < MC_WORD_COUNT; word++) {
        uint32_t compared = mc_word_compared(word);
        uint32_t has = work->from->bits[word] & compared, lacks_it = has & ~work->to->bits[word];
        add_bits(&work->missing, word, lacks_it & work->to->known[word]);
        add_bits(&work->not_compared, word, lacks_it & ~work->to->known[word]);
        if (!work->from->known[word] && work->to->bits[word] & compared) {
            struct mc_lack lack = {.kind = MC_LACK_WORD, .id = -1, .used_by = mc_words[word].used_by};
            mc_word_name(word, lack.feature);
            mc_push(&work->not_compared, lack);
        }
    }
}

static void name_component(unsigned bit, struct mc_lack *lack)
{
    const struct mc_component_info *info = mc_component_at(bit);
    lack->used_by = info ? info->used_by : MC_USED_BY_BOTH;
    mc_component_name(bit, lack->feature);
}

static void compare_state(struct work *work)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        struct mc_lack lack = {.kind = MC_LACK_COMPONENT, .id = -1};
        if (!(work->from->components >> bit & 1))
            continue;
        name_component(bit, &lack);
        if (!work->to->components_known)
            mc_push(&work->not_compared, lack);
        else if (!(work->to->components >> bit & 1))
            mc_push(&work->missing, lack);
        else if (work->from->offsets[bit] && work->to->offsets[bit] &&
                 work->from->offsets[bit] != work->to->offsets[bit]) {
            lack.kind = MC_LACK_LAYOUT; /* the guest's XSAVE images would be read at the wrong place */
            lack.from = work->from->offsets[bit];
            lack.to = work->to->offsets[bit];
            lack.unit = "bytes";
            mc_push(&work->missing, lack);
        }
    }
}

static void compare_limits(struct work *work)
{
    for (size_t i = 0; i < MC_LIMIT_COUNT; i++) {
        struct mc_lack lack = {.kind = MC_LACK_LIMIT,
                               .id = -1,
                               .used_by = mc_limits[i].used_by,
                               .from = work->from->limits[i],
                               .to = work->to->limits[i],
                               .unit = mc_limits[i].unit};
        snprintf(lack.feature, sizeof lack.feature, "%s", mc_limits[i].name);
        if (!work->from->limit_known[i] || !lack.from)
            continue;
        if (!work->to->limit_known[i])
            mc_push(&work->not_compared, lack);
        else if (lack.from > lack.to)
            mc_push(&work->missing, lack);
    }
}

static struct mc_lack *keep(lacks *list, struct mc_arena *arena, size_t *ret_count)
{
    struct mc_lack *kept = MC_NEW_ARRAY(arena, list->count + 1, struct mc_lack);
    if (list->count)
        memcpy(kept, list->items, list->count * sizeof *kept);
    *ret_count = list->count;
    mc_vector_free(list);
    return kept;
}

static void judge(struct mc_comparison *comparison, bool cross_vendor)
{
    comparison->reason = comparison->vendor_differs && !cross_vendor ? "vendor"
                         : comparison->missing_count                 ? "missing"
                                                                     : NULL;
    comparison->verdict = comparison->reason ? MC_COMPARE_UNSAFE : MC_COMPARE_OK;
}

void mc_compare(const struct mc_profile *from, const struct mc_profile *to, bool cross_vendor, struct mc_arena *arena,
                struct mc_comparison *ret)
{
    struct work work = {.from = &from->any, .to = &to->all};
    compare_words(&work);
    compare_state(&work);
    compare_limits(&work);
    *ret = (struct mc_comparison){.from = from, .to = to};
    ret->missing = keep(&work.missing, arena, &ret->missing_count);
    ret->not_compared = keep(&work.not_compared, arena, &ret->not_compared_count);
    ret->vendor_differs = *from->vendor && *to->vendor && strcmp(from->vendor, to->vendor) != 0;
    judge(ret, cross_vendor);
}

static size_t drop_emulated(struct mc_lack *list, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (list[i].id < 0 || !mc_is_emulated((enum mc_feature)list[i].id))
            list[kept++] = list[i];
    return kept;
}

void mc_compare_guest(const struct mc_profile *from, const struct mc_profile *to, bool cross_vendor,
                      struct mc_arena *arena, struct mc_comparison *ret)
{
    mc_compare(from, to, cross_vendor, arena, ret);
    ret->missing_count = drop_emulated(ret->missing, ret->missing_count);
    ret->not_compared_count = drop_emulated(ret->not_compared, ret->not_compared_count);
    judge(ret, cross_vendor);
}

enum mc_cpu_vendor mc_common_vendor(const struct mc_profile *const *profiles, size_t count, bool *ret_mixed)
{
    const struct mc_profile *first = NULL;
    *ret_mixed = false;
    for (size_t i = 0; i < count; i++) {
        if (!*profiles[i]->vendor)
            continue;
        if (!first)
            first = profiles[i];
        else if (strcmp(first->vendor, profiles[i]->vendor) != 0)
            *ret_mixed = true;
    }
    return first && !*ret_mixed ? mc_profile_vendor_id(first) : MC_VENDOR_ANY;
}

void mc_common_fill(const struct mc_feature_set *features, enum mc_cpu_vendor vendor, struct mc_arena *arena,
                    struct mc_common *ret)
{
    enum mc_family family = MC_FAMILY_MODEL;
    bool has_evc = mc_evc_family(vendor, &family);
    *ret = (struct mc_common){.features = *features, .vendor = vendor};
    ret->baselines = MC_NEW_ARRAY(arena, mc_baseline_count(), const struct mc_baseline *);
    for (size_t i = 0; i < mc_baseline_count(); i++) {
        const struct mc_baseline *baseline = mc_baseline_at(i);
        bool concerns = baseline->family == MC_FAMILY_PSABI || (has_evc && baseline->family == family);
        if (concerns && mc_probe_satisfies(features, baseline))
            ret->baselines[ret->baseline_count++] = baseline;
    }
    ret->psabi = mc_highest_baseline(features, MC_FAMILY_PSABI);
    ret->evc = has_evc ? mc_highest_baseline(features, family) : NULL;
}

void mc_common_of(const struct mc_profile *const *profiles, size_t count, struct mc_arena *arena, struct mc_common *ret)
{
    struct mc_feature_set features = profiles[0]->features;
    bool mixed;
    for (size_t i = 1; i < count; i++)
        features = mc_set_and(features, &profiles[i]->features);
    mc_common_fill(&features, mc_common_vendor(profiles, count, &mixed), arena, ret);
}
