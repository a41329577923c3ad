/* SPDX-License-Identifier: Apache-2.0 */
/* maskcheck audit: probe + scan + one answer (design: readiness). Order of work: the probe first, while this process
 * has one thread; then the list of files; then one scan of each; then the decision, which is pure. */
#include "cli/audit_gather.h"
#include "cli/baseline_option.h"
#include "cli/command.h"
#include "cli/scan_jobs.h"
#include "report/audit.h"

#include <errno.h>
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
    bool has_baseline, running, json, no_cache;
    const char *proc, *output;
    unsigned threads;
    char *const *paths;
    size_t path_count;
};

/* Results of the scan as they come in, by item: each slot is touched by one worker. */
struct run {
    const struct settings *settings;
    struct mc_gathered *gathered;
    const struct mc_scan_format *format;
    struct mc_arena *arenas;
    char **chunks;                 /* JSON of the item's results */
    struct mc_scan_totals *totals; /* by item, summed in order */
    struct mc_scan_totals total;
    FILE *scan; /* the scan's document, NULL for text */
    bool anything_written, progress;
    struct timespec start, shown;
};

enum { OPTION_BASELINE = MC_OPTION_OWN, OPTION_RUNNING, OPTION_FORMAT, OPTION_PROC, OPTION_CPUID, OPTION_TRY, OPTION_NO_CACHE };

static const struct option options[] = {
    {"baseline", required_argument, NULL, OPTION_BASELINE},
    {"running", no_argument, NULL, OPTION_RUNNING},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"output", required_argument, NULL, 'o'},
    {"jobs", required_argument, NULL, 'j'},
    {"proc", required_argument, NULL, OPTION_PROC},
    {"cpuid", required_argument, NULL, OPTION_CPUID},
    {"try", no_argument, NULL, OPTION_TRY},
    {"no-cache", no_argument, NULL, OPTION_NO_CACHE},
    {"verbose", no_argument, NULL, 'v'},
    MC_COMMON_OPTIONS,
    {0},
};

static int print_help(void)
{
    printf(
        "Usage: maskcheck audit [OPTION...] [PATH...]\n"
        "May this VM be moved to an older host? Asks the CPU, scans the programs in PATHs with all that they load, and "
        "gives\n"
        "one answer with its reasons. Without PATH and --running: the running processes and /usr/bin. Changes "
        "nothing.\n\n"
        "  --baseline B        what every host of the cluster has: a name (maskcheck baselines), "
        "NAME,+feature,-feature, or a\n"
        "                      file with a CPUID dump or probe report of the host to move to; without it: the lowest\n"
        "                      baselines to which this VM may move as it runs now\n"
        "  --running           also what running processes have mapped (root sees all of them)\n"
        "  --format F          text or json\n"
        "  -o, --output FILE   write the report to FILE\n"
        "  -j, --jobs N        threads (default: one per CPU)\n"
        "  --no-cache          judge every file anew, and keep nothing of it\n"
        "  -v, --verbose       every program, every place\n"
        "  --cpuid FILE        judge a recorded CPUID instead of this machine's; with --try held against this CPU\n"
        "  --proc DIR          read processes and cpuinfo from DIR instead of /proc\n"
        "  --help, --version\n\n"
        "Examples:\n"
        "  maskcheck audit --running /usr/bin\n"
        "  maskcheck audit --baseline intel-haswell --running /usr/bin /opt/app\n"
        "  maskcheck audit --baseline oldest-host.txt --running --format json -o audit.json\n\n"
        "Exit status: 0 ready; 1 ready only without some programs, or not ready; 2 usage error; 3 ready as far as "
        "seen, but "
        "not\nall could be seen or judged.\n");
    return mc_finish_output(stdout, NULL) ? MC_EXIT_SAFE : MC_EXIT_USAGE;
}

