/* SPDX-License-Identifier: Apache-2.0 */
/* Views against one another. Each contradiction becomes one entry per feature, however many CPUs show it. */
#include "base/vector.h"
#include "probe/probe.h"

#include <stdio.h>
#include <string.h>

struct collector {
    struct mc_probe *probe;
    MC_VECTOR(struct mc_disagreement) found;
};

static void add(struct collector *collector, enum mc_disagreement_kind kind, const char *one, const char *other,
                enum mc_feature feature, const char *text)
{
    struct mc_disagreement entry = {kind, {one, other}, feature, text};
    mc_push(&collector->found, entry);
}

/* "on CPU 0, 2, 3" or "on all CPUs" */
static const char *describe_cpus(struct mc_probe *probe, const bool *affected)
{
    size_t count = 0;
    for (size_t i = 0; i < probe->cpu_count; i++)
        count += affected[i];
    if (count == probe->cpu_count)
        return "on all CPUs";
    char text[80];
    size_t used = (size_t)snprintf(text, sizeof text, "on CPU");
    for (size_t i = 0, listed = 0; i < probe->cpu_count; i++) {
        if (!affected[i])
            continue;
        if (used > 60) {
            snprintf(text + used, sizeof text - used, " and %zu more", count - listed);
            break;
        }
        used += (size_t)snprintf(text + used, sizeof text - used, "%s %u", listed++ ? "," : "", probe->cpus[i]->cpu);
    }
    return mc_arena_strdup(&probe->arena, text);
}

enum other_view { OTHER_KERNEL, OTHER_DEVICE, OTHER_HWCAP, OTHER_COUNT };
static const struct {
    const char *name, *only_cpuid, *only_other;
} other_views[OTHER_COUNT] = {
    [OTHER_KERNEL] =
        {"kernel",
         "CPUID reports it, /proc/cpuinfo does not show it (clearcpuid=, a mitigation, a kernel that does not "
         "know it, or a mask that only the kernel sees)",
         "/proc/cpuinfo shows it, CPUID does not report it (a mask that only programs see, or a kernel that "
         "started before the mask)"},
    [OTHER_DEVICE] =
        {"device", "CPUID reports it to programs, but not to the kernel (/dev/cpu/N/cpuid)",
         "CPUID reports it to the kernel (/dev/cpu/N/cpuid), but not to programs: CPUID faulting hides it"},
    [OTHER_HWCAP] = {"hwcap", "CPUID reports it, AT_HWCAP does not", "AT_HWCAP has it, CPUID does not report it"},
};

static enum mc_answer ask_other(const struct mc_probe *probe, const struct mc_probe_cpu *cpu, enum other_view view,
                                enum mc_feature feature)
{
    const struct mc_feature_info *info = &mc_features[feature];
    switch (view) {
    case OTHER_KERNEL:
        return cpu->features[feature].kernel;
    case OTHER_DEVICE:
        if (!cpu->device_known)
            return MC_ANSWER_UNKNOWN;
        return mc_set_has(&cpu->device, feature) ? MC_ANSWER_YES : MC_ANSWER_NO;
    case OTHER_HWCAP: /* 1.EDX of the boot CPU as the kernel has it */
        if (!probe->kernel_view.hwcap_known || info->leaf != 1 || info->reg != MC_EDX)
            return MC_ANSWER_UNKNOWN;
        return probe->kernel_view.hwcap >> info->bit & 1 ? MC_ANSWER_YES : MC_ANSWER_NO;
    case OTHER_COUNT:
        break;
    }
    return MC_ANSWER_UNKNOWN;
}

static void compare_view(struct collector *collector, enum other_view view, bool *affected)
{
    struct mc_probe *probe = collector->probe;
    const char *own = probe->from_file ? "file" : "instruction";
    for (int i = 0; i < MC_FEATURE_COUNT; i++) {
        enum mc_feature feature = (enum mc_feature)i;
        for (int reported = 0; reported < 2; reported++) {
            bool any = false;
            for (size_t k = 0; k < probe->cpu_count; k++) {
                enum mc_answer other = ask_other(probe, probe->cpus[k], view, feature);
                affected[k] = probe->cpus[k]->features[i].reported == reported &&
                              other == (reported ? MC_ANSWER_NO : MC_ANSWER_YES);
                any |= affected[k];
            }
            if (any)
                add(collector, MC_DISAGREE_VIEWS, own, other_views[view].name, feature,
                    mc_arena_printf(&probe->arena, "%s %s",
                                    reported ? other_views[view].only_cpuid : other_views[view].only_other,
                                    describe_cpus(probe, affected)));
        }
    }
}

