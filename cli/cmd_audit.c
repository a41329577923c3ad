/* SPDX-License-Identifier: Apache-2.0 */
/* maskcheck audit: probe + scan + one answer (design: readiness). Order of work: the probe first, while this process
 * has one thread; then the list of files; then one scan of each; then the decision, which is pure. */
#include "cli/audit_gather.h"
#include "cli/baseline_option.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/report_file.h"
#include "cli/scan_jobs.h"
#include "report/audit.h"
#include "report/package_totals.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COMMAND "audit"
#define SCAN_BASELINE "x86-64-v1" /* for the open question: the lowest that a 64-bit system can have */

struct settings {
    struct mc_probe_options probe;
    struct mc_scan_options scan;
    struct mc_report_options report;
    struct mc_baseline baseline;
    struct mc_profile target; /* the same as a machine: bits without a name, state components and sizes included */
    struct mc_arena arena;    /* owns its name */
    bool has_baseline, running, json, no_cache, cross_vendor;
    const char *proc, *output;
    const char *root; /* "" for this system */
    unsigned threads;
    char *const *paths;
    size_t path_count;
};

/* Results of the scan as they come in, by item: each slot is touched by one worker. */
struct run {
    const struct settings *settings;
    struct mc_gathered *gathered;
    const struct mc_scan_format *format;
    struct mc_arena *arenas, arena;
    const struct mc_audit_file *files; /* what the answer rests on */
    char **chunks;                 /* JSON of the item's results */
    struct mc_scan_totals *totals; /* by item, summed in order */
    struct mc_scan_totals total;
    FILE *scan; /* the scan's document, NULL for text */
    bool *done; /* by item: it is in the total */
    bool anything_written;
    bool listed; /* it was not interrupted before the scan began */
    struct mc_progress progress;
};

enum { OPTION_BASELINE = MC_OPTION_OWN, OPTION_RUNNING, OPTION_FORMAT, OPTION_PROC, OPTION_CPUID, OPTION_TRY, OPTION_NO_CACHE, OPTION_ROOT,
       OPTION_CROSS_VENDOR };

static const struct mc_option options[] = {
    {OPTION_BASELINE, "baseline", "B", MC_WORDS_BASELINE,
     "what every host of the cluster has: a name (maskcheck baselines), NAME,+feature,-feature, or a file with a CPUID "
     "dump or probe report of the host to move to; without it: the lowest baselines to which this VM may move as it "
     "runs now"},
    {OPTION_CROSS_VENDOR, "cross-vendor", NULL, NULL, "let a baseline of another vendor be in the way only by what it lacks"},
    {OPTION_RUNNING, "running", NULL, NULL, "also what running processes have mapped (root sees all of them)"},
    {OPTION_FORMAT, "format", "F", MC_WORDS_FORMAT, "text or json"},
    {'o', "output", "FILE", MC_WORDS_FILE, "write the report to FILE"},
    {'j', "jobs", "N", NULL, "threads (default: one per CPU)"},
    MC_COMMON_OPTIONS,
    {OPTION_NO_CACHE, "no-cache", NULL, NULL, "judge every file anew, and keep nothing of it"},
    {'v', "verbose", NULL, NULL, "every program, every place"},
    {OPTION_ROOT, "root", "DIR", MC_WORDS_FOLDER,
     "PATHs, and what they load, are of the guest whose disk is mounted at DIR; needs --cpuid with a dump of that guest"},
    {OPTION_CPUID, "cpuid", "FILE", MC_WORDS_FILE,
     "judge a recorded CPUID instead of this machine's; with --try held against this CPU"},
    {OPTION_TRY, "try", NULL, NULL, "with --cpuid: hold the dump against this CPU by running the trials"},
    {OPTION_PROC, "proc", "DIR", MC_WORDS_FOLDER, "read processes and cpuinfo from DIR instead of /proc"},
    {0},
};

