/* SPDX-License-Identifier: Apache-2.0 */
/* maskcheck probe: what does CPUID say, what does the CPU execute, where do the two part? */
#include "cli/baseline_option.h"
#include "cli/command.h"
#include "cli/watch.h"
#include "report/probe.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

static const char help[] =
    "Usage: maskcheck probe [OPTION...]\n\n"
    "What does CPUID report on this machine, what does the CPU really execute, and where do the two part?\n"
    "Every instruction is tried in a child process with its faults caught; nothing on the machine is changed.\n\n"
    "  --baseline B     also: does CPUID stay within B? NAME; NAME,+feature,-feature; or a probe report or CPUID dump\n"
    "  --format FORMAT  text (default) or json\n"
    "  --cpuid FILE     judge a recorded CPUID instead of this machine's: cpuid -r, InstLatx64, libvirt cpuData XML,\n"
    "                   a probe report, QEMU's query-cpu-model-expansion; - reads standard input\n"
    "  --try            with --cpuid: hold the dump against this CPU by running the trials\n"
    "  --proc DIR       read DIR/cpuinfo instead of /proc/cpuinfo\n"
    "  --dev DIR        read DIR/cpu/N/cpuid instead of /dev/cpu/N/cpuid; may be a dump\n"
    "  --watch N        probe every N seconds, and tell when CPUID, what the CPU executes or the CPU itself has "
    "changed:\n"
    "                   a live migration seen from inside; with the processes that have run since before\n"
    "  --once           with --watch: end at the first change, with exit status 1\n"
    "  -o, --output FILE  write the report to FILE\n"
    "  --help, --version\n\n"
    "Verdicts: ok, absent, masked (runs although not reported), aliased, broken (reported but refused), wrong, "
    "os-off,\n"
    "untestable, untested.\n\n"
    "Examples:\n"
    "  maskcheck probe --baseline intel-penryn\n"
    "  maskcheck probe --cpuid penryn.txt --try\n"
    "  maskcheck probe --watch 30 --format json\n\n"
    "Exit status: 0 nothing broken (masked alone is 0); 1 broken, wrong, a broken implication, CPUs that differ, or "
    "CPUID\n"
    "above the baseline; 2 usage error; 3 trials could not be run.\n";

struct arguments {
    struct mc_probe_options probe;
    const char *baseline, *output;
    bool json, once;
    unsigned watch; /* seconds, 0: no */
    struct mc_baseline chosen;
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
static const struct option options[] = {
    {"baseline", required_argument, NULL, OPTION_BASELINE},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"cpuid", required_argument, NULL, OPTION_CPUID},
    {"try", no_argument, NULL, OPTION_TRY},
    {"proc", required_argument, NULL, OPTION_PROC},
    {"dev", required_argument, NULL, OPTION_DEV},
    {"watch", required_argument, NULL, OPTION_WATCH},
    {"once", no_argument, NULL, OPTION_ONCE},
    {"output", required_argument, NULL, 'o'},
    MC_COMMON_OPTIONS,
    {NULL, 0, NULL, 0},
};

/* -1: go on; else the exit status. */
static int take_option(struct arguments *arguments, int option)
{
    switch (option) {
    case OPTION_BASELINE:
        arguments->baseline = optarg;
        break;
    case OPTION_FORMAT:
        arguments->json = strcmp(optarg, "json") == 0;
        if (!arguments->json && strcmp(optarg, "text") != 0)
            return mc_usage_error("probe", "unknown format '%s'; expected text or json", optarg);
        break;
    case OPTION_CPUID:
        arguments->probe.cpuid_file = optarg;
        break;
    case OPTION_TRY:
        arguments->probe.try_dump = true;
        break;
    case OPTION_PROC:
        arguments->probe.proc_dir = optarg;
        break;
    case OPTION_DEV:
        arguments->probe.dev_dir = optarg;
        break;
    case OPTION_WATCH:
        if (!mc_parse_number(optarg, 1, 86400, &arguments->watch))
            return mc_usage_error("probe", "--watch %s: expected seconds, 1 to 86400", optarg);
        break;
    case OPTION_ONCE:
        arguments->once = true;
        break;
    case 'o':
        arguments->output = optarg;
        break;
    case MC_OPTION_HELP:
        fputs(help, stdout);
        return mc_finish_output(stdout, NULL) ? MC_EXIT_SAFE : MC_EXIT_USAGE;
    case MC_OPTION_VERSION:
        return mc_print_version();
    default:
        break;
    }
    return -1;
}

static int parse_arguments(int argc, char **argv, struct arguments *ret)
{
    int option, status = -1;
    opterr = 0;
    optind = 1;
    while (status < 0 && (option = getopt_long(argc, argv, "+:o:", options, NULL)) != -1) {
        if (option == '?' || option == ':')
            return mc_option_error("probe", option, argv);
        status = take_option(ret, option);
    }
    if (status >= 0)
        return status;
    if (optind < argc)
        return mc_usage_error("probe", "unexpected argument '%s'", argv[optind]);
    if (ret->probe.try_dump && !ret->probe.cpuid_file)
        return mc_usage_error("probe", "--try needs --cpuid FILE");
    if (ret->once && !ret->watch)
        return mc_usage_error("probe", "--once needs --watch SECONDS");
    return -1;
}

static bool choose_baseline(struct arguments *arguments)
{
    struct mc_error error;
    arguments->probe.baseline = &arguments->chosen;
    if (mc_baseline_option(arguments->baseline, &arguments->chosen, &error))
        return true;
    mc_diagnose(NULL, &error);
    return false;
}

static bool write_report(const struct arguments *arguments, const struct mc_probe *probe)
{
    FILE *stream = arguments->output ? fopen(arguments->output, "w") : stdout;
    if (!stream) {
        mc_warn("%s: cannot write: %s", arguments->output, strerror(errno));
        return false;
    }
    struct mc_probe_report report = {mc_version, arguments->probe.baseline, mc_want_colour(stream)};
    if (arguments->json) {
        mc_probe_report_json(stream, probe, &report);
        fputc('\n', stream);
    } else {
        mc_probe_report_text(stream, probe, &report);
    }
    bool good = mc_finish_output(stream, arguments->output);
    if (stream != stdout && fclose(stream) != 0 && good) {
        mc_warn("%s: cannot write: %s", arguments->output, strerror(errno));
        good = false;
    }
    return good;
}

int mc_cmd_probe(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct mc_error error = {0};
    struct mc_probe probe;
    int status = parse_arguments(argc, argv, &arguments);
    if (status >= 0)
        return status;
    if (arguments.baseline && !choose_baseline(&arguments))
        return MC_EXIT_USAGE;
    if (arguments.watch) {
        const struct mc_watch_options watch = {&arguments.probe, arguments.watch, arguments.once, arguments.json,
                                               arguments.output};
        return mc_watch(&watch);
    }
    if (!mc_probe_run(&arguments.probe, &probe, &error)) {
        mc_diagnose(arguments.probe.cpuid_file, &error);
        return arguments.probe.cpuid_file ? MC_EXIT_USAGE : MC_EXIT_INCOMPLETE;
    }
    if (probe.trial_error.kind != MC_ERROR_NONE)
        mc_diagnose("trials", &probe.trial_error);
    status = mc_probe_unsafe(&probe) ? MC_EXIT_UNSAFE : mc_probe_incomplete(&probe) ? MC_EXIT_INCOMPLETE : MC_EXIT_SAFE;
    if (!write_report(&arguments, &probe))
        status = MC_EXIT_USAGE;
    mc_probe_free(&probe);
    return status;
}
