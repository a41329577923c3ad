/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/baselines_hosts.h"
#include "cli/command.h"
#include "cli/options.h"
#include "isa/baseline.h"
#include "probe/probe.h"

#include <getopt.h>
#include <string.h>

#define COMMAND "baselines"
#define LINE_WIDTH 110 /* columns of a listing */
#define NAME_WIDTH 24  /* columns before a row's features */

enum { OPTION_COMMON = MC_OPTION_OWN, OPTION_EXPLAIN, OPTION_ADMIT, OPTION_FORMAT };
static const struct mc_option options[] = {
    {'m', "models", NULL, NULL, "list the CPU models too"},
    {OPTION_COMMON, "common", NULL, NULL,
     "what the hosts of these dumps have in common: features, the highest EVC baseline and psABI level, who holds the rest "
     "back, and the CPU for QEMU and libvirt"},
    {OPTION_EXPLAIN, "explain", NULL, NULL, "what B adds to A and drops"},
    {OPTION_ADMIT, "admit", "B", MC_WORDS_BASELINE,
     "may this machine, or the host of a dump, join a cluster of the EVC baseline B?"},
    {OPTION_FORMAT, "format", "F", MC_WORDS_FORMAT, "of the last three: text (default) or json"},
    {0},
};

const struct mc_syntax mc_syntax_baselines = {
    .command = COMMAND,
    .usage = "[OPTION...] [NAME]\n--common FILE...\n--explain A B\n--admit B [FILE]",
    .about = "List the baselines, each with what it adds to the one it starts from (+) and drops (-), and the highest ones "
             "that this machine satisfies. With NAME (or NAME,+feature,-feature): everything about that one.",
    .options = options,
    .notes = "FILE, A and B: a probe report or CPUID dump, a name, or this-machine, as for maskcheck compare.",
    .examples = "baselines\n"
                "baselines intel-penryn\n"
                "baselines EPYC-Rome,-rdpid\n"
                "baselines --common host-*.txt\n"
                "baselines --explain amd-piledriver amd-zen\n"
                "baselines --admit intel-merom new-host.txt",
    .statuses = "0; 1 the host may not join; 2 usage error, unknown name; 3 a file could not be read.",
    .operands = MC_WORDS_BASELINE,
};

struct arguments {
    bool models, common, explain, json;
    const char *admit; /* the baseline, NULL when that is not the question */
};

static const struct {
    enum mc_family family;
    const char *title, *name; /* `name` in the lines about this machine */
} families[] = {
    {MC_FAMILY_PSABI, "Levels of the x86-64 psABI", "psABI"},
    {MC_FAMILY_INTEL, "VMware EVC, Intel", "Intel"},
    {MC_FAMILY_AMD, "VMware EVC, AMD", "AMD"},
    {MC_FAMILY_MODEL, "CPU models of QEMU, libvirt, GCC and Clang", "model"},
};

/* Prints words with a common sign, wrapped; *column is where the line stands. */
static void print_features(const struct mc_feature_set *set, enum mc_level level, const char *sign, size_t *column)
{
    for (int feature = mc_set_next(set, 0); feature >= 0; feature = mc_set_next(set, feature + 1)) {
        if (mc_features[feature].level != level)
            continue;
        size_t width = strlen(sign) + strlen(mc_features[feature].name);
        if (*column + 1 + width > LINE_WIDTH) {
            printf("\n%*s", NAME_WIDTH, "");
            *column = NAME_WIDTH;
        }
        *column += 1 + width;
        printf(" %s%s", sign, mc_features[feature].name);
    }
}

