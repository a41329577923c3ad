/* SPDX-License-Identifier: Apache-2.0 */
/* The decision (design.md 4.1) in four steps: is CPUID within the baseline; which programs are there and what do they
 * load; what is in the way of each; which baselines would do. Cost: programs x files they load x causes of those, all
 * small. */
#define _GNU_SOURCE /* qsort_r */
#include "readiness/audit.h"

#include "base/vector.h"

#include <stdio.h>
#include <string.h>

typedef MC_VECTOR(size_t) index_vector;
typedef MC_VECTOR(struct mc_audit_program) program_vector;
typedef MC_VECTOR(struct mc_audit_blame) blame_vector;

struct decision {
    const struct mc_audit_input *input;
    struct mc_arena *arena;
    struct mc_audit *audit;
    bool *seen;      /* by file, for one program at a time */
    bool *loaded;    /* by file: some program loads it */
    size_t *program; /* by file: index into programs + 1, 0 none */
    program_vector programs;
};

/* ---- sets ---- */

bool mc_audit_matters(const struct mc_audit_cause *cause, const struct mc_baseline *baseline, const struct mc_audit_host *host)
{
    struct mc_feature_set refused = mc_set_and(cause->missing, &host->refused);
    if (mc_set_within(&cause->missing, &baseline->features) || !mc_set_empty(&refused))
        return false;
    struct mc_feature_set defined = mc_baseline_defined(baseline), asked = mc_set_and(cause->tested, &defined);
    return mc_set_within(&asked, &baseline->features);
}

static bool refuses(enum mc_probe_verdict verdict)
{
    return verdict == MC_PROBE_ABSENT || verdict == MC_PROBE_ALIASED || verdict == MC_PROBE_BROKEN ||
           verdict == MC_PROBE_OS_OFF;
}

/* Leaves from 0xC0000000 on, and the instructions they enumerate, are Centaur's (VIA, Zhaoxin). They cannot be tried, but the
 * opcode maps of the other vendors have nothing there: #UD (Intel SDM vol. 2D, table A-3; AMD APM vol. 3, table A-2). */
static bool is_of_another_vendor(const struct mc_machine *machine, enum mc_feature feature)
{
    static const char *const others[] = {"GenuineIntel", "AuthenticAMD", "HygonGenuine"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (!strcmp(machine->vendor, others[i]))
            return mc_features[feature].leaf >= 0xC0000000;
    return false;
}

struct mc_audit_host mc_audit_host_of(const struct mc_probe *probe)
{
    struct mc_audit_host host = {.reported = probe->reported, .by_any = probe->reported_by_any};
    host.masked = mc_probe_having(probe, MC_PROBE_MASKED);
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++) {
        bool all = probe->cpu_count > 0;
        for (size_t i = 0; i < probe->cpu_count && all; i++)
            all = refuses(probe->cpus[i]->features[feature].verdict);
        if (all || is_of_another_vendor(&probe->machine, (enum mc_feature)feature))
            mc_set_add(&host.refused, (enum mc_feature)feature);
    }
    for (size_t i = 0; i < mc_baseline_count(); i++)
        if (mc_baseline_at(i)->family < MC_FAMILY_MODEL && mc_probe_concerns(probe, mc_baseline_at(i)))
            host.families[mc_baseline_at(i)->family] = true;
    return host;
}

static void choose_target(struct decision *decision)
{
    const struct mc_audit_input *input = decision->input;
    struct mc_audit *audit = decision->audit;
    audit->open = !input->baseline;
    if (input->baseline) {
        audit->target = *input->baseline;
    } else {
        snprintf(audit->target.name, sizeof audit->target.name, "what CPUID reports here");
        audit->target.family = MC_FAMILY_MODEL;
        audit->target.features = input->host.reported;
    }
    audit->above = mc_above_baseline(&input->host.by_any, &audit->target);
    audit->outside = !mc_set_empty(&audit->above) || (input->comparison && input->comparison->reason);
    audit->masked = mc_set_minus(input->host.masked, &audit->target.features);
}

/* ---- programs ---- */

static struct mc_audit_program *program_of(struct decision *decision, size_t file)
{
    if (!decision->program[file]) {
        mc_push(&decision->programs, (struct mc_audit_program){.file = file});
        decision->program[file] = decision->programs.count;
    }
    return &decision->programs.items[decision->program[file] - 1];
}

