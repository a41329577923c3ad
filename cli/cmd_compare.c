/* SPDX-License-Identifier: Apache-2.0 */
/* maskcheck compare FROM TO...: may a VM started on FROM move to TO? */
#include "cli/command.h"
#include "cli/host_operand.h"
#include "cli/options.h"
#include "cli/report_file.h"
#include "report/compare.h"

#include <getopt.h>
#include <string.h>

#define COMMAND "compare"

struct arguments {
    bool matrix, cross_vendor, json;
    const char *output;
    char **names;
    size_t count;
};

struct pool { /* what the names mean, by the same index */
    struct mc_arena arena;
    struct mc_host_list hosts;
};

enum { OPTION_MATRIX = MC_OPTION_OWN, OPTION_CROSS_VENDOR, OPTION_FORMAT };
static const struct mc_option options[] = {
    {OPTION_MATRIX, "matrix", NULL, NULL, "every machine against every other, both ways"},
    {OPTION_CROSS_VENDOR, "cross-vendor", NULL, NULL, "a move to another vendor is not unsafe by itself"},
    {OPTION_FORMAT, "format", "F", MC_WORDS_FORMAT, "text (default) or json (schema maskcheck/compare/1)"},
    {'o', "output", "FILE", MC_WORDS_FILE, "write the report to FILE"},
    {0},
};

const struct mc_syntax mc_syntax_compare = {
    .command = COMMAND,
    .usage = "[OPTION...] FROM TO...",
    .about = "May a VM that was started on FROM move to each TO, and what is missing there? Every feature bit that CPUID shows "
             "on FROM is held against TO, those that only a kernel uses included; and XCR0 components and their places, the "
             "size of the XSAVE area, and address widths. What the operating system or the VM's shape decides is left out.\n"
             "FROM and TO: a file (probe report, cpuid -r, InstLatx64, libvirt cputest XML, QEMU CPU model as JSON), the name "
             "of a baseline or CPU model (maskcheck baselines --models), NAME,+feature,-feature, or this-machine; - is "
             "standard input. A named baseline speaks of some features only: what it leaves open is listed as not compared.",
    .options = options,
    .examples = "compare this-machine old-host.txt\n"
                "compare vm.json intel-penryn intel-nehalem Haswell-noTSX\n"
                "compare --matrix host-*.txt",
    .statuses = "0 every move is safe; 1 some move is unsafe; 2 usage error, unknown name; 3 none is unsafe, but a file could "
                "not be read.",
    .operands = MC_WORDS_BASELINE,
};

/* -1: go on; else the exit status. */
static int take_option(void *context, int id, const char *value)
{
    struct arguments *arguments = context;
    switch (id) {
    case OPTION_MATRIX:
        arguments->matrix = true;
        return -1;
    case OPTION_CROSS_VENDOR:
        arguments->cross_vendor = true;
        return -1;
    case OPTION_FORMAT:
        return mc_take_json(&mc_syntax_compare, value, &arguments->json);
    default: /* 'o' */
        arguments->output = value;
        return -1;
    }
}

static int parse_arguments(int argc, char **argv, struct arguments *ret)
{
    int status = mc_parse_options(&mc_syntax_compare, argc, argv, take_option, ret);
    if (status >= 0)
        return status;
    ret->names = argv + optind;
    ret->count = (size_t)(argc - optind);
    if (ret->count < 2)
        return mc_usage_error(COMMAND, "expected FROM and at least one TO");
    return -1;
}

static struct mc_compare_row compare_from(const struct arguments *arguments, struct pool *pool, size_t from,
                                          size_t first)
{
    struct mc_compare_row row = {&pool->hosts.profiles[from], NULL, arguments->count - first};
    struct mc_compare_target *targets = MC_NEW_ARRAY(&pool->arena, row.count, struct mc_compare_target);
    for (size_t i = 0; i < row.count; i++) {
        targets[i].name = arguments->names[first + i];
        targets[i].error = pool->hosts.errors[first + i];
        if (!targets[i].error)
            mc_compare(row.from, &pool->hosts.profiles[first + i], arguments->cross_vendor, &pool->arena,
                       &targets[i].comparison);
    }
    row.targets = targets;
    return row;
}

static struct mc_common find_common(const struct arguments *arguments, struct pool *pool)
{
    const struct mc_profile **readable = MC_NEW_ARRAY(&pool->arena, arguments->count, const struct mc_profile *);
    struct mc_common common;
    size_t count = 0;
    for (size_t i = 0; i < arguments->count; i++)
        if (!pool->hosts.errors[i])
            readable[count++] = &pool->hosts.profiles[i];
    mc_common_of(readable, count, &pool->arena, &common);
    return common;
}

static int judge(const struct mc_compare_report *report, const struct pool *pool)
{
    for (size_t i = 0; i < report->count; i++)
        for (size_t k = 0; k < report->rows[i].count; k++)
            if (!report->rows[i].targets[k].error && report->rows[i].targets[k].comparison.verdict == MC_COMPARE_UNSAFE)
                return MC_EXIT_UNSAFE;
    return pool->hosts.failed ? MC_EXIT_INCOMPLETE : MC_EXIT_SAFE;
}

static bool write_report(const struct arguments *arguments, struct mc_compare_report *report)
{
    FILE *stream = mc_open_report(arguments->output);
    if (!stream)
        return false;
    report->colour = mc_want_colour(stream);
    if (arguments->json)
        mc_compare_report_json(stream, report);
    else
        mc_compare_report_text(stream, report);
    return mc_close_report(stream, arguments->output);
}

static int compare_pool(const struct arguments *arguments, struct pool *pool)
{
    size_t sources = arguments->matrix ? arguments->count : 1;
    struct mc_compare_row *rows = MC_NEW_ARRAY(&pool->arena, sources, struct mc_compare_row);
    struct mc_compare_report report = {.version = mc_version, .matrix = arguments->matrix, .rows = rows};
    for (size_t i = 0; i < sources; i++)
        if (!pool->hosts.errors[i])
            rows[report.count++] = compare_from(arguments, pool, i, arguments->matrix ? 0 : 1);
    if (!report.count)
        return MC_EXIT_INCOMPLETE; /* said why already */
    struct mc_common common = find_common(arguments, pool);
    report.common = &common;
    int status = judge(&report, pool);
    return write_report(arguments, &report) ? status : MC_EXIT_USAGE;
}

int mc_cmd_compare(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct pool pool = {0};
    int status = parse_arguments(argc, argv, &arguments);
    if (status >= 0)
        return status;
    status = mc_host_operands(COMMAND, arguments.names, arguments.count, &pool.arena, &pool.hosts);
    if (status < 0)
        status = compare_pool(&arguments, &pool);
    mc_arena_free(&pool.arena);
    return status;
}