const struct mc_syntax mc_syntax_audit = {
    .command = COMMAND,
    .usage = "[OPTION...] [PATH...]",
    .about = "May this VM be moved to an older host? Asks the CPU, scans the programs in PATHs with all that they load, and "
             "gives one answer with its reasons. Without PATH and --running: the running processes and /usr/bin. Changes "
             "nothing.",
    .options = options,
    .examples = "audit --running /usr/bin\n"
                "audit --baseline intel-haswell --running /usr/bin /opt/app\n"
                "audit --baseline oldest-host.txt --running --format json -o audit.json",
    .statuses = "0 ready; 1 ready only without some programs, or not ready; 2 usage error; 3 ready as far as seen, but not "
                "all could be seen or judged; 130 interrupted (Ctrl-C), with an answer from what was scanned so far.",
    .operands = MC_WORDS_FILE,
};

/* One option. -1 to go on, else the exit status to end with. */
static int take_option(void *context, int id, const char *value)
{
    struct settings *settings = context;
    switch (id) {
    case OPTION_BASELINE:
        settings->has_baseline = true;
        return mc_take_target(&mc_syntax_audit, value, &settings->arena, &settings->baseline, &settings->target);
    case OPTION_CROSS_VENDOR:
        settings->cross_vendor = true;
        return -1;
    case OPTION_RUNNING:
        settings->running = true;
        return -1;
    case OPTION_FORMAT:
        return mc_take_json(&mc_syntax_audit, value, &settings->json);
    case 'j':
        return mc_take_jobs(&mc_syntax_audit, value, &settings->threads);
    case 'o':
        settings->output = value;
        return -1;
    case 'v':
        settings->report.verbose = true;
        return -1;
    case OPTION_ROOT:
        settings->root = value;
        return mc_check_root(&mc_syntax_audit, value);
    case OPTION_PROC:
        settings->proc = settings->probe.proc_dir = value;
        return -1;
    case OPTION_CPUID:
        settings->probe.cpuid_file = value;
        return -1;
    case OPTION_NO_CACHE:
        settings->no_cache = true;
        return -1;
    case OPTION_TRY:
        settings->probe.try_dump = true;
        return -1;
    default:
        return mc_take_common(id, value, &settings->scan);
    }
}

/* ---- the scan ---- */

static void render(struct run *run, size_t index, const struct mc_file_result *result)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = mc_open_text(&text, &size);
    if (run->chunks[index])
        fprintf(stream, "%s%s", run->chunks[index], run->format->between);
    run->format->file(stream, &run->settings->report, result, run->gathered->inputs.items[index].named);
    mc_close_text(stream);
    free(run->chunks[index]);
    run->chunks[index] = text;
}

static void visit(void *context, size_t index, struct mc_file_result *result)
{
    struct run *run = context;
    struct mc_audit_file *file = &run->gathered->files[index];
    result->package = result->package ? result->package : file->package;
    mc_scan_totals_add(&run->totals[index], result);
    mc_audit_condense(result, &run->arenas[index], file);
    for (size_t i = 0; i < file->cause_count; i++) {
        struct mc_audit_cause *cause = &file->causes[i];
        char text[MC_INSTRUCTION_TEXT];
        if (cause->instruction)
            continue;
        mc_instruction_text(cause->mode, &cause->code, cause->address, cause->need, text);
        cause->instruction = mc_arena_strdup(&run->arenas[index], text);
    }
    if (run->scan)
        render(run, index, result);
}

static void done(void *context, size_t index)
{
    struct run *run = context;
    mc_scan_totals_merge(&run->total, &run->totals[index]);
    if (run->scan && run->chunks[index]) {
        fprintf(run->scan, "%s%s", run->anything_written ? run->format->between : "", run->chunks[index]);
        run->anything_written = true;
    }
    free(run->chunks[index]);
    run->chunks[index] = NULL;
    run->done[index] = true;
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);
    if (!memory)
        mc_out_of_memory();
    return memory;
}

/* The files as the answer may see them. After an interruption workers may still write to the others, and nothing is known
 * of these. */
