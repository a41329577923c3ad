/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/audit.h"

#include <string.h>

static bool is_unsafe(enum mc_verdict verdict)
{
    return verdict >= MC_VERDICT_MISGUARDED;
}

/* What stands in the way: all it needs where an inverted or unclear test left nothing missing. */
static const struct mc_feature_set *missing_of(const struct mc_finding *finding)
{
    return mc_set_empty(&finding->missing) ? &finding->needs : &finding->missing;
}

static struct mc_audit_cause *find_cause(struct mc_audit_file *file, const struct mc_finding *finding)
{
    for (size_t i = 0; i < file->cause_count; i++)
        if (file->causes[i].verdict == finding->verdict && mc_set_equal(&file->causes[i].missing, missing_of(finding)) &&
            mc_set_equal(&file->causes[i].tested, &finding->tested))
            return &file->causes[i];
    return NULL;
}

static struct mc_audit_cause *add_cause(struct mc_audit_file *file, const struct mc_finding *finding,
                                        struct mc_arena *arena)
{
    struct mc_audit_cause *causes = MC_NEW_ARRAY(arena, file->cause_count + 1, struct mc_audit_cause);
    if (file->cause_count)
        memcpy(causes, file->causes, file->cause_count * sizeof *causes);
    file->causes = causes;
    struct mc_audit_cause *cause = &causes[file->cause_count++];
    *cause = (struct mc_audit_cause){
        .verdict = finding->verdict, .missing = *missing_of(finding), .tested = finding->tested, .absent = MC_ABSENT_ALIAS};
    return cause;
}

static const char *keep(struct mc_arena *arena, const char *text)
{
    return text ? mc_arena_strdup(arena, text) : NULL;
}

/* Proved ones make the better example; among equals the first. */
static void show(struct mc_audit_cause *cause, enum mc_mode mode, const struct mc_finding *finding, struct mc_arena *arena)
{
    cause->mode = mode;
    cause->code = finding->code;
    cause->address = finding->use.address;
    cause->function_address = finding->function_address;
    cause->need = finding->use.need;
    cause->function = keep(arena, finding->function);
    cause->reason = keep(arena, finding->reason);
    cause->rule = keep(arena, finding->rule);
    cause->root = finding->path_length ? keep(arena, finding->path[0].text) : NULL;
}

#define MAX_DOORS 100

/* Those of one more use. */
static void add_doors(struct mc_audit_cause *cause, const struct mc_finding *finding, struct mc_arena *arena)
{
    cause->open |= !finding->door_count;
    for (size_t i = 0; i < finding->door_count && !cause->open; i++) {
        bool known = false;
        for (size_t k = 0; k < cause->door_count && !known; k++)
            known = !strcmp(cause->doors[k], finding->doors[i]);
        if (!cause->doors)
            cause->doors = MC_NEW_ARRAY(arena, MAX_DOORS, const char *);
        cause->open = !known && cause->door_count == MAX_DOORS;
        if (!known && !cause->open)
            cause->doors[cause->door_count++] = mc_arena_strdup(arena, finding->doors[i]);
    }
    if (cause->open)
        cause->door_count = 0;
}

static void add_finding(const struct mc_file_result *result, const struct mc_finding *finding, struct mc_arena *arena,
                        struct mc_audit_file *file)
{
    struct mc_audit_cause *cause = find_cause(file, finding);
    if (!cause)
        cause = add_cause(file, finding, arena);
    if (!cause->uses || (cause->confidence == MC_INFERRED && finding->confidence == MC_PROVED)) {
        show(cause, result->mode, finding, arena);
        cause->confidence = finding->confidence;
    }
    cause->uses++;
    add_doors(cause, finding, arena);
    if (mc_need_at(finding->use.need)->absent == MC_ABSENT_UD)
        cause->absent = MC_ABSENT_UD;
    if (finding->at_start)
        cause->at_start = true;
}

static void sort_causes(struct mc_audit_file *file)
{
    for (size_t i = 1; i < file->cause_count; i++) { /* few: insertion keeps the order of equals */
        struct mc_audit_cause cause = file->causes[i];
        size_t at = i;
        for (; at && file->causes[at - 1].verdict < cause.verdict; at--)
            file->causes[at] = file->causes[at - 1];
        file->causes[at] = cause;
    }
}

static const char *gap_of(const struct mc_file_result *result, struct mc_arena *arena)
{
    if (result->status == MC_FILE_ERROR)
        return keep(arena, result->error.text);
    if (result->status != MC_FILE_PARTIAL || !result->gap_count)
        return NULL;
    const struct mc_gap *gap = &result->gaps[0];
    if (result->gap_count == 1)
        return mc_arena_printf(arena, "%s at 0x%llx", gap->text, (unsigned long long)gap->address);
    return mc_arena_printf(arena, "%s at 0x%llx, and %zu more places", gap->text, (unsigned long long)gap->address,
                           result->gap_count - 1);
}

/* Of several members the one that could be judged least: an archive is an error when any member is. */
static enum mc_file_status merge_status(bool first, enum mc_file_status a, enum mc_file_status b)
{
    static const int rank[] = {[MC_FILE_SKIPPED] = 0, [MC_FILE_OK] = 1, [MC_FILE_PARTIAL] = 2, [MC_FILE_ERROR] = 3};
    return first || rank[b] > rank[a] ? b : a;
}

void mc_audit_condense(const struct mc_file_result *result, struct mc_arena *arena, struct mc_audit_file *file)
{
    bool first = !file->condensed;
    file->condensed = true;
    file->status = merge_status(first, file->status, result->status);
    if (!file->gap)
        file->gap = gap_of(result, arena);
    if (result->status != MC_FILE_OK && result->status != MC_FILE_PARTIAL)
        return;
    file->program |= result->kind == MC_KIND_EXECUTABLE || result->kind == MC_KIND_PIE;
    if (!file->judged || result->verdict > file->verdict) {
        file->verdict = result->verdict;
        file->confidence = result->confidence;
    }
    for (size_t i = 0; i < result->finding_count; i++)
        if (is_unsafe(result->findings[i].verdict))
            add_finding(result, &result->findings[i], arena, file);
    file->judged = true;
    file->judged = true;
    sort_causes(file);
}
