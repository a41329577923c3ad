/* SPDX-License-Identifier: Apache-2.0 */
#include "isa/baseline.h"
#include "probe/verdict.h"

static bool is_listed(const struct mc_dependency *list, size_t count, enum mc_feature needs)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].needs == needs)
            return true;
    return false;
}

struct mc_feature_set mc_program_features(const struct mc_feature_set *set)
{
    struct mc_feature_set result = {0};
    for (int feature = mc_set_next(set, 0); feature >= 0; feature = mc_set_next(set, feature + 1))
        if (mc_features[feature].level == MC_LEVEL_USER && !mc_features[feature].dynamic)
            mc_set_add(&result, (enum mc_feature)feature);
    return result;
}

size_t mc_find_broken_implications(const struct mc_feature_set *reported, struct mc_dependency *ret, size_t capacity)
{
    const struct mc_baseline *v4 = mc_baseline_find("x86-64-v4");
    /* The models are of x86-64 CPUs: of older ones there were all combinations. */
    if (!v4 || !mc_set_has(reported, MC_F_LM))
        return 0;
    /* A mask that hides SSE4.1 breaks twenty pairs, all saying the same: one line per missing feature is enough, and
     * none where a dependency of the manuals names it already. */
    struct mc_dependency known[16];
    size_t known_count = mc_find_broken_dependencies(reported, known, 16), found = 0;
    known_count = known_count < 16 ? known_count : 16;
    struct mc_feature_set program = mc_program_features(&v4->features);
    struct mc_feature_set missing = mc_set_minus(program, reported), present = mc_set_and(program, reported);
    mc_set_remove(&missing, MC_F_SEP); /* entries to the kernel: no program counts on them */
    mc_set_remove(&missing, MC_F_SYSCALL);
    for (int needs = mc_set_next(&missing, 0); needs >= 0; needs = mc_set_next(&missing, needs + 1)) {
        if (is_listed(known, known_count, (enum mc_feature)needs))
            continue;
        for (int feature = mc_set_next(&present, 0); feature >= 0; feature = mc_set_next(&present, feature + 1)) {
            struct mc_feature_set alone = {0};
            mc_set_add(&alone, (enum mc_feature)feature);
            if (!mc_feature_implied(&alone, (enum mc_feature)needs))
                continue;
            if (found < capacity)
                ret[found] = (struct mc_dependency){(enum mc_feature)feature, (enum mc_feature)needs, false};
            found++;
            break;
        }
    }
    return found;
}

/* Provided by hypervisors on any host: emulated timers, interrupt controller and topology. */
static const enum mc_feature emulated[] = {
    MC_F_HYPERVISOR, MC_F_X2APIC, MC_F_TSC_DEADLINE, MC_F_TSC_ADJUST, MC_F_ARAT, MC_F_HT, MC_F_CMP_LEGACY, MC_F_SS,
};

bool mc_is_emulated(enum mc_feature feature)
{
    for (size_t i = 0; i < sizeof emulated / sizeof *emulated; i++)
        if (emulated[i] == feature)
            return true;
    return false;
}

struct mc_feature_set mc_above_baseline(const struct mc_feature_set *reported, const struct mc_baseline *baseline)
{
    struct mc_feature_set above = mc_set_minus(*reported, &baseline->features), defined = mc_baseline_defined(baseline);
    above = mc_set_and(above, &defined);
    for (int feature = mc_set_next(&above, 0); feature >= 0; feature = mc_set_next(&above, feature + 1))
        if (mc_features[feature].dynamic || mc_is_emulated((enum mc_feature)feature))
            mc_set_remove(&above, (enum mc_feature)feature);
    return above;
}
