/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/baseline_option.h"
#include "cli/command.h"
#include "cli/fail_on.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/report_file.h"
#include "cli/scan_inputs.h"
#include "cli/scan_jobs.h"
#include "cli/set_aside.h"
#include "cli/spool.h"
#include "input/package.h"
#include "report/package_totals.h"
#include "report/scan.h"

#include <getopt.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COMMAND "scan"
#define TEXT_IN_MEMORY ((size_t)32 << 20) /* bytes of finished results that wait for those before them */

struct settings {
    struct mc_scan_options scan;
    struct mc_report_options report;
    const struct mc_scan_format *format;
    const char *output; /* NULL: stdout */
    unsigned threads;
    bool no_cache;
    struct mc_sources sources;
    struct mc_fail_on fail_on;
    struct mc_set_aside *aside;
};

/* What one item of the list has to say, rendered by a worker and written in order. */
struct chunk {
    struct mc_spooled text;
    MC_VECTOR(struct diagnosis { char *path; struct mc_error error; }) diagnoses;
};

struct run {
    const struct settings *settings;
    const struct mc_inputs *inputs;
    FILE *stream;
    struct chunk *chunks;  /* by item; each touched by one worker, then by `done` */
    struct mc_scan_totals *totals; /* by item, summed in order */
    struct mc_scan_totals total;
    struct mc_spool spool; /* of the chunks' texts */
    bool lost;             /* some of what it held could not be read back */
    bool *done; /* by item: it is in the total */
    bool anything_written; /* a chunk went out: `between` comes before the next */
    pthread_mutex_t owners_lock;
    const char **owners; /* by item, NULL until the first is asked for */
    struct mc_arena owners_arena, packages;
    struct mc_progress progress;
    bool on_terminal; /* the report goes where progress is shown */
};

enum { OPTION_BASELINE = MC_OPTION_OWN, OPTION_FORMAT, OPTION_STRICT, OPTION_ALL_USES, OPTION_NO_CACHE, OPTION_HASH, OPTION_FILES_FROM,
       OPTION_RUNNING, OPTION_SUMMARY, OPTION_FAIL_ON, OPTION_SINCE, OPTION_WAIVERS, OPTION_ROOT };

static const struct mc_option options[] = {
    {OPTION_BASELINE, "baseline", "B", MC_WORDS_BASELINE,
     "what every host has: a name (maskcheck baselines), NAME,+feature,-feature, or a file with a CPUID dump or probe "
     "report (default " MC_DEFAULT_BASELINE ")"},
    {OPTION_FORMAT, "format", "F", "text json jsonl sarif junit csv html prometheus",
     "text, json (one document), jsonl (one line per file), sarif, junit, csv, html or prometheus"},
    {'o', "output", "FILE", MC_WORDS_FILE, "write the report to FILE"},
    {'j', "jobs", "N", NULL, "threads (default: one per CPU)"},
    {OPTION_STRICT, "strict", "[KIND]", "conformance proof",
     "count more as unsafe: conformance: deviations from the vendors' guideline that cannot break a migration; proof: "
     "proofs with a guess in them, and uses that nothing reaches; without KIND: both"},
    {OPTION_ALL_USES, "all-uses", NULL, NULL, "list every use, not only what is unsafe, a few per function"},
    {OPTION_HASH, "hash", NULL, NULL, "SHA-256 and package of every file, not only of those with findings"},
    {OPTION_RUNNING, "running", NULL, NULL, "the files that all processes have mapped as code"},
    {OPTION_FILES_FROM, "files-from", "FILE", MC_WORDS_FILE, "more paths from FILE (- is standard input), one per line"},
    {OPTION_ROOT, "root", "DIR", MC_WORDS_FOLDER,
     "PATHs are of the system whose disk is mounted at DIR: links lead within it, and its packages are named; without "
     "PATH: all of it"},
    {'0', "null", NULL, NULL, "paths in FILE end with a NUL byte"},
    {'q', "quiet", NULL, NULL, "text: one line for each unsafe file, nothing else"},
    {OPTION_SUMMARY, "summary", NULL, NULL, "text: only the numbers and the answer"},
    {OPTION_FAIL_ON, "fail-on", "WHAT,...", "error warning note " MC_WORDS_RULE,
     "exit status 1 only for these: rules (MC001 ...; maskcheck explain MC001) or levels, that is error, warning or "
     "note and what is worse"},
    {OPTION_SINCE, "since", "REPORT", MC_WORDS_FILE, "only what is new against an earlier report (json or jsonl)"},
    {OPTION_WAIVERS, "waivers", "FILE", MC_WORDS_FILE, "uses that somebody answers for; see maskcheck-scan(1)"},
    {'v', "verbose", NULL, NULL, "name clean and skipped files too"},
    MC_COMMON_OPTIONS,
    {OPTION_NO_CACHE, "no-cache", NULL, NULL, "judge every file anew, and keep nothing of it"},
    {0},
};