/* One line of the listing: name, parent where it is not the row above, what programs gain and lose. */
static void print_row(size_t index)
{
    const struct mc_baseline *baseline = mc_baseline_at(index);
    const struct mc_baseline *parent = mc_baseline_row_at(index).parent;
    struct mc_feature_set none = {0}, from = parent ? parent->features : none;
    struct mc_feature_set adds = mc_set_minus(baseline->features, &from);
    struct mc_feature_set drops = mc_set_minus(from, &baseline->features);
    size_t column = (size_t)printf("  %-*s", NAME_WIDTH - 2, baseline->name);
    if (parent && (index == 0 || parent != mc_baseline_at(index - 1)))
        column += (size_t)printf(" %s", parent->name);
    print_features(&adds, MC_LEVEL_USER, "+", &column);
    print_features(&drops, MC_LEVEL_USER, "-", &column);
    putchar('\n');
}

/* What programs find missing here, without the bits that mirror OS state. */
static struct mc_feature_set find_missing(const struct mc_probe *probe, const struct mc_baseline *baseline)
{
    struct mc_feature_set missing = mc_set_minus(baseline->features, &probe->reported);
    for (int feature = mc_set_next(&missing, 0); feature >= 0; feature = mc_set_next(&missing, feature + 1))
        if (mc_features[feature].dynamic)
            mc_set_remove(&missing, (enum mc_feature)feature);
    return missing;
}

/* One family: the last baseline that holds on every CPU, and what the next one would need. */
static void print_family(const struct mc_probe *probe, enum mc_family family, const char *name)
{
    const struct mc_baseline *highest = NULL, *next = NULL;
    for (size_t i = 0; i < mc_baseline_count(); i++) {
        const struct mc_baseline *baseline = mc_baseline_at(i);
        if (baseline->family != family || !mc_probe_concerns(probe, baseline))
            continue;
        if (mc_probe_satisfies(&probe->reported, baseline)) {
            highest = baseline;
            next = NULL;
        } else if (!next) {
            next = baseline;
        }
    }
    if (!highest && !next)
        return;
    size_t column = (size_t)printf("  %-*s %s", NAME_WIDTH - 2, name, highest ? highest->name : "none");
    if (next) {
        column += (size_t)printf("; %s lacks", next->name);
        struct mc_feature_set missing = find_missing(probe, next);
        print_features(&missing, MC_LEVEL_USER, "", &column);
    }
    putchar('\n');
}

static void print_machine(const struct mc_probe *probe)
{
    printf("The highest that this machine satisfies by its CPUID (%s)\n", probe->machine.brand);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        print_family(probe, families[i].family, families[i].name);
}

static void list_all(const struct mc_probe *probe, bool models)
{
    for (size_t f = 0; f < sizeof families / sizeof *families; f++) {
        if (families[f].family == MC_FAMILY_MODEL && !models)
            continue;
        printf("%s\n", families[f].title);
        for (size_t i = 0; i < mc_baseline_count(); i++)
            if (mc_baseline_at(i)->family == families[f].family)
                print_row(i);
        putchar('\n');
    }
    if (!models)
        printf("CPU models: add --models to list them; their names are baselines too.\n");
    if (probe)
        print_machine(probe);
}

static void print_line(const char *label, const struct mc_feature_set *set, enum mc_level level)
{
    size_t column = (size_t)printf("  %-*s", NAME_WIDTH - 2, label), before = column;
    print_features(set, level, "", &column);
    puts(column == before ? " none" : "");
}

/* The catalogue's row that `text` starts from: NAME of NAME,+f,-f. */
static size_t find_index(const char *text)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(text, ","), text);
    const struct mc_baseline *known = mc_baseline_find(name);
    size_t index = 0;
    while (index < mc_baseline_count() && mc_baseline_at(index) != known)
        index++;
    return index;
}