static const struct mc_audit_file *finished_files(struct run *run)
{
    if (!run->total.not_scanned) {
        mc_gather_imports(run->gathered);
        return run->gathered->files;
    }
    struct mc_audit_file *files = MC_NEW_ARRAY(&run->arena, run->gathered->inputs.count + 1, struct mc_audit_file);
    for (size_t i = 0; i < run->gathered->inputs.count; i++) {
        const struct mc_audit_file *file = &run->gathered->files[i];
        if (run->done[i])
            files[i] = *file;
        else
            files[i] = (struct mc_audit_file){.path = file->path,
                                              .name = file->name,
                                              .package = file->package,
                                              .asked = file->asked,
                                              .deleted = file->deleted,
                                              .loads = file->loads,
                                              .load_count = file->load_count,
                                              .missing_library = file->missing_library,
                                              .condensed = true,
                                              .status = MC_FILE_ERROR,
                                              .gap = "interrupted: it was not scanned"};
        files[i].imports_unknown = true;
    }
    return files;
}

static void state_packages(struct run *run)
{
    size_t count = run->gathered->inputs.count;
    const char **owners = MC_NEW_ARRAY(&run->arena, count + 1, const char *);
    struct mc_scan_totals *totals = MC_NEW_ARRAY(&run->arena, count + 1, struct mc_scan_totals);
    for (size_t i = 0; i < count; i++) {
        owners[i] = run->files[i].package;
        if (run->done[i])
            totals[i] = run->totals[i];
    }
    run->total.packages = mc_package_totals_of(owners, totals, count, &run->arena, &run->total.package_count);
}

static void scan_files(struct run *run)
{
    const struct settings *settings = run->settings;
    size_t count = run->gathered->inputs.count;
    run->arenas = allocate(count, sizeof *run->arenas);
    run->chunks = allocate(count, sizeof *run->chunks);
    run->totals = allocate(count, sizeof *run->totals);
    run->done = allocate(count, sizeof *run->done);
    mc_progress_start(&run->progress, run->gathered->inputs.items, count);
    if (run->scan)
        run->format->begin(run->scan, &settings->report, NULL);
    struct mc_scan_jobs jobs = {.items = run->gathered->inputs.items,
                                .count = count,
                                .threads = settings->threads,
                                .options = &settings->scan,
                                .root = settings->root,
                                .no_cache = settings->no_cache,
                                .verbose = settings->report.verbose,
                                .progress = &run->progress,
                                .context = run,
                                .visit = visit,
                                .done = done};
    bool listed = !mc_interrupted;
    run->total.not_scanned = mc_scan_jobs_run(&jobs);
    if (!listed && !run->total.not_scanned)
        run->total.not_scanned = 1; /* at least: what was being looked for */
    run->listed = listed;
    mc_progress_clear(&run->progress);
    run->total.seconds = mc_progress_seconds(&run->progress);
    run->files = finished_files(run);
    state_packages(run);
    if (run->scan)
        run->format->end(run->scan, &settings->report, &run->total);
}

static void free_run(struct run *run)
{
    for (size_t i = 0; i < run->gathered->inputs.count; i++)
        mc_arena_free(&run->arenas[i]);
    free(run->arenas);
    free(run->chunks);
    free(run->totals);
    free(run->done);
    mc_arena_free(&run->arena);
}

/* ---- the answer ---- */

static int exit_status(const struct mc_audit *audit, const struct mc_probe *probe)
{
    if (audit->answer != MC_AUDIT_READY)
        return MC_EXIT_UNSAFE;
    return audit->incomplete || mc_probe_incomplete(probe) ? MC_EXIT_INCOMPLETE : MC_EXIT_SAFE;
}

static int report_answer(struct run *run, const struct mc_probe *probe, FILE *stream, const char *scan_json)
{
    const struct settings *settings = run->settings;
    struct mc_arena arena = {0};
    struct mc_audit audit;
    struct mc_profile machine;
    struct mc_comparison comparison;
    struct mc_audit_input input = {
        .baseline = settings->has_baseline ? &settings->baseline : NULL,
        .host = mc_audit_host_of(probe),
        .files = run->files,
        .file_count = run->gathered->inputs.count,
        .processes = run->gathered->processes,
        .process_count = run->gathered->process_count,
    };
    if (settings->has_baseline) {
        mc_profile_of_probe(probe, "this VM", &machine);
        mc_compare_guest(&machine, &settings->target, settings->cross_vendor, &arena, &comparison);
        input.comparison = &comparison;
    }
    mc_audit_decide(&input, &arena, &audit);
    struct mc_audit_report report = {.options = &settings->report,
                                     .input = &input,
                                     .audit = &audit,
                                     .probe = probe,
                                     .totals = &run->total,
                                     .running = settings->running,
                                     .privileged = geteuid() == 0,
                                     .scan_json = scan_json};
    (settings->json ? mc_audit_report_json : mc_audit_report_text)(stream, &report);
    int status = exit_status(&audit, probe);
    mc_arena_free(&arena);
    return status;
}

