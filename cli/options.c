/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include "base/demangle.h"
#include "cli/baseline_option.h"
#include "cli/host_operand.h"
#include "report/words.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define HELP_COLUMN 22 /* where an option's help begins */
#define MOST_THREADS 4096
#define MOST_FORMATS 16

static size_t count_options(const struct mc_syntax *syntax)
{
    size_t count = 0;
    while (syntax->options[count].id)
        count++;
    return count;
}

/* ---- help ---- */

static void print_paragraphs(const char *text)
{
    struct mc_arena arena = {0};
    while (*text) {
        size_t length = strcspn(text, "\n");
        mc_print_wrapped(stdout, mc_arena_strndup(&arena, text, length), 0, 0);
        text += length + (text[length] == '\n');
    }
    mc_arena_free(&arena);
}

static void print_option(const struct mc_option *option)
{
    char letter[8] = "", value[32] = "";
    if (option->id < MC_OPTION_HELP)
        snprintf(letter, sizeof letter, "-%c, ", option->id);
    if (option->value && *option->value == '[')
        snprintf(value, sizeof value, "[=%s", option->value + 1);
    else if (option->value)
        snprintf(value, sizeof value, " %s", option->value);
    int column = printf("  %s--%s%s", letter, option->name, value);
    if (column > HELP_COLUMN - 2) {
        putchar('\n');
        column = 0;
    }
    printf("%*s", HELP_COLUMN - column, "");
    mc_print_wrapped(stdout, option->help, HELP_COLUMN, HELP_COLUMN);
}

static void print_examples(const char *text)
{
    fputs("\nExamples:\n", stdout);
    while (*text) {
        size_t length = strcspn(text, "\n");
        bool whole = strncmp(text, "$ ", 2) == 0;
        printf("  %s%.*s\n", whole ? "" : "maskcheck ", (int)length - (whole ? 2 : 0), text + (whole ? 2 : 0));
        text += length + (text[length] == '\n');
    }
}

static int print_help(const struct mc_syntax *syntax)
{
    for (const char *usage = syntax->usage, *lead = "Usage:"; *usage; lead = "      ") {
        size_t length = strcspn(usage, "\n");
        printf("%s maskcheck %s%s%.*s\n", lead, syntax->command, length ? " " : "", (int)length, usage);
        usage += length + (usage[length] == '\n');
    }
    print_paragraphs(syntax->about);
    if (syntax->list)
        syntax->list(stdout);
    putchar('\n');
    for (const struct mc_option *option = syntax->options; option->id; option++)
        print_option(option);
    fputs("  --help, --version\n", stdout);
    if (syntax->notes) {
        putchar('\n');
        print_paragraphs(syntax->notes);
    }
    print_examples(syntax->examples);
    fputs("\nExit status: ", stdout);
    mc_print_wrapped(stdout, syntax->statuses, strlen("Exit status: "), 0);
    return mc_finish_output(stdout, NULL) ? MC_EXIT_SAFE : MC_EXIT_USAGE;
}

/* ---- parsing ---- */

static bool is_long(const char *word)
{
    return strncmp(word, "--", 2) == 0;
}

/* An unknown long option, or the beginning of several. */
static int report_unknown(const struct mc_syntax *syntax, const char *word)
{
    size_t count = count_options(syntax), length = strcspn(word, "=") - 2, found = 0;
    const char *names[2] = {NULL, NULL}, **all = mc_realloc(NULL, count + 1, sizeof *all);
    struct mc_arena arena = {0};
    const char *name = mc_arena_strndup(&arena, word + 2, length);
    for (size_t i = 0; i < count; i++) {
        all[i] = syntax->options[i].name;
        if (length && strncmp(all[i], name, length) == 0 && found++ < 2)
            names[found - 1] = all[i];
    }
    const char *near = mc_nearest_word(name, all, count);
    int status;
    if (found > 1)
        status = mc_usage_error(syntax->command, "ambiguous option '--%s': --%s or --%s?", name, names[0], names[1]);
    else if (near)
        status = mc_usage_error(syntax->command, "unknown option '--%s'; did you mean '--%s'?", name, near);
    else
        status = mc_usage_error(syntax->command, "unknown option '--%s'", name);
    free(all);
    mc_arena_free(&arena);
    return status;
}

/* What getopt_long found wrong; `result` is what it returned, '?' or ':'. */
static int report_error(const struct mc_syntax *syntax, int result, char **argv)
{
    const char *word = argv[optind - 1];
    /* optopt is the letter, 0 for an unknown long option, or the id of one used wrongly. */
    bool letter = optopt > 0 && optopt < MC_OPTION_HELP && !is_long(word);
    if (result == ':' && letter)
        return mc_usage_error(syntax->command, "option '-%c' needs an argument", optopt);
    if (result == ':')
        return mc_usage_error(syntax->command, "option '%s' needs an argument", word);
    if (letter)
        return mc_usage_error(syntax->command, "unknown option '-%c'", optopt);
    if (optopt)
        return mc_usage_error(syntax->command, "option '%.*s' takes no argument", (int)strcspn(word, "="), word);
    return report_unknown(syntax, word);
}