static void find_programs(struct decision *decision)
{
    const struct mc_audit_input *input = decision->input;
    for (size_t i = 0; i < input->process_count; i++)
        if (input->processes[i].program != MC_AUDIT_NONE)
            program_of(decision, input->processes[i].program)->process_count++;
    for (size_t i = 0; i < input->file_count; i++)
        if (input->files[i].asked && input->files[i].program)
            program_of(decision, i);
    for (size_t i = 0; i < decision->programs.count; i++) {
        struct mc_audit_program *program = &decision->programs.items[i];
        program->processes = MC_NEW_ARRAY(decision->arena, program->process_count + 1, size_t);
        program->process_count = 0;
    }
    for (size_t i = 0; i < input->process_count; i++)
        if (input->processes[i].program != MC_AUDIT_NONE) {
            struct mc_audit_program *program = program_of(decision, input->processes[i].program);
            program->processes[program->process_count++] = i;
        }
}

static void load(struct decision *decision, const size_t *files, size_t count, index_vector *list)
{
    for (size_t i = 0; i < count; i++) {
        decision->loaded[files[i]] = true;
        if (!decision->seen[files[i]])
            mc_push(list, files[i]);
        decision->seen[files[i]] = true;
    }
}

/* The program's file, what ld.so would load for it, and what its processes have mapped. */
static void find_files(struct decision *decision, struct mc_audit_program *program)
{
    const struct mc_audit_input *input = decision->input;
    const struct mc_audit_file *file = &input->files[program->file];
    index_vector list = {0};
    mc_push(&list, program->file);
    decision->seen[program->file] = true;
    load(decision, file->loads, file->load_count, &list);
    for (size_t i = 0; i < program->process_count; i++) {
        const struct mc_audit_process *process = &input->processes[program->processes[i]];
        load(decision, process->files, process->file_count, &list);
    }
    program->files = MC_NEW_ARRAY(decision->arena, list.count, size_t);
    program->file_count = list.count;
    for (size_t i = 0; i < list.count; i++) {
        program->files[i] = list.items[i];
        decision->seen[list.items[i]] = false;
    }
    mc_vector_free(&list);
}

static bool is_judged(const struct mc_audit_file *file)
{
    return file->condensed && (file->status == MC_FILE_OK || file->status == MC_FILE_PARTIAL);
}

static bool is_whole(const struct mc_audit_file *file)
{
    return file->condensed && (file->status == MC_FILE_OK || file->status == MC_FILE_SKIPPED) && !file->missing_library;
}

static bool imports_door(const struct mc_audit_file *file, const struct mc_audit_cause *cause)
{
    for (size_t i = 0; i < file->import_count; i++)
        for (size_t k = 0; k < cause->door_count; k++)
            if (!strcmp(file->imports[i], cause->doors[k]))
                return true;
    return file->imports_unknown;
}

static bool is_linked(const struct mc_audit_file *program, size_t library)
{
    for (size_t i = 0; i < program->load_count; i++)
        if (program->loads[i] == library)
            return true;
    return false;
}

/* By something of what is loaded together with the library. One that ld.so does not load for the program came by dlopen(): what it
 * is asked for then is not seen. */
static bool is_reached(const struct decision *decision, size_t program, size_t library, const struct mc_audit_cause *cause,
                       const size_t *files, size_t count)
{
    if (cause->open || !cause->door_count || program == MC_AUDIT_NONE || !is_linked(&decision->input->files[program], library))
        return true;
    for (size_t i = 0; i < count; i++)
        if (files[i] != library && imports_door(&decision->input->files[files[i]], cause))
            return true;
    return false;
}

/* Of a library it is known to be reached only when loading it is enough. */
static enum mc_confidence blame_confidence(const struct mc_audit_cause *cause, bool own)
{
    return own || cause->at_start ? cause->confidence : MC_INFERRED;
}

static void blame_file(struct decision *decision, size_t index, struct mc_audit_program *program, const size_t *files,
                       size_t file_count, blame_vector *blames)
{
    bool own = index == program->file;
    const struct mc_audit_file *file = &decision->input->files[index];
    const struct mc_audit_host *host = &decision->input->host;
    program->partial |= !is_whole(file);
    if (is_judged(file) && file->verdict >= MC_VERDICT_GUARDED && program->verdict == MC_VERDICT_CLEAN)
        program->verdict = MC_VERDICT_GUARDED;
    if (is_judged(file) && file->verdict == MC_VERDICT_GUARDED && file->confidence == MC_INFERRED)
        program->confidence = MC_INFERRED;
    for (size_t i = 0; i < file->cause_count; i++) {
        const struct mc_audit_cause *cause = &file->causes[i];
        bool matters = mc_audit_matters(cause, &decision->audit->target, host);
        if (matters && (own || is_reached(decision, program->file, index, cause, files, file_count)))
            mc_push(blames, ((struct mc_audit_blame){index, cause, blame_confidence(cause, own)}));
        if (!matters && !mc_set_within(&cause->missing, &decision->audit->target.features)) {
            struct mc_feature_set refused = mc_set_and(cause->missing, &host->refused);
            program->refused_causes += !mc_set_empty(&refused);
        }
    }
}

