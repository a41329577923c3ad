/* SPDX-License-Identifier: Apache-2.0 */
/* maskcheck probe: what does CPUID say, what does the CPU execute, where do the two part? */
#include "cli/baseline_option.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/report_file.h"
#include "cli/watch.h"
#include "report/probe.h"

#include <getopt.h>
#include <string.h>

#define COMMAND "probe"

struct probe_format;

struct arguments {
    struct mc_probe_options probe;
    const char *output;
    const struct probe_format *format; /* NULL: text */
    bool once;
    unsigned watch; /* seconds, 0: no */
    struct mc_baseline chosen;
    struct mc_profile target; /* the same as a machine: state components and sizes included */
    struct mc_arena arena;    /* owns its name */
};

enum {
    OPTION_BASELINE = MC_OPTION_OWN,
    OPTION_FORMAT,
    OPTION_CPUID,
    OPTION_TRY,
    OPTION_PROC,
    OPTION_DEV,
    OPTION_WATCH,
    OPTION_ONCE
};
static const struct mc_option options[] = {
    {OPTION_BASELINE, "baseline", "B", MC_WORDS_BASELINE,
     "also: does CPUID stay within B? NAME; NAME,+feature,-feature; or a probe report or CPUID dump"},
    {OPTION_FORMAT, "format", "F", "text json html prometheus",
     "text (default), json, html (one page with a picture of the verdicts by CPU) or prometheus"},
    {OPTION_CPUID, "cpuid", "FILE", MC_WORDS_FILE,
     "judge a recorded CPUID instead of this machine's: cpuid -r, InstLatx64, libvirt cpuData XML, a probe report, QEMU's "
     "query-cpu-model-expansion; - reads standard input"},
    {OPTION_TRY, "try", NULL, NULL, "with --cpuid: hold the dump against this CPU by running the trials"},
    {OPTION_PROC, "proc", "DIR", MC_WORDS_FOLDER, "read DIR/cpuinfo instead of /proc/cpuinfo"},
    {OPTION_DEV, "dev", "DIR", MC_WORDS_FOLDER, "read DIR/cpu/N/cpuid instead of /dev/cpu/N/cpuid; may be a dump"},
    {OPTION_WATCH, "watch", "N", NULL,
     "probe every N seconds, and tell when CPUID, what the CPU executes or the CPU itself has changed: a live migration "
     "seen from inside; with the processes that have run since before"},
    {OPTION_ONCE, "once", NULL, NULL, "with --watch: end at the first change, with exit status 1"},
    {'o', "output", "FILE", MC_WORDS_FILE, "write the report to FILE"},
    {0},
};

const struct mc_syntax mc_syntax_probe = {
    .command = COMMAND,
    .usage = "[OPTION...]",
    .about = "What does CPUID report on this machine, what does the CPU really execute, and where do the two part? Every "
             "instruction is tried in a child process with its faults caught; nothing on the machine is changed.",
    .options = options,
    .notes = "Verdicts: ok, absent, masked (runs although not reported), aliased, broken (reported but refused), wrong, "
             "os-off, untestable, untested.",
    .examples = "probe --baseline intel-penryn\n"
                "probe --cpuid penryn.txt --try\n"
                "probe --watch 30 --format json",
    .statuses = "0 nothing broken (masked alone is 0); 1 broken, wrong, a broken implication, CPUs that differ, or CPUID above "
                "the baseline; 2 usage error; 3 trials could not be run; 130 --watch was interrupted (Ctrl-C).",
};

static void write_json(FILE *stream, const struct mc_probe *probe, const struct mc_probe_report *report)
{
    mc_probe_report_json(stream, probe, report);
    fputc('\n', stream);
}

struct probe_format {
    const char *name;
    void (*write)(FILE *stream, const struct mc_probe *probe, const struct mc_probe_report *report);
};
static const struct probe_format formats[] = {{"text", mc_probe_report_text},
               {"json", write_json},
               {"html", mc_probe_report_html},
               {"prometheus", mc_probe_report_prometheus}};

static int take_format(struct arguments *arguments, const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0) {
            arguments->format = &formats[i];
            return -1;
        }
    return mc_unknown_format(&mc_syntax_probe, name, "text, json, html, prometheus");
}

