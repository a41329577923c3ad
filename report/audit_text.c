/* SPDX-License-Identifier: Apache-2.0 */
/* The audit for people, in the order in which an administrator asks: may it move; if not, why; what do I do to which
 * program; what could not be seen. Places in files and safe programs come only with --verbose. */
#include "report/audit.h"
#include "report/compare.h"

#include <stdlib.h>
#include <string.h>

#define PIDS_SHOWN 6
#define BLAMES_SHOWN 3
#define RUNNING_SHOWN 25
#define FILES_SHOWN 15
#define NAMES_SHOWN 6

struct printer {
    FILE *stream;
    const struct mc_audit_report *report;
};

enum style { PLAIN, BOLD, GOOD, WARN, BAD };

static const char *style(const struct printer *printer, enum style style)
{
    static const char *const codes[] = {"\033[0m", "\033[1m", "\033[1;32m", "\033[1;33m", "\033[1;31m"};
    return printer->report->options->colour ? codes[style] : "";
}

/* ---- lines ---- */

/* Text collected, then broken at blanks. */
struct line {
    FILE *stream;
    char *text;
    size_t size;
};

static struct line *begin_line(struct line *line)
{
    *line = (struct line){0};
    line->stream = mc_open_text(&line->text, &line->size);
    return line;
}

/* First line at `first` columns (already printed), the others behind `indent` blanks. */
static void end_line(const struct printer *printer, struct line *line, size_t first, size_t indent)
{
    mc_close_text(line->stream);
    mc_print_wrapped(printer->stream, line->text, first, indent);
    free(line->text);
}

static void heading(const struct printer *printer, const char *text)
{
    fprintf(printer->stream, "\n%s%s%s\n", style(printer, BOLD), text, style(printer, PLAIN));
}