/* The program's own uses before its libraries', the worse ones first, by feature last. */
static int compare_blames(const void *left, const void *right, void *context)
{
    const struct mc_audit_blame *a = left, *b = right;
    size_t own = *(const size_t *)context;
    if (a->cause->verdict != b->cause->verdict)
        return a->cause->verdict < b->cause->verdict ? 1 : -1;
    if ((a->file == own) != (b->file == own))
        return a->file == own ? -1 : 1;
    if (a->confidence != b->confidence)
        return a->confidence < b->confidence ? 1 : -1;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    return a->cause->address < b->cause->address ? -1 : a->cause->address > b->cause->address;
}

static void judge(struct decision *decision, struct mc_audit_program *program)
{
    blame_vector blames = {0};
    find_files(decision, program);
    program->judged = is_judged(&decision->input->files[program->file]);
    program->confidence = MC_PROVED;
    for (size_t i = 0; i < program->file_count; i++)
        blame_file(decision, program->files[i], program, program->files, program->file_count, &blames);
    if (blames.count)
        qsort_r(blames.items, blames.count, sizeof *blames.items, compare_blames, &program->file);
    program->blame_count = blames.count;
    program->blames = MC_NEW_ARRAY(decision->arena, blames.count + 1, struct mc_audit_blame);
    for (size_t i = 0; i < blames.count; i++) {
        program->blames[i] = blames.items[i];
        program->missing = mc_set_or(program->missing, &blames.items[i].cause->missing);
    }
    if (blames.count) {
        program->verdict = blames.items[0].cause->verdict;
        program->confidence = MC_INFERRED;
        for (size_t i = 0; i < blames.count && blames.items[i].cause->verdict == program->verdict; i++)
            if (blames.items[i].confidence == MC_PROVED)
                program->confidence = MC_PROVED;
    }
    mc_vector_free(&blames);
}

/* What was asked about, is no program, is loaded by none, and still has something in the way. */
static void add_lone_libraries(struct decision *decision)
{
    const struct mc_audit_input *input = decision->input;
    for (size_t i = 0; i < input->file_count; i++) {
        const struct mc_audit_file *file = &input->files[i];
        bool lone = file->asked && !file->program && !decision->loaded[i] && !decision->program[i], matters = false;
        for (size_t k = 0; k < file->cause_count && lone && !matters; k++)
            matters = mc_audit_matters(&file->causes[k], &decision->audit->target, &input->host);
        if (!matters)
            continue;
        struct mc_audit_program *program = program_of(decision, i);
        program->library = true;
        program->processes = MC_NEW_ARRAY(decision->arena, 1, size_t);
        judge(decision, program);
    }
}

static int compare_programs(const void *left, const void *right, void *context)
{
    const struct mc_audit_program *a = left, *b = right;
    const struct mc_audit_file *files = ((const struct mc_audit_input *)context)->files;
    if (!a->blame_count != !b->blame_count)
        return a->blame_count ? -1 : 1;
    if (!a->process_count != !b->process_count)
        return a->process_count ? -1 : 1;
    int by_name = strcmp(files[a->file].name, files[b->file].name);
    return by_name ? by_name : strcmp(files[a->file].path, files[b->file].path);
}

static void judge_programs(struct decision *decision)
{
    struct mc_audit *audit = decision->audit;
    find_programs(decision);
    for (size_t i = 0; i < decision->programs.count; i++)
        judge(decision, &decision->programs.items[i]);
    add_lone_libraries(decision);
    struct mc_audit_input input = *decision->input; /* qsort_r's context is not const */
    audit->program_count = decision->programs.count;
    audit->programs = MC_NEW_ARRAY(decision->arena, audit->program_count + 1, struct mc_audit_program);
    if (audit->program_count)
        memcpy(audit->programs, decision->programs.items, audit->program_count * sizeof *audit->programs);
    qsort_r(audit->programs, audit->program_count, sizeof *audit->programs, compare_programs, &input);
    audit->unstoppable = MC_AUDIT_NONE;
    for (size_t i = 0; i < audit->program_count && audit->programs[i].blame_count; i++) {
        const struct mc_audit_program *program = &audit->programs[i];
        audit->unsafe_count++;
        audit->unsafe_running += program->process_count > 0;
        for (size_t k = 0; k < program->process_count; k++)
            if (input.processes[program->processes[k]].pid == 1)
                audit->unstoppable = i;
    }
}