/* -1: go on; else the exit status. */
static int take_option(void *context, int id, const char *value)
{
    struct arguments *arguments = context;
    switch (id) {
    case OPTION_BASELINE:
        arguments->probe.baseline = &arguments->chosen;
        return mc_take_target(&mc_syntax_probe, value, &arguments->arena, &arguments->chosen, &arguments->target);
    case OPTION_FORMAT:
        return take_format(arguments, value);
    case OPTION_CPUID:
        arguments->probe.cpuid_file = value;
        return -1;
    case OPTION_TRY:
        arguments->probe.try_dump = true;
        return -1;
    case OPTION_PROC:
        arguments->probe.proc_dir = value;
        return -1;
    case OPTION_DEV:
        arguments->probe.dev_dir = value;
        return -1;
    case OPTION_WATCH:
        if (mc_parse_number(value, 1, 86400, &arguments->watch))
            return -1;
        return mc_usage_error(COMMAND, "--watch %s: expected seconds, 1 to 86400", value);
    case OPTION_ONCE:
        arguments->once = true;
        return -1;
    default: /* 'o' */
        arguments->output = value;
        return -1;
    }
}

static int parse_arguments(int argc, char **argv, struct arguments *ret)
{
    int status = mc_parse_options(&mc_syntax_probe, argc, argv, take_option, ret);
    if (status >= 0)
        return status;
    if (optind < argc)
        return mc_usage_error(COMMAND, "unexpected argument '%s'", argv[optind]);
    if (ret->probe.try_dump && !ret->probe.cpuid_file)
        return mc_usage_error(COMMAND, "--try needs --cpuid FILE");
    if (ret->watch && ret->format > &formats[1])
        return mc_usage_error(COMMAND, "--watch writes text or json, not %s", ret->format->name);
    if (ret->once && !ret->watch)
        return mc_usage_error(COMMAND, "--once needs --watch SECONDS");
    return -1;
}

static bool write_report(const struct arguments *arguments, const struct mc_probe *probe,
                         const struct mc_comparison *comparison)
{
    FILE *stream = mc_open_report(arguments->output);
    if (!stream)
        return false;
    struct mc_probe_report report = {mc_version, arguments->probe.baseline, mc_want_colour(stream), comparison};
    (arguments->format ? arguments->format : &formats[0])->write(stream, probe, &report);
    return mc_close_report(stream, arguments->output);
}

static int probe_once(struct arguments *arguments)
{
    struct mc_error error = {0};
    struct mc_probe probe;
    struct mc_profile machine;
    struct mc_comparison comparison = {0};
    bool compared = arguments->probe.baseline != NULL;
    if (!mc_probe_run(&arguments->probe, &probe, &error)) {
        mc_diagnose(arguments->probe.cpuid_file, &error);
        return arguments->probe.cpuid_file ? MC_EXIT_USAGE : MC_EXIT_INCOMPLETE;
    }
    if (probe.trial_error.kind != MC_ERROR_NONE)
        mc_diagnose("trials", &probe.trial_error);
    if (compared) {
        mc_profile_of_probe(&probe, "this machine", &machine);
        mc_compare_guest(&machine, &arguments->target, true, &arguments->arena, &comparison);
    }
    int status = mc_probe_unsafe(&probe) || comparison.missing_count ? MC_EXIT_UNSAFE
                 : mc_probe_incomplete(&probe)                       ? MC_EXIT_INCOMPLETE
                                                                     : MC_EXIT_SAFE;
    if (!write_report(arguments, &probe, compared ? &comparison : NULL))
        status = MC_EXIT_USAGE;
    mc_probe_free(&probe);
    return status;
}

int mc_cmd_probe(int argc, char **argv)
{
    struct arguments arguments = {0};
    int status = parse_arguments(argc, argv, &arguments);
    if (status >= 0) {
        mc_arena_free(&arguments.arena);
        return status;
    }
    const struct mc_watch_options watch = {&arguments.probe, arguments.watch, arguments.once, arguments.format == &formats[1],
                                           arguments.output};
    status = arguments.watch ? mc_watch(&watch) : probe_once(&arguments);
    mc_arena_free(&arguments.arena);
    return status;
}