/* Closes the stream. Ends the process when the user interrupted the scan: see cli/scan_jobs.h. */
static int audit_gathered(const struct settings *settings, struct mc_gathered *gathered, const struct mc_probe *probe,
                          FILE *stream)
{
    char *scan_json = NULL;
    size_t scan_size = 0;
    struct run run = {.settings = settings, .gathered = gathered, .format = mc_scan_format_find("json")};
    if (settings->json)
        run.scan = mc_open_text(&scan_json, &scan_size);
    scan_files(&run);
    if (run.scan)
        mc_close_text(run.scan);
    int status = report_answer(&run, probe, stream, scan_json);
    bool written = mc_close_report(stream, settings->output);
    if (run.total.not_scanned) {
        size_t count = gathered->inputs.count;
        mc_say_interrupted(run.listed, count, run.total.not_scanned);
        _exit(written ? MC_EXIT_INTERRUPTED : MC_EXIT_USAGE);
    }
    free_run(&run);
    free(scan_json);
    return written ? status : MC_EXIT_USAGE;
}

static int run_audit(struct settings *settings)
{
    struct mc_probe probe;
    struct mc_gathered gathered;
    struct mc_error error;
    settings->probe.baseline = settings->has_baseline ? &settings->baseline : NULL;
    FILE *stream = mc_open_report(settings->output);
    if (!stream)
        return MC_EXIT_USAGE;
    settings->report.colour = mc_want_colour(stream);
    bool probed = mc_probe_run(&settings->probe, &probe, &error);
    if (!probed)
        mc_diagnose(settings->probe.cpuid_file, &error);
    mc_interrupt_catch(); /* before, nothing has been found */
    bool found = probed && mc_gather(settings->root, settings->paths, settings->path_count,
                                     settings->running ? settings->proc : NULL, &gathered, &error);
    if (probed && !found)
        mc_diagnose(NULL, &error);
    int status = MC_EXIT_USAGE;
    if (found) {
        status = audit_gathered(settings, &gathered, &probe, stream);
        mc_gathered_free(&gathered);
    } else {
        mc_close_report(stream, settings->output);
    }
    if (probed)
        mc_probe_free(&probe);
    return status;
}

int mc_cmd_audit(int argc, char **argv)
{
    static char default_path[] = "/usr/bin";
    static char *const default_paths[] = {default_path};
    struct settings settings = {.proc = "/proc", .root = ""};
    int status = mc_parse_options(&mc_syntax_audit, argc, argv, take_option, &settings);
    if (status >= 0) {
        mc_arena_free(&settings.arena);
        return status;
    }
    if (settings.probe.try_dump && !settings.probe.cpuid_file)
        return mc_usage_error(COMMAND, "--try needs --cpuid FILE");
    if (*settings.root && (settings.running || !settings.probe.cpuid_file || settings.probe.try_dump))
        return mc_usage_error(COMMAND, "--root is of another system: it needs --cpuid FILE of that, and neither --running nor --try");
    settings.paths = argv + optind;
    settings.path_count = (size_t)(argc - optind);
    if (!settings.running && !settings.path_count) {
        settings.running = !*settings.root;
        settings.paths = default_paths;
        settings.path_count = 1;
    }
    struct mc_error error;
    settings.scan.baseline_is_default = !settings.has_baseline;
    if (settings.has_baseline)
        settings.scan.baseline = settings.baseline;
    else if (!mc_baseline_parse(SCAN_BASELINE, &settings.scan.baseline, &error))
        return mc_usage_error(COMMAND, "%s", error.text);
    mc_settle_debug_folder(&settings.scan, settings.root);
    mc_describe_run(&settings.scan, &settings.report);
    status = run_audit(&settings);
    mc_arena_free(&settings.arena);
    return status;
}