const struct mc_syntax mc_syntax_scan = {
    .command = COMMAND,
    .usage = "[OPTION...] PATH...",
    .about = "Find the programs and libraries that use CPU instructions outside a baseline, and say whether they ask CPUID "
             "first. PATH is an ELF file, a folder, a package, archive or image (.a, .deb, .rpm, .tar.xz, .zip, docker save ...; "
             "members are named outer!inner), or pid:N for what process N has mapped; - is a list on standard input.",
    .options = options,
    .examples = "scan /usr/bin /usr/lib\n"
                "scan --baseline intel-penryn --format json -o report.json /opt/app\n"
                "scan app_1.0_amd64.deb image.tar\n"
                "scan --root /mnt/guest /usr/bin /opt\n"
                "scan --format sarif -o maskcheck.sarif build/\n"
                "scan --since last.json --fail-on error,MC010 build/\n"
                "$ find / -xdev -name '*.so*' -print0 | maskcheck scan -0 --files-from -",
    .statuses = "0 nothing unsafe; 1 something unsafe; 2 usage error; 3 nothing unsafe found, but not all could be judged; "
                "130 interrupted (Ctrl-C), with a report of what was found so far.",
    .operands = MC_WORDS_FILE,
};

static bool parse_strict(const char *text, struct mc_scan_options *ret)
{
    bool both = !text;
    if (!both && strcmp(text, "conformance") != 0 && strcmp(text, "proof") != 0)
        return false;
    ret->strict_conformance |= both || *text == 'c';
    ret->strict_proof |= both || *text == 'p';
    return true;
}

static int take_fail_on(const char *text, struct mc_fail_on *ret)
{
    const char *word;
    int length;
    if (mc_fail_on_parse(text, ret, &word, &length))
        return -1;
    return mc_usage_error(COMMAND, "--fail-on: '%.*s' is neither a rule (MC001 ...) nor error, warning or note", length, word);
}

/* One option. -1 to go on, else the exit status to end with. */
static int take_option(void *context, int id, const char *value)
{
    struct settings *settings = context;
    switch (id) {
    case OPTION_BASELINE:
        settings->scan.baseline_is_default = false;
        return mc_take_baseline(&mc_syntax_scan, value, &settings->scan.baseline);
    case OPTION_FORMAT:
        settings->format = mc_scan_format_find(value);
        return settings->format ? -1 : mc_unknown_format(&mc_syntax_scan, value, mc_scan_format_names());
    case OPTION_STRICT:
        if (parse_strict(value, &settings->scan))
            return -1;
        return mc_usage_error(COMMAND, "--strict=%s: known kinds are conformance and proof", value);
    case 'j':
        return mc_take_jobs(&mc_syntax_scan, value, &settings->threads);
    case 'o':
        settings->output = value;
        return -1;
    case OPTION_FILES_FROM:
        settings->sources.list = value;
        return -1;
    case OPTION_ROOT:
        settings->sources.root = value;
        return mc_check_root(&mc_syntax_scan, value);
    case OPTION_RUNNING:
        settings->sources.running = true;
        return -1;
    case '0':
        settings->sources.zero = true;
        return -1;
    case 'v':
        settings->report.verbose = true;
        return -1;
    case 'q':
        settings->report.quiet = true;
        return -1;
    case OPTION_SUMMARY:
        settings->report.summary = true;
        return -1;
    case OPTION_FAIL_ON:
        return take_fail_on(value, &settings->fail_on);
    case OPTION_SINCE:
        settings->aside->since = value;
        settings->scan.all_sources = true; /* what is listed is not known before */
        return -1;
    case OPTION_WAIVERS:
        settings->aside->waiver_file = value;
        settings->scan.all_sources = true;
        return -1;
    case OPTION_ALL_USES:
        settings->report.all_uses = settings->scan.all_sources = true;
        return -1;
    case OPTION_HASH:
        settings->scan.hash = MC_HASH_ALL;
        settings->report.hashes = true;
        return -1;
    case OPTION_NO_CACHE:
        settings->no_cache = true;
        return -1;
    default:
        return mc_take_common(id, value, &settings->scan);
    }
}