static bool is_blamed(const struct mc_audit *audit, const struct mc_audit_cause *cause)
{
    for (size_t i = 0; i < audit->unsafe_count; i++)
        for (size_t k = 0; k < audit->programs[i].blame_count; k++)
            if (audit->programs[i].blames[k].cause == cause)
                return true;
    return false;
}

static void find_unreached(struct decision *decision)
{
    const struct mc_audit_input *input = decision->input;
    struct mc_audit *audit = decision->audit;
    MC_VECTOR(struct mc_audit_unreached) found = {0};
    for (size_t i = 0; i < input->file_count; i++)
        for (size_t k = 0; k < input->files[i].cause_count && decision->loaded[i]; k++) {
            const struct mc_audit_cause *cause = &input->files[i].causes[k];
            if (cause->door_count && mc_audit_matters(cause, &audit->target, &input->host) && !is_blamed(audit, cause))
                mc_push(&found, ((struct mc_audit_unreached){i, cause}));
        }
    audit->unreached_count = found.count;
    audit->unreached = MC_NEW_ARRAY(decision->arena, found.count + 1, struct mc_audit_unreached);
    if (found.count)
        memcpy(audit->unreached, found.items, found.count * sizeof *found.items);
    mc_vector_free(&found);
}

/* ---- processes and what was not seen ---- */

static void judge_processes(struct decision *decision)
{
    const struct mc_audit_input *input = decision->input;
    struct mc_audit *audit = decision->audit;
    audit->processes = MC_NEW_ARRAY(decision->arena, input->process_count + 1, enum mc_verdict);
    for (size_t i = 0; i < input->process_count; i++) {
        const struct mc_audit_process *process = &input->processes[i];
        struct mc_audit_program whole = {.file = process->program, .verdict = MC_VERDICT_CLEAN};
        blame_vector blames = {0};
        for (size_t k = 0; k < process->file_count; k++)
            blame_file(decision, process->files[k], &whole, process->files, process->file_count, &blames);
        for (size_t k = 0; k < blames.count; k++)
            if (blames.items[k].cause->verdict > whole.verdict)
                whole.verdict = blames.items[k].cause->verdict;
        audit->processes[i] = whole.verdict;
        audit->unread_processes += process->unread != NULL;
        audit->generated_processes += process->generated_code;
        audit->lost_files += process->lost;
        mc_vector_free(&blames);
    }
}

static void count_unseen(struct decision *decision)
{
    const struct mc_audit_input *input = decision->input;
    struct mc_audit *audit = decision->audit;
    for (size_t i = 0; i < input->file_count; i++) {
        const struct mc_audit_file *file = &input->files[i];
        audit->partial_files += file->condensed && file->status == MC_FILE_PARTIAL;
        audit->error_files += file->condensed && file->status == MC_FILE_ERROR;
        audit->unresolved_files += file->missing_library != NULL && (decision->program[i] || decision->loaded[i]);
    }
    audit->incomplete = audit->unread_processes + audit->generated_processes + audit->lost_files +
                            audit->partial_files + audit->error_files + audit->unresolved_files >
                        0;
}

/* ---- baselines ---- */

static bool is_in_the_way(const struct decision *decision, const struct mc_audit_program *program,
                          const struct mc_baseline *baseline)
{
    for (size_t i = 0; i < program->file_count; i++) {
        const struct mc_audit_file *file = &decision->input->files[program->files[i]];
        for (size_t k = 0; k < file->cause_count; k++)
            if (mc_audit_matters(&file->causes[k], baseline, &decision->input->host) &&
                (i == 0 || is_reached(decision, program->file, program->files[i], &file->causes[k], program->files, program->file_count)))
                return true;
    }
    return false;
}

