/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/watch.h"

#include "base/vector.h"

#include <stdlib.h>
#include <string.h>

typedef MC_VECTOR(struct mc_change) changes;

const char *mc_change_kind_name(enum mc_change_kind kind)
{
    static const char *const names[] = {"cpuid", "trial", "cpu", "hypervisor", "count", "baseline"};
    return names[kind];
}

void mc_watch_remember(const struct mc_probe *probe, struct mc_watch_state *ret)
{
    struct mc_dump dump = {.format = MC_DUMP_CPUID_R};
    memset(ret, 0, sizeof *ret);
    for (size_t i = 0; i < probe->cpu_count; i++)
        mc_dump_add_cpu(&dump, probe->cpus[i]->cpu)->snapshot = probe->cpus[i]->snapshot;
    mc_profile_of_dump(&dump, "this machine", &ret->profile);
    mc_dump_free(&dump);
    ret->profile.machine = probe->machine;
    ret->tried = probe->tried;
    ret->above = probe->above;
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++) {
        enum mc_probe_verdict verdict = mc_probe_worst(probe, (enum mc_feature)feature);
        if (verdict == MC_PROBE_OK || verdict == MC_PROBE_MASKED)
            mc_set_add(&ret->runs, (enum mc_feature)feature);
        else if (verdict != MC_PROBE_UNTESTABLE && verdict != MC_PROBE_UNTESTED)
            mc_set_add(&ret->refused, (enum mc_feature)feature);
    }
}

static void add_lacks(changes *list, const struct mc_lack *lacks, size_t count, bool lost, struct mc_arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        struct mc_change change = {MC_CHANGE_CPUID, mc_arena_strdup(arena, lacks[i].feature), "not reported",
                                   "reported", lost};
        if (lacks[i].kind == MC_LACK_WORD)
            continue;
        if (lacks[i].kind == MC_LACK_LAYOUT && !lost)
            continue; /* said once, from the other side */
        if (lost) {
            change.before = "reported";
            change.after = "not reported";
        }
        if (lacks[i].unit) {
            const char *more = mc_arena_printf(arena, "%u", lacks[i].from);
            const char *less = mc_arena_printf(arena, "%u", lacks[i].to);
            change.before = lost ? more : less;
            change.after = lost ? less : more;
        }
        mc_push(list, change);
    }
}

static void compare_cpuid(const struct mc_profile *before, const struct mc_profile *after, struct mc_arena *arena,
                          changes *list)
{
    /* Both ways, what every CPU has: one that differs from the others counts by what it lacks. */
    struct mc_profile first = *before, second = *after;
    struct mc_comparison lost, gained;
    first.any = first.all;
    second.any = second.all;
    mc_compare(&first, &second, true, arena, &lost);
    mc_compare(&second, &first, true, arena, &gained);
    add_lacks(list, lost.missing, lost.missing_count, true, arena);
    add_lacks(list, gained.missing, gained.missing_count, false, arena);
}

static void compare_trials(const struct mc_watch_state *before, const struct mc_watch_state *after, changes *list)
{
    struct mc_feature_set stopped = mc_set_and(before->runs, &after->refused);
    struct mc_feature_set began = mc_set_and(before->refused, &after->runs);
    if (!before->tried || !after->tried)
        return;
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++) {
        const char *name = mc_features[feature].name;
        if (mc_set_has(&stopped, (enum mc_feature)feature))
            mc_push(list, ((struct mc_change){MC_CHANGE_TRIAL, name, "runs", "does not run", true}));
        if (mc_set_has(&began, (enum mc_feature)feature))
            mc_push(list, ((struct mc_change){MC_CHANGE_TRIAL, name, "does not run", "runs", false}));
    }
}

static void compare_above(const struct mc_watch_state *before, const struct mc_watch_state *after, changes *list)
{
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++) {
        bool was = mc_set_has(&before->above, (enum mc_feature)feature);
        bool is = mc_set_has(&after->above, (enum mc_feature)feature);
        if (was != is)
            mc_push(list, ((struct mc_change){MC_CHANGE_BASELINE, mc_features[feature].name, was ? "above" : "within",
                                              is ? "above" : "within", false}));
    }
}

static void compare_texts(enum mc_change_kind kind, const char *what, const char *before, const char *after,
                          struct mc_arena *arena, changes *list)
{
    if (strcmp(before, after) != 0)
        mc_push(list,
                ((struct mc_change){kind, what, mc_arena_strdup(arena, before), mc_arena_strdup(arena, after), false}));
}

static const char *signature_text(const struct mc_machine *machine, struct mc_arena *arena)
{
    return mc_arena_printf(arena, "family 0x%x model 0x%x stepping %u", machine->family, machine->model,
                           machine->stepping);
}

size_t mc_watch_compare(const struct mc_watch_state *before, const struct mc_watch_state *after, struct mc_arena *arena,
                        struct mc_change **ret)
{
    const struct mc_machine *old = &before->profile.machine, *new = &after->profile.machine;
    changes list = {0};
    compare_texts(MC_CHANGE_CPU, "vendor", old->vendor, new->vendor, arena, &list);
    compare_texts(MC_CHANGE_CPU, "signature", signature_text(old, arena), signature_text(new, arena), arena, &list);
    compare_texts(MC_CHANGE_CPU, "brand", old->brand, new->brand, arena, &list);
    compare_texts(MC_CHANGE_HYPERVISOR, "hypervisor", old->hypervisor_signature, new->hypervisor_signature, arena,
                  &list);
    compare_texts(MC_CHANGE_COUNT, "CPUs", mc_arena_printf(arena, "%zu", before->profile.cpu_count),
                  mc_arena_printf(arena, "%zu", after->profile.cpu_count), arena, &list);
    compare_cpuid(&before->profile, &after->profile, arena, &list);
    compare_trials(before, after, &list);
    compare_above(before, after, &list);
    *ret = MC_NEW_ARRAY(arena, list.count + 1, struct mc_change);
    if (list.count)
        memcpy(*ret, list.items, list.count * sizeof **ret);
    size_t count = list.count;
    mc_vector_free(&list);
    return count;
}