/* dpkg's lists are read once, when the first file with a finding asks, or at the end. */
static const char *const *owners_of(struct run *run)
{
    const struct mc_inputs *inputs = run->inputs;
    pthread_mutex_lock(&run->owners_lock);
    if (!run->owners) {
        const char **paths = mc_realloc(NULL, inputs->count, sizeof *paths);
        run->owners = mc_realloc(NULL, inputs->count, sizeof *run->owners);
        for (size_t i = 0; i < inputs->count; i++)
            paths[i] = inputs->items[i].path;
        mc_package_owners(inputs->root ? inputs->root : "", paths, inputs->count, run->owners, &run->owners_arena);
        free(paths);
    }
    pthread_mutex_unlock(&run->owners_lock);
    return run->owners;
}

/* A package that is named is like a folder: its members are not. */
static bool is_named(const struct mc_input *input, const struct mc_file_result *result)
{
    return input->named && (!mc_input_is_container(input->kind) || !strcmp(input->member ? input->member : input->path, result->path));
}

static void visit(void *context, size_t index, struct mc_file_result *result)
{
    struct run *run = context;
    const struct settings *settings = run->settings;
    size_t waived = mc_set_aside(settings->aside, &settings->scan, result);
    if ((mc_result_has_findings(result) || settings->scan.hash == MC_HASH_ALL) && !result->package)
        result->package = owners_of(run)[index];
    struct chunk *chunk = &run->chunks[index];
    mc_scan_totals_add(&run->totals[index], result);
    run->totals[index].waived += waived;
    run->totals[index].fatal += mc_fail_on_matches(&settings->fail_on, result);
    FILE *stream = mc_spool_add(&run->spool, &chunk->text, settings->format->between);
    settings->format->file(stream, &settings->report, result, is_named(&run->inputs->items[index], result));
    mc_close_text(stream);
    if (result->status == MC_FILE_ERROR)
        mc_push(&chunk->diagnoses, ((struct diagnosis){strdup(result->path), result->error}));
}

static void done(void *context, size_t index)
{
    struct run *run = context;
    struct chunk *chunk = &run->chunks[index];
    const struct mc_scan_totals *totals = &run->totals[index];
    if ((chunk->text.size && run->on_terminal) || chunk->diagnoses.count)
        mc_progress_clear(&run->progress);
    if (chunk->text.size) {
        if (run->anything_written)
            fputs(run->settings->format->between, run->stream);
        run->lost |= !mc_spool_move(&run->spool, &chunk->text, run->stream);
        run->anything_written = true;
    }
    for (size_t i = 0; i < chunk->diagnoses.count; i++) {
        mc_diagnose(chunk->diagnoses.items[i].path, &chunk->diagnoses.items[i].error);
        free(chunk->diagnoses.items[i].path);
    }
    mc_vector_free(&chunk->diagnoses);
    mc_scan_totals_merge(&run->total, totals);
    run->done[index] = true;
}

static int exit_status(const struct settings *settings, const struct mc_scan_totals *totals)
{
    if (settings->fail_on.given ? totals->fatal : mc_unsafe_files(totals))
        return MC_EXIT_UNSAFE;
    return totals->partial + totals->errors + settings->sources.unread ? MC_EXIT_INCOMPLETE : MC_EXIT_SAFE;
}

/* The chunks of a report whose begin needs the totals: kept until these are known. */
struct body {
    FILE *stream;
    struct mc_spooled text;
};

/* Where the chunks go. */
static FILE *begin_report(struct run *run, FILE *stream, struct body *body)
{
    const struct settings *settings = run->settings;
    if (!settings->format->answer_first) {
        settings->format->begin(stream, &settings->report, NULL);
        return stream;
    }
    return body->stream = mc_spool_add(&run->spool, &body->text, "");
}

static void put_together(struct run *run, FILE *stream, struct body *body)
{
    const struct settings *settings = run->settings;
    if (!body->stream)
        return;
    mc_close_text(body->stream);
    settings->format->begin(stream, &settings->report, &run->total);
    run->lost |= !mc_spool_move(&run->spool, &body->text, stream);
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);
    if (!memory)
        mc_out_of_memory();
    return memory;
}

/* What workers that were left behind may still write to is not looked at. */
static void state_packages(struct run *run)
{
    bool known = run->owners != NULL;
    if (!known && !(run->settings->format->states_packages && run->inputs->count > 1))
        return;
    const char *const *owners = owners_of(run);
    struct mc_scan_totals *totals = MC_NEW_ARRAY(&run->packages, run->inputs->count + 1, struct mc_scan_totals);
    for (size_t i = 0; i < run->inputs->count; i++)
        if (run->done[i])
            totals[i] = run->totals[i];
    run->total.packages =
        mc_package_totals_of(owners, totals, run->inputs->count, &run->packages, &run->total.package_count);
}

