/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/watch.h"

#include "readiness/registers.h"

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
    memset(ret, 0, sizeof *ret);
    ret->dump.format = MC_DUMP_CPUID_R;
    for (size_t i = 0; i < probe->cpu_count; i++)
        mc_dump_add_cpu(&ret->dump, probe->cpus[i]->cpu)->snapshot = probe->cpus[i]->snapshot;
    mc_profile_of_dump(&ret->dump, "this machine", &ret->profile);
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

void mc_watch_forget(struct mc_watch_state *state)
{
    mc_dump_free(&state->dump);
    *state = (struct mc_watch_state){0};
}

/* ---- CPUID ---- */

/* Told as vendor, signature, brand and hypervisor, when these are told. */
static bool is_identity(const struct mc_difference *difference)
{
    uint32_t leaf = difference->leaf;
    return leaf == 0 || leaf == 0x80000000 || leaf == 0x40000000 ? difference->reg != MC_EAX
                                                                 : (leaf == 1 && difference->reg == MC_EAX) ||
                                                                       (leaf >= 0x80000002 && leaf <= 0x80000004);
}

static struct mc_change word_change(const struct mc_difference *difference, struct mc_arena *arena)
{
    struct mc_change change = {.kind = difference->leaf >> 28 == 4 ? MC_CHANGE_HYPERVISOR : MC_CHANGE_CPUID,
                               .what = mc_arena_strdup(arena, difference->what),
                               .lost = difference->before > difference->after};
    switch (difference->kind) {
    case MC_DIFFERENCE_BIT:
    case MC_DIFFERENCE_STATE:
        change.before = difference->before ? "reported" : "not reported";
        change.after = difference->after ? "reported" : "not reported";
        break;
    case MC_DIFFERENCE_LIMIT:
        change.before = mc_arena_printf(arena, "%u", difference->before);
        change.after = mc_arena_printf(arena, "%u", difference->after);
        break;
    case MC_DIFFERENCE_REGISTER:
        change.before = mc_arena_printf(arena, "0x%x", difference->before);
        change.after = mc_arena_printf(arena, "0x%x", difference->after);
        change.is_register = true;
        /* Where a state component lies (0xD.n.EBX): what was saved before would be read at the wrong place. */
        change.lost = difference->leaf == 0xD && difference->subleaf > 1 && difference->reg == MC_EBX && difference->before;
        break;
    }
    return change;
}

/* One difference, with the CPUs that have it. */
struct shared {
    struct mc_difference difference;
    MC_VECTOR(unsigned) cpus;
};
typedef MC_VECTOR(struct shared) shared_list;

static bool same(const struct mc_difference *a, const struct mc_difference *b)
{
    return a->leaf == b->leaf && a->subleaf == b->subleaf && a->reg == b->reg && a->before == b->before &&
           a->after == b->after && !strcmp(a->what, b->what);
}

/* CPUs nearly always differ in the same things in the same order: looked for from behind the last that was found. */
static void share(shared_list *list, const struct mc_difference *difference, unsigned cpu, size_t *from)
{
    size_t count = list->count;
    for (size_t n = 0; n < count; n++) {
        size_t i = (*from + n) % count;
        if (!same(&list->items[i].difference, difference))
            continue;
        mc_push(&list->items[i].cpus, cpu);
        *from = i + 1;
        return;
    }
    struct shared one = {.difference = *difference};
    mc_push(&one.cpus, cpu);
    mc_push(list, one);
}

static const struct mc_snapshot *find_cpu(const struct mc_dump *dump, size_t index, unsigned cpu)
{
    if (index < dump->count && dump->cpus[index].cpu == cpu)
        return &dump->cpus[index].snapshot;
    for (size_t i = 0; i < dump->count; i++)
        if (dump->cpus[i].cpu == cpu)
            return &dump->cpus[i].snapshot;
    return NULL;
}