static void describe(const struct mc_baseline *baseline, const char *text, const struct mc_probe *probe)
{
    size_t index = find_index(text);
    struct mc_baseline_row row = mc_baseline_row_at(index);
    struct mc_feature_set none = {0}, from = row.parent ? row.parent->features : none;
    struct mc_feature_set adds = mc_set_minus(baseline->features, &from);
    struct mc_feature_set drops = mc_set_minus(from, &baseline->features);
    printf("%s\n", text);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (families[i].family == baseline->family)
            printf("  %-*s %s\n", NAME_WIDTH - 2, "family", families[i].title);
    if (*row.aliases)
        printf("  %-*s %s\n", NAME_WIDTH - 2, "other names", row.aliases);
    printf("  %-*s %s\n", NAME_WIDTH - 2, "source", row.source);
    printf("  %-*s %s\n", NAME_WIDTH - 2, "starts from", row.parent ? row.parent->name : "nothing");
    print_line("adds", &adds, MC_LEVEL_USER);
    print_line("drops", &drops, MC_LEVEL_USER);
    print_line("all, for programs", &baseline->features, MC_LEVEL_USER);
    print_line("all, for kernels", &baseline->features, MC_LEVEL_KERNEL);
    if (!probe)
        return;
    struct mc_feature_set missing = find_missing(probe, baseline);
    if (mc_probe_satisfies(&probe->reported, baseline))
        printf("  %-*s satisfies it for programs\n", NAME_WIDTH - 2, "this machine");
    else
        print_line("this machine lacks", &missing, MC_LEVEL_USER);
}

/* -1 to go on, else the exit status to end with. */
static int take_option(void *context, int id, const char *value)
{
    struct arguments *arguments = context;
    switch (id) {
    case 'm':
        arguments->models = true;
        return -1;
    case OPTION_COMMON:
        arguments->common = true;
        return -1;
    case OPTION_EXPLAIN:
        arguments->explain = true;
        return -1;
    case OPTION_ADMIT:
        arguments->admit = value;
        return -1;
    default: /* OPTION_FORMAT */
        return mc_take_json(&mc_syntax_baselines, value, &arguments->json);
    }
}

static int parse_arguments(int argc, char **argv, struct arguments *ret)
{
    int status = mc_parse_options(&mc_syntax_baselines, argc, argv, take_option, ret);
    if (status >= 0)
        return status;
    int questions = ret->models + ret->common + ret->explain + (ret->admit != NULL);
    if (questions > 1)
        return mc_usage_error(COMMAND, "--models, --common, --explain and --admit exclude one another");
    if (ret->json && !ret->common && !ret->explain && !ret->admit)
        return mc_usage_error(COMMAND, "--format json needs --common, --explain or --admit");
    return -1;
}

static int show_catalogue(const char *name, bool models)
{
    struct mc_baseline baseline;
    struct mc_error error;
    if (name && !mc_baseline_parse(name, &baseline, &error))
        return mc_usage_error(COMMAND, "%s", error.text);
    struct mc_probe probe;
    const struct mc_probe_options views_only = {.skip_trials = true};
    bool probed = mc_probe_run(&views_only, &probe, &error);
    if (!probed)
        mc_diagnose("this machine's CPUID", &error);
    if (name)
        describe(&baseline, name, probed ? &probe : NULL);
    else
        list_all(probed ? &probe : NULL, models);
    if (probed)
        mc_probe_free(&probe);
    return mc_finish_output(stdout, NULL) ? MC_EXIT_SAFE : MC_EXIT_USAGE;
}

int mc_cmd_baselines(int argc, char **argv)
{
    struct arguments arguments = {0};
    int status = parse_arguments(argc, argv, &arguments);
    if (status >= 0)
        return status;
    char *const *names = argv + optind;
    size_t count = (size_t)(argc - optind);
    if (arguments.common)
        return mc_baselines_common(names, count, arguments.json);
    if (arguments.explain)
        return mc_baselines_explain(names, count, arguments.json);
    if (arguments.admit)
        return mc_baselines_admit(arguments.admit, names, count, arguments.json);
    if (count > 1)
        return mc_usage_error(COMMAND, "one NAME at a time, got '%s' too", names[1]);
    return show_catalogue(count ? names[0] : NULL, arguments.models);
}