static void free_run(struct run *run)
{
    mc_spool_close(&run->spool);
    free(run->chunks);
    free(run->totals);
    free(run->done);
    free(run->owners);
    mc_arena_free(&run->owners_arena);
    mc_arena_free(&run->packages);
    pthread_mutex_destroy(&run->owners_lock);
}

/* Writes the report and closes the stream. Ends the process when the user interrupted it: see cli/scan_jobs.h. */
static int scan_inputs(const struct settings *settings, const struct mc_inputs *inputs, FILE *stream)
{
    size_t count = inputs->count;
    struct run run = {.settings = settings, .inputs = inputs, .stream = stream};
    pthread_mutex_init(&run.owners_lock, NULL);
    run.chunks = allocate(count, sizeof *run.chunks);
    run.totals = allocate(count, sizeof *run.totals);
    run.done = allocate(count, sizeof *run.done);
    run.on_terminal = isatty(fileno(stream));
    mc_progress_start(&run.progress, inputs->items, count);
    struct body body = {0};
    mc_spool_open(&run.spool, TEXT_IN_MEMORY);
    run.stream = begin_report(&run, stream, &body);
    struct mc_scan_jobs jobs = {.items = inputs->items, .count = count, .threads = settings->threads,
                                .options = &settings->scan, .root = settings->sources.root,
                                .no_cache = settings->no_cache || settings->format->shows_code,
                                .verbose = settings->report.verbose,
                                .progress = &run.progress,
                                .context = &run, .visit = visit, .done = done, .part = done};
    bool listed = !mc_interrupted; /* all of it */
    run.total.not_scanned = mc_scan_jobs_run(&jobs);
    if (!listed && !run.total.not_scanned)
        run.total.not_scanned = 1; /* at least: what was being looked for */
    mc_progress_clear(&run.progress);
    run.total.seconds = mc_progress_seconds(&run.progress);
    state_packages(&run);
    put_together(&run, stream, &body);
    settings->format->end(stream, &settings->report, &run.total);
    if (run.lost)
        mc_warn("%s: a part of the report was lost: it could not be read back from the temporary file", COMMAND);
    bool written = mc_close_report(stream, settings->output) && !run.lost;
    if (run.total.not_scanned) {
        mc_say_interrupted(listed, count, run.total.not_scanned);
        _exit(written ? MC_EXIT_INTERRUPTED : MC_EXIT_USAGE);
    }
    free_run(&run);
    return written ? exit_status(settings, &run.total) : MC_EXIT_USAGE;
}

static int run_scan(struct settings *settings, int argc, char **argv)
{
    struct mc_inputs inputs = {0};
    FILE *stream;
    settings->sources.words = argv + optind;
    settings->sources.count = argc - optind;
    mc_interrupt_catch();
    int status = mc_set_aside_open(settings->aside, COMMAND, settings->report.generated);
    if (status < 0)
        status = mc_gather_inputs(&settings->sources, COMMAND, &inputs);
    if (status < 0 && !(stream = mc_open_report(settings->output)))
        status = MC_EXIT_USAGE;
    if (status < 0) {
        settings->report.colour = mc_want_colour(stream);
        status = scan_inputs(settings, &inputs, stream);
        mc_set_aside_report(settings->aside);
    }
    mc_inputs_free(&inputs);
    mc_set_aside_close(settings->aside);
    return status;
}

int mc_cmd_scan(int argc, char **argv)
{
    struct mc_set_aside aside = {0};
    struct settings settings = {.format = mc_scan_format_find("text"), .aside = &aside};
    struct mc_error error;
    settings.scan.baseline_is_default = true;
    if (!mc_baseline_parse(MC_DEFAULT_BASELINE, &settings.scan.baseline, &error))
        return mc_usage_error(COMMAND, "%s", error.text);
    int status = mc_parse_options(&mc_syntax_scan, argc, argv, take_option, &settings);
    if (status >= 0)
        return status;
    if (settings.sources.root && settings.sources.running)
        return mc_usage_error(COMMAND, "--running is of this system, --root of another: give one of them");
    /* The text report shows no hashes. */
    if (settings.scan.hash == MC_HASH_NONE && strcmp(settings.format->name, "text") != 0)
        settings.scan.hash = MC_HASH_FINDINGS;
    mc_settle_debug_folder(&settings.scan, settings.sources.root);
    mc_describe_run(&settings.scan, &settings.report);
    return run_scan(&settings, argc, argv);
}