/* `named`: vendor, signature, brand or hypervisor have changed, and were told as such. Each CPU against itself. */
static void compare_cpuid(const struct mc_dump *before, const struct mc_dump *after, bool named, struct mc_arena *arena,
                          changes *list)
{
    shared_list found = {0};
    size_t both = 0;
    for (size_t cpu = 0; cpu < before->count; cpu++) {
        const struct mc_snapshot *now = find_cpu(after, cpu, before->cpus[cpu].cpu);
        mc_differences differences = {0};
        size_t from = 0;
        both += now != NULL;
        if (now)
            mc_registers_compare(&before->cpus[cpu].snapshot, now, &differences);
        for (size_t i = 0; i < differences.count; i++)
            if (!named || !is_identity(&differences.items[i]))
                share(&found, &differences.items[i], before->cpus[cpu].cpu, &from);
        mc_vector_free(&differences);
    }
    for (size_t i = 0; i < found.count; i++) {
        struct mc_change change = word_change(&found.items[i].difference, arena);
        if (found.items[i].cpus.count < both) {
            unsigned *cpus = MC_NEW_ARRAY(arena, found.items[i].cpus.count, unsigned);
            memcpy(cpus, found.items[i].cpus.items, found.items[i].cpus.count * sizeof *cpus);
            change.cpus = cpus;
            change.cpu_count = found.items[i].cpus.count;
        }
        mc_vector_free(&found.items[i].cpus);
        mc_push(list, change);
    }
    mc_vector_free(&found);
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
            mc_push(list, ((struct mc_change){.kind = MC_CHANGE_TRIAL, .what = name, .before = "runs", .after = "does not run", .lost = true}));
        if (mc_set_has(&began, (enum mc_feature)feature))
            mc_push(list, ((struct mc_change){.kind = MC_CHANGE_TRIAL, .what = name, .before = "does not run", .after = "runs"}));
    }
}

static void compare_above(const struct mc_watch_state *before, const struct mc_watch_state *after, changes *list)
{
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++) {
        bool was = mc_set_has(&before->above, (enum mc_feature)feature);
        bool is = mc_set_has(&after->above, (enum mc_feature)feature);
        if (was != is)
            mc_push(list, ((struct mc_change){.kind = MC_CHANGE_BASELINE,
                                              .what = mc_features[feature].name,
                                              .before = was ? "above" : "within",
                                              .after = is ? "above" : "within"}));
    }
}

/* Does the text differ, and if so, tells it. */
static bool compare_texts(enum mc_change_kind kind, const char *what, const char *before, const char *after,
                          struct mc_arena *arena, changes *list)
{
    if (strcmp(before, after) == 0)
        return false;
    mc_push(list, ((struct mc_change){.kind = kind,
                                      .what = what,
                                      .before = mc_arena_strdup(arena, before),
                                      .after = mc_arena_strdup(arena, after)}));
    return true;
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
    bool named = compare_texts(MC_CHANGE_CPU, "vendor", old->vendor, new->vendor, arena, &list);
    named |= compare_texts(MC_CHANGE_CPU, "signature", signature_text(old, arena), signature_text(new, arena), arena, &list);
    named |= compare_texts(MC_CHANGE_CPU, "brand", old->brand, new->brand, arena, &list);
    named |= compare_texts(MC_CHANGE_HYPERVISOR, "hypervisor", old->hypervisor_signature, new->hypervisor_signature, arena,
                           &list);
    compare_texts(MC_CHANGE_COUNT, "CPUs", mc_arena_printf(arena, "%zu", before->dump.count),
                  mc_arena_printf(arena, "%zu", after->dump.count), arena, &list);
    compare_cpuid(&before->dump, &after->dump, named, arena, &list);
    compare_trials(before, after, &list);
    compare_above(before, after, &list);
    *ret = MC_NEW_ARRAY(arena, list.count + 1, struct mc_change);
    if (list.count)
        memcpy(*ret, list.items, list.count * sizeof **ret);
    size_t count = list.count;
    mc_vector_free(&list);
    return count;
}
