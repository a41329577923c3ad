/* SPDX-License-Identifier: Apache-2.0 */
#include "report/audit.h"
#include "report/compare.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *mc_audit_answer_word(enum mc_audit_answer answer)
{
    static const char *const words[] = {
        [MC_AUDIT_READY] = "ready", [MC_AUDIT_READY_WITHOUT] = "ready-without", [MC_AUDIT_NOT_READY] = "not-ready"};
    return words[answer];
}

void mc_audit_print_outside(FILE *stream, const struct mc_audit_report *report)
{
    const struct mc_comparison *comparison = report->input->comparison;
    const char *target = report->audit->target.name, *between = "";
    if (comparison && comparison->vendor_differs && strcmp(comparison->reason, "vendor") == 0) {
        fprintf(stream, "its CPU is of %s, and %s of %s: programs and kernels go by the vendor, too (--cross-vendor leaves that out)",
                mc_profile_vendor(comparison->from), target, mc_profile_vendor(comparison->to));
        between = "; ";
    }
    if (comparison && comparison->missing_count) {
        fprintf(stream, "%sCPUID reports what %s lacks, power-cycle the VM under that baseline: ", between, target);
        mc_print_lack_names(stream, comparison->missing, comparison->missing_count);
    } else if (!mc_set_empty(&report->audit->above)) {
        fprintf(stream, "%sCPUID reports what %s lacks, power-cycle the VM under that baseline: ", between, target);
        mc_print_features(stream, &report->audit->above, " ");
    }
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static void print_place(FILE *stream, const struct mc_audit_cause *cause)
{
    if (cause->instruction && *cause->instruction) {
        mc_print_clean(stream, cause->instruction);
        fputs(" at ", stream);
    }
    if (!cause->function) {
        fprintf(stream, "0x%" PRIx64, cause->address);
        return;
    }
    mc_print_symbol(stream, cause->function);
    if (cause->address > cause->function_address)
        fprintf(stream, "+0x%" PRIx64, cause->address - cause->function_address);
    fprintf(stream, " (0x%" PRIx64 ")", cause->address);
}

void mc_audit_print_owner(FILE *stream, const struct mc_audit_file *file)
{
    if (file->package) {
        fputs(" (", stream);
        mc_print_clean(stream, file->package);
        fputc(')', stream);
    }
    if (file->deleted)
        fputs(" (deleted, still mapped)", stream);
}

void mc_audit_print_use(FILE *stream, const struct mc_audit_blame *blame)
{
    const struct mc_audit_cause *cause = blame->cause;
    fprintf(stream, "%s ", mc_verdict_word(cause->verdict));
    mc_print_features(stream, &cause->missing, " and ");
    if (blame->confidence == MC_INFERRED)
        fputs(" (inferred)", stream);
    if (cause->absent == MC_ABSENT_ALIAS)
        fputs(", wrong results instead of a fault", stream);
    if (cause->uses > 1)
        fprintf(stream, ", %zu uses, one is ", cause->uses);
    else
        fputs(": ", stream);
    print_place(stream, cause);
}

void mc_audit_print_blame(FILE *stream, const struct mc_audit_report *report, const struct mc_audit_blame *blame)
{
    const struct mc_audit_file *file = &report->input->files[blame->file];
    mc_print_clean(stream, base_name(file->name));
    mc_audit_print_owner(stream, file);
    fputs(": ", stream);
    mc_audit_print_use(stream, blame);
}

/* The unit when all its processes are of one. */
static const char *unit_of(const struct mc_audit_report *report, const struct mc_audit_program *program)
{
    const char *unit = NULL;
    for (size_t i = 0; i < program->process_count; i++) {
        const char *own = report->input->processes[program->processes[i]].unit;
        if (!own || (unit && strcmp(unit, own)))
            return NULL;
        unit = own;
    }
    return unit;
}

void mc_audit_print_pids(FILE *stream, const struct mc_audit_report *report, const struct mc_audit_program *program,
                         size_t limit)
{
    const char *last = NULL;
    if (!program->process_count)
        return;
    fprintf(stream, "pid%s ", program->process_count == 1 ? "" : "s");
    for (size_t i = 0; i < program->process_count && (!limit || i < limit); i++) {
        const struct mc_audit_process *process = &report->input->processes[program->processes[i]];
        fprintf(stream, "%s%d", i ? ", " : "", process->pid);
    }
    if (limit && program->process_count > limit)
        fprintf(stream, " and %zu more", program->process_count - limit);
    for (size_t i = 0; i < program->process_count; i++) {
        const struct mc_audit_process *process = &report->input->processes[program->processes[i]];
        const char *where = process->container ? process->container : process->unit;
        if (!where || (last && strcmp(last, where) == 0))
            continue;
        fprintf(stream, "%s%s", last ? ", " : " (", process->container ? "container " : "");
        mc_print_clean(stream, where);
        last = where;
    }
    if (last)
        fputc(')', stream);
}

bool mc_audit_print_enough(FILE *stream, const struct mc_audit_report *report, const struct mc_feature_set *missing)
{
    struct mc_enough enough = mc_baseline_enough(missing);
    const struct mc_baseline *rows[MC_FAMILY_MODEL] = {
        [MC_FAMILY_PSABI] = enough.psabi, [MC_FAMILY_INTEL] = enough.intel, [MC_FAMILY_AMD] = enough.amd};
    bool any = false;
    for (int family = 0; family < MC_FAMILY_MODEL; family++) {
        if (!report->input->host.families[family] || !rows[family])
            continue;
        if (stream)
            fprintf(stream, "%s%s", any ? ", " : "", rows[family]->name);
        any = true;
    }
    if (!any && stream)
        fputs("no named baseline", stream);
    return any;
}

/* Owners of what is at fault: "libfoo1, bar"; files without an owner by their name. */
static void print_owners(FILE *stream, const struct mc_audit_report *report, const struct mc_audit_program *program)
{
    enum { OWNERS_SHOWN = 3 };
    const char *shown[OWNERS_SHOWN];
    size_t count = 0;
    for (size_t i = 0; i < program->blame_count; i++) {
        const struct mc_audit_file *file = &report->input->files[program->blames[i].file];
        const char *owner = file->package ? file->package : file->name;
        bool known = false;
        for (size_t k = 0; k < count && k < OWNERS_SHOWN; k++)
            known |= strcmp(shown[k], owner) == 0;
        if (known)
            continue;
        if (count < OWNERS_SHOWN) {
            fputs(count ? ", " : "", stream);
            mc_print_clean(stream, owner);
            shown[count] = owner;
        }
        count++;
    }
    if (count > OWNERS_SHOWN)
        fputs(" and more", stream);
}

static void print_stop(FILE *stream, const struct mc_audit_report *report, const struct mc_audit_program *program,
                       bool first)
{
    const char *unit = unit_of(report, program);
    fputs(first ? "stop " : ", or stop ", stream);
    mc_print_clean(stream, unit ? unit : program->process_count == 1 ? "the process" : "its processes");
    fputs(first ? " before the move and start it again after it" : " before the move", stream);
}

void mc_audit_print_step(FILE *stream, const struct mc_audit_report *report, const struct mc_audit_program *program)
{
    bool trapped = program->verdict == MC_VERDICT_TRAPPED, unstoppable = false;
    for (size_t i = 0; i < program->process_count; i++)
        unstoppable |= report->input->processes[program->processes[i]].pid == 1;
    /* What finds out by trying finds out again on the new host. */
    if (trapped && program->process_count && !unstoppable) {
        print_stop(stream, report, program, true);
    } else {
        fputs("update or rebuild ", stream);
        print_owners(stream, report, program);
        if (unstoppable)
            fputs("; process 1 cannot be stopped", stream);
        else if (program->process_count)
            print_stop(stream, report, program, false);
        else
            fputs(", or do not start it there", stream);
    }
    fputs("; else keep the VM on hosts with ", stream);
    if (mc_audit_print_enough(NULL, report, &program->missing)) {
        fputs("at least ", stream);
        mc_audit_print_enough(stream, report, &program->missing);
    } else {
        mc_print_features(stream, &program->missing, ", ");
    }
}

/* ---- what was not seen ---- */

struct speaker {
    mc_audit_say *say;
    void *context;
};

__attribute__((format(printf, 3, 4))) static void say(const struct speaker *speaker, const char *kind,
                                                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = mc_format(format, arguments);
    va_end(arguments);
    speaker->say(speaker->context, kind, text);
    free(text);
}

#define NAMES_SHOWN 5

/* "sshd (812), cron (4)" of the processes that `wanted` picks. The caller frees it. */
static char *names_of(const struct mc_audit_report *report, bool (*wanted)(const struct mc_audit_process *))
{
    char *text = NULL;
    size_t size = 0, count = 0;
    FILE *stream = mc_open_text(&text, &size);
    for (size_t i = 0; i < report->input->process_count; i++) {
        const struct mc_audit_process *process = &report->input->processes[i];
        if (!wanted(process) || ++count > NAMES_SHOWN)
            continue;
        fputs(count > 1 ? ", " : "", stream);
        mc_print_clean(stream, process->name);
        fprintf(stream, " (%d)", process->pid);
    }
    if (count > NAMES_SHOWN)
        fprintf(stream, " and %zu more", count - NAMES_SHOWN);
    mc_close_text(stream);
    return text;
}

static bool is_unread(const struct mc_audit_process *process)
{
    return process->unread != NULL;
}

static bool has_generated(const struct mc_audit_process *process)
{
    return process->generated_code;
}

static bool has_lost(const struct mc_audit_process *process)
{
    return process->lost > 0;
}

static const char *why_unread(const struct mc_audit_report *report)
{
    for (size_t i = 0; i < report->input->process_count; i++)
        if (report->input->processes[i].unread)
            return report->input->processes[i].unread;
    return "";
}

static void say_processes(const struct speaker *speaker, const struct mc_audit_report *report)
{
    const struct mc_audit *audit = report->audit;
    if (audit->unread_processes) {
        char *names = names_of(report, is_unread);
        say(speaker, "unread", "%zu process%s could not be read (%s): %s", audit->unread_processes,
            audit->unread_processes == 1 ? "" : "es", report->privileged ? why_unread(report) : "root may", names);
        free(names);
    }
    if (audit->lost_files) {
        char *names = names_of(report, has_lost);
        say(speaker, "unread", "%zu file%s mapped by processes cannot be read any more%s: %s", audit->lost_files,
            audit->lost_files == 1 ? "" : "s", report->privileged ? "" : " (root may)", names);
        free(names);
    }
    if (audit->generated_processes) {
        char *names = names_of(report, has_generated);
        say(speaker, "generated-code", "%zu process%s code of their own making (JIT), which no file shows: %s",
            audit->generated_processes, audit->generated_processes == 1 ? " runs" : "es run", names);
        free(names);
    }
}

struct unseen_kind {
    const char *text; /* after a count of files */
    bool (*is)(const struct mc_audit_file *file);
};

static bool is_partial(const struct mc_audit_file *file)
{
    return file->condensed && file->status == MC_FILE_PARTIAL;
}

static bool is_error(const struct mc_audit_file *file)
{
    return file->condensed && file->status == MC_FILE_ERROR;
}

static bool is_unresolved(const struct mc_audit_file *file)
{
    return file->missing_library != NULL;
}

/* One sentence for a kind: how many, the first few by name. The caller frees it. */
static char *sum_up(const struct mc_audit_report *report, const struct unseen_kind *kind)
{
    char *text = NULL;
    size_t size = 0, count = 0, named = 0;
    FILE *stream = mc_open_text(&text, &size);
    for (size_t i = 0; i < report->input->file_count; i++)
        count += kind->is(&report->input->files[i]);
    fprintf(stream, "%zu file%s %s: ", count, count == 1 ? "" : "s", kind->text);
    for (size_t i = 0; i < report->input->file_count && named < NAMES_SHOWN; i++)
        if (kind->is(&report->input->files[i])) {
            fputs(named++ ? ", " : "", stream);
            mc_print_clean(stream, report->input->files[i].name);
        }
    if (count > named)
        fprintf(stream, " and %zu more", count - named);
    mc_close_text(stream);
    if (count)
        return text;
    free(text);
    return NULL;
}

static void say_file(const struct speaker *speaker, const struct mc_audit_file *file)
{
    if (is_partial(file) || is_error(file))
        say(speaker, "unread", "%s: %s: %s", file->name, is_partial(file) ? "judged only in part" : "not judged",
            file->gap ? file->gap : "no reason known");
    if (is_unresolved(file))
        say(speaker, "unread", "%s: needs %s, which the loader would not find", file->name, file->missing_library);
}

static void say_files(const struct speaker *speaker, const struct mc_audit_report *report)
{
    static const struct unseen_kind kinds[] = {
        {"could not be read", is_error},
        {"could be judged only in part", is_partial},
        {"need a library that the loader would not find", is_unresolved},
    };
    for (size_t i = 0; i < report->input->file_count && report->options->verbose; i++)
        say_file(speaker, &report->input->files[i]);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !report->options->verbose; i++) {
        char *text = sum_up(report, &kinds[i]);
        if (text)
            say(speaker, "unread", "%s", text);
        free(text);
    }
}

void mc_audit_unseen(const struct mc_audit_report *report, mc_audit_say *say_one, void *context)
{
    struct speaker speaker = {say_one, context};
    say_processes(&speaker, report);
    say_files(&speaker, report);
    if (report->probe->trial_error.kind != MC_ERROR_NONE)
        say(&speaker, "unread", "the CPU's own answer: no instruction could be tried: %s",
            report->probe->trial_error.text);
    if (report->probe->skipped_note)
        say(&speaker, "unread", "%s", report->probe->skipped_note);
}