static unsigned count_set(const struct mc_feature_set *set)
{
    unsigned count = 0;
    for (int feature = mc_set_next(set, 0); feature >= 0; feature = mc_set_next(set, feature + 1))
        count++;
    return count;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* ---- the answer ---- */

static void print_subject(const struct printer *printer)
{
    const struct mc_probe *probe = printer->report->probe;
    const struct mc_machine *machine = &probe->machine;
    struct line line;
    FILE *out = begin_line(&line)->stream;
    fputs(probe->from_file ? "A recorded machine" : "This machine", out);
    fputs(": ", out);
    mc_print_clean(out, *machine->brand ? machine->brand : machine->vendor);
    fprintf(out, ", %zu CPU%s", probe->cpu_count, plural(probe->cpu_count));
    if (machine->hypervisor)
        fprintf(out, ", a %s guest", machine->hypervisor_name ? machine->hypervisor_name : "virtual");
    else
        fputs(", not a guest as far as CPUID tells", out);
    end_line(printer, &line, 0, 0);
}

static void print_verdict(const struct printer *printer)
{
    const struct mc_audit *audit = printer->report->audit;
    const char *target = audit->target.name;
    const struct mc_comparison *comparison = printer->report->input->comparison;
    size_t unsafe = audit->unsafe_count, above = comparison ? comparison->missing_count : count_set(&audit->above);
    struct line line;
    if (audit->answer == MC_AUDIT_READY) {
        fprintf(printer->stream, "\n  %sREADY%s%s ", style(printer, audit->incomplete ? WARN : GOOD),
                style(printer, PLAIN), audit->incomplete ? ", as far as seen:" : ":");
        FILE *out = begin_line(&line)->stream;
        if (audit->open)
            fputs("this VM may move to every host that has at least what CPUID reports here", out);
        else
            fprintf(out, "this VM may move to hosts that have %s", target);
        fputs(". Nothing that was looked at needs more without asking CPUID first.", out);
        end_line(printer, &line, audit->incomplete ? 24 : 9, 2);
        return;
    }
    bool ready = audit->answer == MC_AUDIT_READY_WITHOUT;
    fprintf(printer->stream, "\n  %s%s%s ", style(printer, ready ? WARN : BAD),
            ready ? "READY WITHOUT" : "NOT READY:", style(printer, PLAIN));
    FILE *out = begin_line(&line)->stream;
    if (ready)
        fprintf(
            out,
            "%zu program%s (%zu running): keep them from running on hosts that have %s, and this VM may move there.",
            unsafe, plural(unsafe), audit->unsafe_running, audit->open ? "just what CPUID reports here" : target);
    else if (above)
        fprintf(out,
                "CPUID reports %zu feature%s that %s lacks, so that even correct programs may be using them already. "
                "Power the VM off and on under that baseline, then ask again.",
                above, plural(above), target);
    else if (!audit->outside)
        fprintf(out, "process 1 uses what %s lacks, and it cannot be stopped", target);
    else
        mc_audit_print_outside(out, printer->report);
    if (!ready && !above)
        fputc('.', out);
    end_line(printer, &line, ready ? 16 : 13, 2);
}

/* ---- baselines ---- */

enum { LABELS = 14 }; /* columns of the labels before what CPUID shows */

static void print_features_line(const struct printer *printer, const char *label, const struct mc_feature_set *set,
                                const char *none)
{
    struct line line;
    fprintf(printer->stream, "  %-*s", LABELS, label);
    FILE *out = begin_line(&line)->stream;
    if (mc_set_empty(set))
        fputs(none, out);
    else
        mc_print_features(out, set, " ");
    end_line(printer, &line, 2 + LABELS, 2 + LABELS);
}

static void print_obstacles(FILE *out, const struct mc_audit_report *report, const struct mc_audit_family *family)
{
    enum { PROGRAMS_NAMED = 3, FEATURES_NAMED = 12 };
    struct mc_feature_set shown = {0};
    unsigned count = count_set(&family->above), named = 0;
    for (int feature = mc_set_next(&family->above, 0); feature >= 0; feature = mc_set_next(&family->above, feature + 1))
        if (named++ < FEATURES_NAMED || report->options->verbose)
            mc_set_add(&shown, (enum mc_feature)feature);
    if (count) {
        fputs("CPUID reports ", out);
        mc_print_features(out, &shown, ", ");
    }
    if (count > count_set(&shown))
        fprintf(out, " and %u more", count - count_set(&shown));
    for (size_t i = 0; i < family->program_count && i < PROGRAMS_NAMED; i++) {
        const struct mc_audit_program *program = &report->audit->programs[family->programs[i]];
        fputs(i                              ? ", "
              : mc_set_empty(&family->above) ? "used without a sufficient check by "
                                             : "; used without a sufficient check by ",
              out);
        mc_print_clean(out, report->input->files[program->file].name);
    }
    if (family->program_count > PROGRAMS_NAMED)
        fprintf(out, " and %zu more", family->program_count - PROGRAMS_NAMED);
}

static void print_family(const struct printer *printer, const struct mc_audit_family *family)
{
    static const char *const names[] = {
        [MC_FAMILY_PSABI] = "psABI", [MC_FAMILY_INTEL] = "EVC, Intel", [MC_FAMILY_AMD] = "EVC, AMD"};
    struct line line;
    fprintf(printer->stream, "  %-12s", names[family->family]);
    FILE *out = begin_line(&line)->stream;
    if (family->lowest)
        fprintf(out, "%s", family->lowest->name);
    else
        fputs("none", out);
    if (family->below) {
        fprintf(out, family->lowest ? "; not %s: " : "; %s comes nearest, but ", family->below->name);
        print_obstacles(out, printer->report, family);
    } else {
        fputs(", the lowest there is", out);
    }
    end_line(printer, &line, 14, 14);
}

/* What is wrong with CPUID itself: no matter of the move, but it may break programs here. */
static void print_faults(const struct printer *printer)
{
    const struct mc_probe *probe = printer->report->probe;
    bool faults = probe->summary[MC_PROBE_BROKEN] || probe->summary[MC_PROBE_WRONG];
    for (size_t i = 0; i < probe->disagreement_count; i++)
        faults |=
            probe->disagreements[i].kind == MC_DISAGREE_CPUS || probe->disagreements[i].kind == MC_DISAGREE_DEPENDENCY;
    if (faults)
        fputs("  CPUID contradicts itself or the CPU here, whether the VM moves or not: see maskcheck probe.\n",
              printer->stream);
}

/* What CPUID reports beyond the baseline, by who uses it. */
static void print_reported(const struct printer *printer)
{
    static const char *const labels[] = {"  programs use", "  kernels use", "  both use"}; /* by enum mc_used_by */
    const struct mc_comparison *comparison = printer->report->input->comparison;
    FILE *stream = printer->stream;
    if (!comparison) {
        print_features_line(printer, "reported", &printer->report->audit->above, "CPUID stays within the baseline");
        return;
    }
    if (comparison->vendor_differs)
        fprintf(stream, "  %-*s%s; the baseline is of %s\n", LABELS, "vendor", mc_profile_vendor(comparison->from),
                mc_profile_vendor(comparison->to));
    if (!comparison->missing_count)
        fprintf(stream, "  %-*s%s\n", LABELS, "reported", "CPUID stays within the baseline");
    for (int used_by = MC_USED_BY_PROGRAM; used_by <= MC_USED_BY_BOTH; used_by++)
        mc_print_lacks(stream, labels[used_by], 2 + LABELS, comparison->missing, comparison->missing_count, used_by);
    if (printer->report->options->verbose)
        mc_print_lacks(stream, "  not compared", 2 + LABELS, comparison->not_compared, comparison->not_compared_count, -1);
    else if (comparison->not_compared_count)
        fprintf(stream, "  %-*s%zu more that CPUID shows, of which the baseline says nothing (-v names %s)\n", LABELS,
                "not compared", comparison->not_compared_count, comparison->not_compared_count == 1 ? "it" : "them");
}

static void print_host(const struct printer *printer)
{
    const struct mc_audit *audit = printer->report->audit;
    char text[160];
    if (audit->open) {
        heading(printer, "Lowest baselines to which this VM may move as it runs now");
        for (size_t i = 0; i < audit->family_count; i++)
            print_family(printer, &audit->families[i]);
        heading(printer, "CPU");
        print_features_line(printer, "masked", &audit->masked,
                            "nothing: the CPU executes no feature that CPUID does not report");
        print_faults(printer);
        return;
    }
    snprintf(text, sizeof text, "CPU, against %s", audit->target.name);
    heading(printer, text);
    print_reported(printer);
    print_features_line(printer, "masked", &audit->masked,
                        "nothing outside the baseline executes without being reported");
    print_faults(printer);
}

/* ---- programs in the way ---- */

static void print_program(const struct printer *printer, const struct mc_audit_program *program)
{
    const struct mc_audit_report *report = printer->report;
    const struct mc_audit_file *file = &report->input->files[program->file];
    bool verbose = report->options->verbose;
    size_t limit = verbose ? program->blame_count : BLAMES_SHOWN;
    struct line line;
    fprintf(printer->stream, "  %s", style(printer, BOLD));
    mc_print_clean(printer->stream, file->name);
    fprintf(printer->stream, "%s  ", style(printer, PLAIN));
    mc_audit_print_pids(printer->stream, report, program, verbose ? 0 : PIDS_SHOWN);
    fputs(program->library ? "(loaded by no program that was looked at)\n" : "\n", printer->stream);
    for (size_t i = 0; i < program->blame_count && i < limit; i++) {
        fputs("      ", printer->stream);
        FILE *out = begin_line(&line)->stream;
        mc_audit_print_blame(out, report, &program->blames[i]);
        fputs("; enough: ", out);
        mc_audit_print_enough(out, report, &program->blames[i].cause->missing);
        if (verbose && program->blames[i].cause->reason)
            fprintf(out, " [%s: %s]", program->blames[i].cause->rule, program->blames[i].cause->reason);
        end_line(printer, &line, 6, 10);
    }
    if (program->blame_count > limit)
        fprintf(printer->stream, "      and %zu more (--verbose)\n", program->blame_count - limit);
    fprintf(printer->stream, "      %snext:%s ", style(printer, BOLD), style(printer, PLAIN));
    FILE *out = begin_line(&line)->stream;
    mc_audit_print_step(out, report, program);
    end_line(printer, &line, 12, 12);
}

static bool same_blames(const struct mc_audit_program *a, const struct mc_audit_program *b)
{
    if (a->blame_count != b->blame_count)
        return false;
    for (size_t i = 0; i < a->blame_count; i++)
        if (a->blames[i].file != b->blames[i].file || a->blames[i].file == a->file || b->blames[i].file == b->file ||
            a->blames[i].cause != b->blames[i].cause)
            return false;
    return true;
}

/* What is wrong is the libraries' fault, and was said of an earlier program. */
static void print_same(const struct printer *printer, const struct mc_audit_program *program, const struct mc_audit_program *earlier)
{
    const struct mc_audit_report *report = printer->report;
    struct line line;
    fprintf(printer->stream, "  %s", style(printer, BOLD));
    mc_print_clean(printer->stream, report->input->files[program->file].name);
    fprintf(printer->stream, "%s  ", style(printer, PLAIN));
    mc_audit_print_pids(printer->stream, report, program, PIDS_SHOWN);
    fputs("\n      ", printer->stream);
    FILE *out = begin_line(&line)->stream;
    fputs("as ", out);
    mc_print_clean(out, report->input->files[earlier->file].name);
    end_line(printer, &line, 6, 10);
}

/* Programs at rest by the file at fault: one library is often in the way of hundreds. */
struct fault {
    size_t file;
    const struct mc_audit_blame *worst;
    struct mc_feature_set missing;
    size_t *programs, count;
};

static void add_fault(struct fault *faults, size_t *count, const struct mc_audit_blame *blame, size_t program,
                      struct mc_arena *arena, size_t capacity)
{
    size_t at = 0;
    while (at < *count && faults[at].file != blame->file)
        at++;
    if (at == *count)
        faults[(*count)++] =
            (struct fault){.file = blame->file, .worst = blame, .programs = MC_NEW_ARRAY(arena, capacity, size_t)};
    struct fault *fault = &faults[at];
    fault->missing = mc_set_or(fault->missing, &blame->cause->missing);
    if (!fault->count || fault->programs[fault->count - 1] != program)
        fault->programs[fault->count++] = program;
}

static int compare_faults(const void *left, const void *right)
{
    const struct fault *a = left, *b = right;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return a->file < b->file ? -1 : a->file > b->file;
}

static void print_fault(const struct printer *printer, const struct fault *fault)
{
    const struct mc_audit_report *report = printer->report;
    const struct mc_audit_file *file = &report->input->files[fault->file];
    const struct mc_audit_program *first = &report->audit->programs[fault->programs[0]];
    bool own = fault->count == 1 && first->file == fault->file;
    size_t limit = report->options->verbose ? fault->count : NAMES_SHOWN;
    struct line line;
    fprintf(printer->stream, "  %s", style(printer, BOLD));
    mc_print_clean(printer->stream, file->name);
    fputs(style(printer, PLAIN), printer->stream);
    mc_audit_print_owner(printer->stream, file);
    fprintf(printer->stream, "%s\n      ", own && first->library ? "  (loaded by no program that was looked at)" : "");
    FILE *out = begin_line(&line)->stream;
    mc_audit_print_use(out, fault->worst);
    fputs("; enough: ", out);
    mc_audit_print_enough(out, report, &fault->missing);
    end_line(printer, &line, 6, 10);
    if (own)
        return;
    fputs("      ", printer->stream);
    out = begin_line(&line)->stream;
    fprintf(out, "in the way of %zu program%s: ", fault->count, plural(fault->count));
    for (size_t i = 0; i < fault->count && i < limit; i++) {
        fputs(i ? ", " : "", out);
        mc_print_clean(out, report->input->files[report->audit->programs[fault->programs[i]].file].name);
    }
    if (fault->count > limit)
        fprintf(out, " and %zu more", fault->count - limit);
    end_line(printer, &line, 6, 10);
}

static void print_resting(const struct printer *printer)
{
    const struct mc_audit *audit = printer->report->audit;
    size_t capacity = audit->unsafe_count - audit->unsafe_running, count = 0;
    size_t limit = printer->report->options->verbose ? SIZE_MAX : FILES_SHOWN;
    struct mc_arena arena = {0};
    if (!capacity)
        return;
    struct fault *faults = MC_NEW_ARRAY(&arena, printer->report->input->file_count, struct fault);
    for (size_t i = audit->unsafe_running; i < audit->unsafe_count; i++)
        for (size_t k = 0; k < audit->programs[i].blame_count; k++)
            add_fault(faults, &count, &audit->programs[i].blames[k], i, &arena, capacity);
    qsort(faults, count, sizeof *faults, compare_faults);
    heading(printer, "Not running now: the move itself breaks nothing, starting them there would");
    for (size_t i = 0; i < count && i < limit; i++)
        print_fault(printer, &faults[i]);
    if (count > limit)
        fprintf(printer->stream, "  and %zu more files at fault (--verbose)\n", count - limit);
    fprintf(printer->stream,
            "      %snext:%s update or rebuild the packages named, or do not start these programs on hosts of "
            "that baseline\n",
            style(printer, BOLD), style(printer, PLAIN));
    mc_arena_free(&arena);
}

static void print_programs(const struct printer *printer)
{
    const struct mc_audit *audit = printer->report->audit;
    size_t limit = printer->report->options->verbose ? SIZE_MAX : RUNNING_SHOWN, i;
    if (audit->unsafe_running)
        heading(printer, "Running now: the move breaks these");
    for (i = 0; i < audit->unsafe_running && i < limit; i++) {
        size_t k = 0;
        while (k < i && !same_blames(&audit->programs[k], &audit->programs[i]))
            k++;
        if (k < i && !printer->report->options->verbose)
            print_same(printer, &audit->programs[i], &audit->programs[k]);
        else
            print_program(printer, &audit->programs[i]);
    }
    if (audit->unsafe_running > limit)
        fprintf(printer->stream, "  and %zu more (--verbose)\n", audit->unsafe_running - limit);
    print_resting(printer);
}

/* ---- the rest ---- */

static void say_unseen(void *context, const char *kind, const char *text)
{
    const struct printer *printer = context;
    struct line line;
    (void)kind;
    fputs("  ", printer->stream);
    mc_print_clean(begin_line(&line)->stream, text);
    end_line(printer, &line, 2, 6);
}

static void print_unseen(const struct printer *printer)
{
    const struct mc_audit *audit = printer->report->audit;
    struct printer copy = *printer;
    if (audit->incomplete || printer->report->probe->trial_error.kind != MC_ERROR_NONE)
        heading(printer, "Not seen");
    mc_audit_unseen(printer->report, say_unseen, &copy);
}

#define DOORS_SHOWN 4

/* A library's use that nothing which loads it can come to by an import. */
static void print_unreached(const struct printer *printer, const struct mc_audit_unreached *unreached)
{
    const struct mc_audit_cause *cause = unreached->cause;
    struct line line;
    fputs("  ", printer->stream);
    FILE *out = begin_line(&line)->stream;
    mc_print_clean(out, printer->report->input->files[unreached->file].name);
    fprintf(out, ": %s ", mc_verdict_word(cause->verdict));
    mc_print_features(out, &cause->missing, " ");
    fprintf(out, ", %zu use%s, reached only through ", cause->uses, plural(cause->uses));
    size_t shown = cause->door_count > DOORS_SHOWN ? DOORS_SHOWN - 1 : cause->door_count;
    for (size_t i = 0; i < shown; i++) {
        fputs(i ? ", " : "", out);
        mc_print_clean(out, cause->doors[i]);
    }
    if (shown < cause->door_count)
        fprintf(out, " and %zu more", cause->door_count - shown);
    fprintf(out, ", which nothing that loads it here imports (dlsym() is not seen).");
    end_line(printer, &line, 2, 6);
}

static void print_counts(const struct printer *printer)
{
    const struct mc_audit_report *report = printer->report;
    const struct mc_scan_totals *totals = report->totals;
    size_t running = 0, refused = 0;
    for (size_t i = 0; i < report->audit->program_count; i++) {
        running += report->audit->programs[i].process_count > 0;
        refused += report->audit->programs[i].refused_causes > 0;
    }
    struct line line;
    heading(printer, "Looked at");
    fputs("  ", printer->stream);
    FILE *out = begin_line(&line)->stream;
    fprintf(out, "%zu program%s", report->audit->program_count, plural(report->audit->program_count));
    if (report->running)
        fprintf(out, " (%zu running, in %zu process%s)", running, report->input->process_count,
                report->input->process_count == 1 ? "" : "es");
    fprintf(out, " with all that %s: %zu files of x86 code in %.1f s.",
            report->audit->program_count == 1 ? "it loads" : "they load",
            totals->files - totals->skipped - totals->errors, totals->seconds);
    if (refused)
        fprintf(out,
                " %zu program%s also hold%s unchecked uses of what this CPU itself refuses: the move changes nothing "
                "there.",
                refused, plural(refused), refused == 1 ? "s" : "");
    fputs(" What a program loads by dlopen() is seen only while it runs.", out);
    end_line(printer, &line, 2, 2);
    for (size_t i = 0; i < report->audit->unreached_count; i++)
        print_unreached(printer, &report->audit->unreached[i]);
}

static void print_safe(const struct printer *printer)
{
    const struct mc_audit *audit = printer->report->audit;
    heading(printer, "Not in the way");
    for (size_t i = audit->unsafe_count; i < audit->program_count; i++) {
        const struct mc_audit_program *program = &audit->programs[i];
        fputs("  ", printer->stream);
        mc_print_clean(printer->stream, printer->report->input->files[program->file].name);
        fprintf(printer->stream, ": %s%s", program->judged ? mc_verdict_word(program->verdict) : "not judged",
                program->judged && program->partial ? ", in part" : "");
        if (program->process_count) {
            fputs(", ", printer->stream);
            mc_audit_print_pids(printer->stream, printer->report, program, 0);
        }
        fputc('\n', printer->stream);
    }
}

void mc_audit_report_text(FILE *stream, const struct mc_audit_report *report)
{
    struct printer printer = {stream, report};
    print_subject(&printer);
    print_verdict(&printer);
    print_host(&printer);
    print_programs(&printer);
    if (report->options->verbose)
        print_safe(&printer);
    print_unseen(&printer);
    print_counts(&printer);
}