/* One option. -1 to go on, else the exit status to end with. */
static int take_option(int option, char **argv, struct settings *settings)
{
    struct mc_error error;
    switch (option) {
    case OPTION_BASELINE:
        settings->has_baseline = true;
        if (!mc_baseline_option(optarg, &settings->baseline, &error))
            return mc_usage_error(COMMAND, "--baseline %s: %s", optarg, error.text);
        return -1;
    case OPTION_RUNNING:
        settings->running = true;
        return -1;
    case OPTION_FORMAT:
        settings->json = strcmp(optarg, "json") == 0;
        if (!settings->json && strcmp(optarg, "text") != 0)
            return mc_usage_error(COMMAND, "unknown format '%s'; known: text, json", optarg);
        return -1;
    case 'j':
        if (mc_parse_number(optarg, 1, 4096, &settings->threads))
            return -1;
        return mc_usage_error(COMMAND, "-j %s: not a number from 1 to 4096", optarg);
    case 'o':
        settings->output = optarg;
        return -1;
    case 'v':
        settings->report.verbose = true;
        return -1;
    case OPTION_PROC:
        settings->proc = settings->probe.proc_dir = optarg;
        return -1;
    case OPTION_CPUID:
        settings->probe.cpuid_file = optarg;
        return -1;
    case OPTION_NO_CACHE:
        settings->no_cache = true;
        return -1;
    case OPTION_TRY:
        settings->probe.try_dump = true;
        return -1;
    case MC_OPTION_HELP:
        return print_help();
    case MC_OPTION_VERSION:
        return mc_print_version();
    default:
        return mc_option_error(COMMAND, option, argv);
    }
}

/* ---- the scan ---- */

static void render(struct run *run, size_t index, const struct mc_file_result *result)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (!stream)
        mc_out_of_memory();
    if (run->chunks[index])
        fprintf(stream, "%s%s", run->chunks[index], run->format->between);
    run->format->file(stream, &run->settings->report, result, run->gathered->inputs.items[index].named);
    if (fclose(stream) != 0)
        mc_out_of_memory();
    free(run->chunks[index]);
    run->chunks[index] = text;
}

static void visit(void *context, size_t index, struct mc_file_result *result)
{
    struct run *run = context;
    struct mc_audit_file *file = &run->gathered->files[index];
    result->package = file->package;
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

static double seconds_between(const struct timespec *from, const struct timespec *to)
{
    return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

static void show_progress(struct run *run, size_t finished)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (seconds_between(&run->shown, &now) < 0.2)
        return;
    run->shown = now;
    fprintf(stderr, "\r%zu of %zu files\033[K", finished, run->gathered->inputs.count);
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
    if (run->progress)
        show_progress(run, index + 1);
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);
    if (!memory)
        mc_out_of_memory();
    return memory;
}

static void scan_files(struct run *run)
{
    const struct settings *settings = run->settings;
    size_t count = run->gathered->inputs.count;
    run->arenas = allocate(count, sizeof *run->arenas);
    run->chunks = allocate(count, sizeof *run->chunks);
    run->totals = allocate(count, sizeof *run->totals);
    run->progress = isatty(STDERR_FILENO) && count > 1;
    clock_gettime(CLOCK_MONOTONIC, &run->start);
    if (run->scan)
        run->format->begin(run->scan, &settings->report, NULL);
    struct mc_scan_jobs jobs = {.items = run->gathered->inputs.items,
                                .count = count,
                                .threads = settings->threads,
                                .options = &settings->scan,
                                .no_cache = settings->no_cache,
                                .verbose = settings->report.verbose,
                                .context = run,
                                .visit = visit,
                                .done = done};
    mc_scan_jobs_run(&jobs);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    run->total.seconds = seconds_between(&run->start, &now);
    if (run->scan)
        run->format->end(run->scan, &settings->report, &run->total);
    if (run->progress)
        fputs("\r\033[K", stderr);
}