/* Against the first CPU: with three kinds of CPUs each of the others is named. */
static void compare_cpus(struct collector *collector, bool *affected)
{
    struct mc_probe *probe = collector->probe;
    for (int i = 0; i < MC_FEATURE_COUNT; i++) {
        size_t first = 0;
        if (mc_features[i].dynamic)
            continue;
        for (size_t k = 0; k < probe->cpu_count; k++) {
            affected[k] = probe->cpus[k]->features[i].reported != probe->cpus[0]->features[i].reported;
            if (affected[k] && first == 0)
                first = k;
        }
        if (first == 0)
            continue;
        bool reported = probe->cpus[0]->features[i].reported;
        add(collector, MC_DISAGREE_CPUS, mc_arena_printf(&probe->arena, "cpu %u", probe->cpus[0]->cpu),
            mc_arena_printf(&probe->arena, "cpu %u", probe->cpus[first]->cpu), (enum mc_feature)i,
            mc_arena_printf(&probe->arena, "CPU %u %s it, but it is %s %s", probe->cpus[0]->cpu,
                            reported ? "reports" : "does not report", reported ? "not reported" : "reported",
                            describe_cpus(probe, affected)));
    }
}

static void find_alias_mismatches(struct collector *collector, bool *affected)
{
    struct mc_probe *probe = collector->probe;
    for (unsigned bit = 0; bit < 32; bit++) {
        bool any = false;
        for (size_t k = 0; k < probe->cpu_count; k++) {
            affected[k] = mc_snapshot_alias_mismatch(&probe->cpus[k]->snapshot) >> bit & 1;
            any |= affected[k];
        }
        int feature = any ? mc_feature_at(1, 0, MC_EDX, bit) : -1;
        if (feature >= 0)
            add(collector, MC_DISAGREE_ALIAS, "1.edx", "80000001.edx", (enum mc_feature)feature,
                mc_arena_printf(&probe->arena,
                                "the two copies of the bit that AMD CPUs have, 1.EDX and 0x80000001.EDX, differ %s",
                                describe_cpus(probe, affected)));
    }
}

#define DEPENDENCY_LIMIT 64
static void find_broken(struct collector *collector)
{
    struct mc_probe *probe = collector->probe;
    struct mc_dependency broken[2 * DEPENDENCY_LIMIT];
    struct mc_feature_set reported = probe->reported;
    if (mc_set_has(&probe->cpus[0]->reported, MC_F_OSXSAVE))
        mc_set_add(&reported, MC_F_OSXSAVE);
    size_t count = mc_find_broken_dependencies(&reported, broken, DEPENDENCY_LIMIT);
    count = count < DEPENDENCY_LIMIT ? count : DEPENDENCY_LIMIT;
    size_t more = mc_find_broken_implications(&reported, broken + count, DEPENDENCY_LIMIT);
    count += more < DEPENDENCY_LIMIT ? more : DEPENDENCY_LIMIT;
    for (size_t i = 0; i < count; i++) {
        const char *feature = mc_features[broken[i].feature].name, *needs = mc_features[broken[i].needs].name;
        const char *text = mc_arena_printf(
            &probe->arena, "%s is reported without %s, %s", feature, needs,
            broken[i].architectural ? "on which it depends"
                                    : "which every known CPU has with it, so that programs take it for granted");
        add(collector, MC_DISAGREE_DEPENDENCY, feature, needs, broken[i].feature, text);
    }
}

void mc_probe_compare_views(struct mc_probe *probe)
{
    struct collector collector = {.probe = probe};
    bool *affected = MC_NEW_ARRAY(&probe->arena, probe->cpu_count, bool);
    find_broken(&collector);
    compare_cpus(&collector, affected);
    find_alias_mismatches(&collector, affected);
    for (int view = 0; view < OTHER_COUNT; view++)
        compare_view(&collector, (enum other_view)view, affected);
    probe->disagreements = MC_NEW_ARRAY(&probe->arena, collector.found.count, struct mc_disagreement);
    probe->disagreement_count = collector.found.count;
    if (collector.found.count > 0)
        memcpy(probe->disagreements, collector.found.items, collector.found.count * sizeof *probe->disagreements);
    mc_vector_free(&collector.found);
}