/* The programs in the way of a baseline, as indices. ret may be NULL, to count only. */
static size_t programs_in_the_way(const struct decision *decision, const struct mc_baseline *baseline, size_t *ret)
{
    size_t count = 0;
    for (size_t i = 0; i < decision->audit->program_count; i++) {
        bool in_the_way = is_in_the_way(decision, &decision->audit->programs[i], baseline);
        if (in_the_way && ret)
            ret[count] = i;
        count += in_the_way;
    }
    return count;
}

static unsigned count_set(const struct mc_feature_set *set)
{
    unsigned count = 0;
    for (int feature = mc_set_next(set, 0); feature >= 0; feature = mc_set_next(set, feature + 1))
        count++;
    return count;
}

/* The scan says nothing of what lies within its own baseline, so the row must hold at least that: `floor`. */
static bool may_move(const struct decision *decision, const struct mc_baseline *baseline,
                     const struct mc_feature_set *floor)
{
    struct mc_feature_set above = mc_above_baseline(&decision->input->host.by_any, baseline);
    return mc_set_within(floor, &baseline->features) && mc_set_empty(&above) &&
           !programs_in_the_way(decision, baseline, NULL);
}

/* The row of the family that is least out of reach: what CPUID reports beyond it is least; the lowest of those. */
static const struct mc_baseline *nearest(const struct decision *decision, enum mc_family family)
{
    const struct mc_baseline *best = NULL;
    unsigned least = 0;
    for (size_t i = 0; i < mc_baseline_count(); i++) {
        const struct mc_baseline *row = mc_baseline_at(i);
        if (row->family != family)
            continue;
        struct mc_feature_set above = mc_above_baseline(&decision->input->host.by_any, row);
        unsigned count = count_set(&above);
        if (!best || count < least) {
            best = row;
            least = count;
        }
    }
    return best;
}

static void judge_family(struct decision *decision, enum mc_family family, const struct mc_feature_set *floor)
{
    struct mc_audit *audit = decision->audit;
    struct mc_audit_family *result = &audit->families[audit->family_count++];
    const struct mc_baseline *before = NULL;
    *result = (struct mc_audit_family){.family = family};
    for (size_t i = 0; i < mc_baseline_count() && !result->lowest; i++) {
        const struct mc_baseline *row = mc_baseline_at(i);
        if (row->family != family || strcmp(row->name, "i686") == 0) /* no x86-64 system fits on it */
            continue;
        if (may_move(decision, row, floor))
            result->lowest = row;
        else
            before = row;
    }
    result->below = result->lowest ? before : nearest(decision, family);
    if (!result->below)
        return;
    result->above = mc_above_baseline(&decision->input->host.by_any, result->below);
    result->programs = MC_NEW_ARRAY(decision->arena, audit->program_count + 1, size_t);
    result->program_count = programs_in_the_way(decision, result->below, result->programs);
}

static void judge_families(struct decision *decision)
{
    struct mc_audit *audit = decision->audit;
    struct mc_feature_set floor = {0};
    if (decision->input->baseline)
        floor = mc_program_features(&decision->input->baseline->features);
    for (int family = 0; family < MC_FAMILY_MODEL; family++) {
        if (!decision->input->host.families[family])
            continue;
        judge_family(decision, (enum mc_family)family, &floor);
        const struct mc_baseline *lowest = audit->families[audit->family_count - 1].lowest;
        *(family == MC_FAMILY_PSABI   ? &audit->enough.psabi
          : family == MC_FAMILY_INTEL ? &audit->enough.intel
                                      : &audit->enough.amd) = lowest;
    }
}

void mc_audit_decide(const struct mc_audit_input *input, struct mc_arena *arena, struct mc_audit *ret)
{
    *ret = (struct mc_audit){.answer = MC_AUDIT_READY};
    struct decision decision = {.input = input, .arena = arena, .audit = ret};
    decision.seen = MC_NEW_ARRAY(arena, input->file_count + 1, bool);
    decision.loaded = MC_NEW_ARRAY(arena, input->file_count + 1, bool);
    decision.program = MC_NEW_ARRAY(arena, input->file_count + 1, size_t);
    choose_target(&decision);
    judge_programs(&decision);
    find_unreached(&decision);
    judge_processes(&decision);
    count_unseen(&decision);
    judge_families(&decision);
    if (ret->outside || ret->unstoppable != MC_AUDIT_NONE)
        ret->answer = MC_AUDIT_NOT_READY;
    else if (ret->unsafe_count)
        ret->answer = MC_AUDIT_READY_WITHOUT;
    mc_vector_free(&decision.programs);
}