static void free_run(struct run *run)
{
    for (size_t i = 0; i < run->gathered->inputs.count; i++)
        mc_arena_free(&run->arenas[i]);
    free(run->arenas);
    free(run->chunks);
    free(run->totals);
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
    struct mc_audit_input input = {
        .baseline = settings->has_baseline ? &settings->baseline : NULL,
        .host = mc_audit_host_of(probe),
        .files = run->gathered->files,
        .file_count = run->gathered->inputs.count,
        .processes = run->gathered->processes,
        .process_count = run->gathered->process_count,
    };
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
    return mc_finish_output(stream, settings->output) ? status : MC_EXIT_USAGE;
}

static int audit_gathered(const struct settings *settings, struct mc_gathered *gathered, const struct mc_probe *probe,
                          FILE *stream)
{
    char *scan_json = NULL;
    size_t scan_size = 0;
    struct run run = {.settings = settings, .gathered = gathered, .format = mc_scan_format_find("json")};
    if (settings->json && !(run.scan = open_memstream(&scan_json, &scan_size)))
        mc_out_of_memory();
    scan_files(&run);
    if (run.scan && fclose(run.scan) != 0)
        mc_out_of_memory();
    int status = report_answer(&run, probe, stream, scan_json);
    free_run(&run);
    free(scan_json);
    return status;
}

static int run_audit(struct settings *settings)
{
    struct mc_probe probe;
    struct mc_gathered gathered;
    struct mc_error error;
    FILE *stream = stdout;
    settings->probe.baseline = settings->has_baseline ? &settings->baseline : NULL;
    if (settings->output && !(stream = fopen(settings->output, "we")))
        return mc_usage_error(COMMAND, "%s: cannot write: %s", settings->output, strerror(errno));
    settings->report.colour = mc_want_colour(stream);
    int status = MC_EXIT_USAGE;
    if (!mc_probe_run(&settings->probe, &probe, &error)) {
        mc_diagnose(settings->probe.cpuid_file, &error);
    } else {
        if (!mc_gather(settings->paths, settings->path_count, settings->running ? settings->proc : NULL, &gathered,
                       &error)) {
            mc_diagnose(NULL, &error);
        } else {
            status = audit_gathered(settings, &gathered, &probe, stream);
            mc_gathered_free(&gathered);
        }
        mc_probe_free(&probe);
    }
    if (stream != stdout && fclose(stream) != 0)
        status = mc_usage_error(COMMAND, "%s: cannot write: %s", settings->output, strerror(errno));
    return status;
}

/* https://reproducible-builds.org/specs/source-date-epoch/ */
static time_t report_time(void)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    char *end;
    if (epoch && *epoch >= '0' && *epoch <= '9') {
        long long value = strtoll(epoch, &end, 10);
        if (!*end)
            return (time_t)value;
    }
    return time(NULL);
}

int mc_cmd_audit(int argc, char **argv)
{
    static char default_path[] = "/usr/bin";
    static char *const default_paths[] = {default_path};
    struct settings settings = {.proc = "/proc"};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":o:j:v", options, NULL)) != -1;) {
        int status = take_option(option, argv, &settings);
        if (status >= 0)
            return status;
    }
    if (settings.probe.try_dump && !settings.probe.cpuid_file)
        return mc_usage_error(COMMAND, "--try needs --cpuid FILE");
    settings.paths = argv + optind;
    settings.path_count = (size_t)(argc - optind);
    if (!settings.running && !settings.path_count) {
        settings.running = true;
        settings.paths = default_paths;
        settings.path_count = 1;
    }
    struct mc_error error;
    settings.scan.baseline_is_default = !settings.has_baseline;
    if (settings.has_baseline)
        settings.scan.baseline = settings.baseline;
    else if (!mc_baseline_parse(SCAN_BASELINE, &settings.scan.baseline, &error))
        return mc_usage_error(COMMAND, "%s", error.text);
    settings.report.version = mc_version;
    settings.report.command = mc_command_line;
    settings.report.baseline = &settings.scan.baseline;
    settings.report.baseline_is_default = settings.scan.baseline_is_default;
    settings.report.generated = report_time();
    return run_audit(&settings);
}