static int arguments_of(const struct mc_option *option)
{
    if (!option->value)
        return no_argument;
    return *option->value == '[' ? optional_argument : required_argument;
}

/* The table as getopt_long wants it, and the letters: a leading ':' makes it tell a missing argument apart. */
static struct option *make_options(const struct mc_syntax *syntax, struct mc_arena *arena, char **ret_letters)
{
    size_t count = count_options(syntax), used = 0;
    struct option *options = MC_NEW_ARRAY(arena, count + 3, struct option);
    char *letters = MC_NEW_ARRAY(arena, 2 * count + 2, char);
    letters[used++] = ':';
    for (size_t i = 0; i < count; i++) {
        const struct mc_option *row = &syntax->options[i];
        options[i] = (struct option){row->name, arguments_of(row), NULL, row->id};
        if (row->id >= MC_OPTION_HELP)
            continue;
        letters[used++] = (char)row->id;
        if (row->value)
            letters[used++] = ':';
    }
    options[count] = (struct option){"help", no_argument, NULL, MC_OPTION_HELP};
    options[count + 1] = (struct option){"version", no_argument, NULL, MC_OPTION_VERSION};
    *ret_letters = letters;
    return options;
}

int mc_parse_options(const struct mc_syntax *syntax, int argc, char **argv, mc_take_option *take, void *context)
{
    struct mc_arena arena = {0};
    char *letters;
    const struct option *options = make_options(syntax, &arena, &letters);
    int status = -1;
    opterr = 0;
    optind = 1;
    for (int id; status < 0 && (id = getopt_long(argc, argv, letters, options, NULL)) != -1;) {
        if (id == '?' || id == ':')
            status = report_error(syntax, id, argv);
        else if (id == MC_OPTION_HELP)
            status = print_help(syntax);
        else if (id == MC_OPTION_VERSION)
            status = mc_print_version();
        else
            status = take(context, id, optarg);
    }
    mc_arena_free(&arena);
    return status;
}

void mc_settle_debug_folder(struct mc_scan_options *options, const char *root)
{
    static char folder[PATH_MAX + sizeof MC_DEBUG_FOLDER];
    snprintf(folder, sizeof folder, "%s" MC_DEBUG_FOLDER, root ? root : "");
    if (!options->debug_folder)
        options->debug_folder = folder;
}

int mc_take_common(int id, const char *value, struct mc_scan_options *ret)
{
    if (id == MC_OPTION_DEBUG_DIR)
        ret->debug_folder = value;
    if (id == MC_OPTION_NO_DEMANGLE)
        mc_demangle_disable();
    return -1;
}

/* ---- values ---- */

int mc_take_baseline(const struct mc_syntax *syntax, const char *value, struct mc_baseline *ret)
{
    struct mc_error error;
    if (mc_baseline_option(value, ret, &error))
        return -1;
    return mc_usage_error(syntax->command, "--baseline %s: %s", value, error.text);
}

int mc_take_target(const struct mc_syntax *syntax, const char *value, struct mc_arena *arena, struct mc_baseline *ret,
                   struct mc_profile *ret_profile)
{
    struct mc_error error;
    if (mc_baseline_option(value, ret, &error) && mc_host_operand(value, arena, ret_profile, &error))
        return -1;
    return mc_usage_error(syntax->command, "--baseline %s: %s", value, error.text);
}

int mc_unknown_format(const struct mc_syntax *syntax, const char *value, const char *names)
{
    struct mc_arena arena = {0};
    const char *list[MOST_FORMATS];
    size_t count = 0;
    for (const char *at = names; *at && count < MOST_FORMATS; at += strspn(at, ", ")) {
        size_t length = strcspn(at, ", ");
        list[count++] = mc_arena_strndup(&arena, at, length);
        at += length;
    }
    const char *near = mc_nearest_word(value, list, count);
    if (near)
        mc_usage_error(syntax->command, "unknown format '%s'; did you mean '%s'? known: %s", value, near, names);
    else
        mc_usage_error(syntax->command, "unknown format '%s'; known: %s", value, names);
    mc_arena_free(&arena);
    return MC_EXIT_USAGE;
}

int mc_take_json(const struct mc_syntax *syntax, const char *value, bool *ret)
{
    *ret = strcmp(value, "json") == 0;
    return *ret || strcmp(value, "text") == 0 ? -1 : mc_unknown_format(syntax, value, "text, json");
}

int mc_take_jobs(const struct mc_syntax *syntax, const char *value, unsigned *ret)
{
    if (mc_parse_number(value, 1, MOST_THREADS, ret))
        return -1;
    return mc_usage_error(syntax->command, "-j %s: not a number from 1 to %d", value, MOST_THREADS);
}

int mc_check_root(const struct mc_syntax *syntax, const char *value)
{
    struct stat status;
    if (!*value)
        return mc_usage_error(syntax->command, "--root: which folder?");
    if (stat(value, &status) != 0)
        return mc_usage_error(syntax->command, "--root %s: cannot read: %s", value, strerror(errno));
    return S_ISDIR(status.st_mode) ? -1 : mc_usage_error(syntax->command, "--root %s: not a folder", value);
}
