/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/baseline_option.h"
#include "cli/command.h"
#include "cli/explain_miss.h"
#include "cli/options.h"
#include "cli/report_file.h"
#include "input/container.h"
#include "input/root.h"
#include "report/explain.h"
#include "report/rule_pages.h"
#include "scanner/scan.h"

#include <getopt.h>
#include <string.h>
#include <sys/stat.h>

#define COMMAND "explain"

struct run {
    struct mc_scan_options scan;
    struct mc_report_options report;
    bool json;
    const char *file;
    size_t shown; /* results written */
    bool unsafe, incomplete;
    struct mc_explain_miss miss; /* why nothing was found, until something is */
    const char *root;            /* --root; "" for this system */
    const char *outer;           /* the file on the disk: `file`, or what is before a '!' in it */
    struct mc_arena arena;       /* of both, when they are not the user's */
};

enum { OPTION_BASELINE = MC_OPTION_OWN, OPTION_FORMAT, OPTION_ROOT };

static const struct mc_option options[] = {
    {OPTION_BASELINE, "baseline", "B", MC_WORDS_BASELINE,
     "what every host has, as in 'maskcheck scan' (default " MC_DEFAULT_BASELINE ")"},
    {OPTION_FORMAT, "format", "F", MC_WORDS_FORMAT, "text or json"},
    {OPTION_ROOT, "root", "DIR", MC_WORDS_FOLDER, "FILE is of the system whose disk is mounted at DIR"},
    MC_COMMON_OPTIONS,
    {0},
};

static void list_rules(FILE *stream)
{
    for (size_t i = 0; i < mc_rule_count(); i++)
        fprintf(stream, "  %s  %s\n", mc_rule_page_at(i).id, mc_rule_page_at(i).title);
}

const struct mc_syntax mc_syntax_explain = {
    .command = COMMAND,
    .usage = "[OPTION...] FILE[!MEMBER] [ADDRESS|FUNCTION]\nRULE",
    .about = "Say what the proof believed of the uses in FILE, step by step, beside the disassembly: the guard and how it is "
             "known, or the way on which none was found.\n"
             "Without ADDRESS or FUNCTION: an overview, one paragraph per function with uses, the unsafe ones first. "
             "ADDRESS is hexadecimal, with or without 0x: a use, or where a function starts. FUNCTION is a name as in the "
             "symbol tables. MEMBER is a file in a package, archive or image, as 'maskcheck scan' names it. RULE is the name "
             "of a kind of finding: what it means, why it breaks a migration, and how to fix it:",
    .list = list_rules,
    .options = options,
    .examples = "explain /usr/bin/zstd\n"
                "explain --baseline intel-merom /opt/app/bin/server 0x401136\n"
                "explain /opt/app/lib/libblend.so blend_row\n"
                "explain 'app_1.0_amd64.deb!usr/bin/app' main\n"
                "explain MC002",
    .statuses = "0 nothing unsafe in what was explained; 1 something unsafe; 2 usage error; 3 nothing unsafe found, but not "
                "all could be judged.",
    .operands = MC_WORDS_FILE " " MC_WORDS_RULE,
};

/* One option. -1 to go on, else the exit status to end with. */
static int take_option(void *context, int id, const char *value)
{
    struct run *run = context;
    if (id == OPTION_FORMAT)
        return mc_take_json(&mc_syntax_explain, value, &run->json);
    if (id == OPTION_ROOT) {
        run->root = value;
        return mc_check_root(&mc_syntax_explain, value);
    }
    if (id != OPTION_BASELINE)
        return mc_take_common(id, value, &run->scan);
    run->scan.baseline_is_default = false;
    return mc_take_baseline(&mc_syntax_explain, value, &run->scan.baseline);
}

static int explain_rule(const struct mc_rule_page *page)
{
    if (!page->text)
        return mc_usage_error(COMMAND, "%s: this program was built without the page (docs/rules/%s.md)", page->id,
                              page->id);
    fputs(page->text, stdout);
    return mc_finish_output(stdout, NULL) ? MC_EXIT_SAFE : MC_EXIT_USAGE;
}

/* MC and digits: a rule that there is not, unless it is a file. */
static bool looks_like_rule(const char *word)
{
    return (word[0] == 'M' || word[0] == 'm') && (word[1] == 'C' || word[1] == 'c') && word[2] &&
           !word[2 + strspn(word + 2, "0123456789")];
}

/* Something is to be said of the place: it has uses, or it is a function without any, or the whole file. */
static bool is_found(const struct mc_explained *explained)
{
    return explained->place.kind == MC_PLACE_FILE || explained->place.kind == MC_PLACE_FUNCTION || explained->count;
}

static bool is_unsafe(const struct mc_file_result *result)
{
    const struct mc_explained *explained = result->explained;
    if (explained->place.kind == MC_PLACE_FILE)
        return mc_verdict_unsafe(result->verdict);
    for (size_t i = 0; i < result->finding_count; i++)
        if (mc_place_has(&explained->place, &result->findings[i].use) && mc_verdict_unsafe(result->findings[i].verdict))
            return true;
    return false;
}

static void show(struct run *run, const struct mc_file_result *result)
{
    if (run->shown && !run->json)
        fputc('\n', stdout);
    if (!run->shown)
        (run->json ? mc_explain_json_begin : mc_explain_text_begin)(stdout, &run->report);
    if (run->json)
        mc_explain_json(stdout, result, !run->shown);
    else
        mc_explain_text(stdout, &run->report, result);
    run->shown++;
    run->unsafe |= is_unsafe(result);
    run->incomplete |= result->status == MC_FILE_PARTIAL;
}

static void take_result(void *context, struct mc_file_result *result)
{
    struct run *run = context;
    bool asked = strcmp(result->path, run->file) == 0;
    if (result->status == MC_FILE_SKIPPED && !asked) {
        /* a member of a package that is explained as a whole */
    } else if (result->status == MC_FILE_ERROR || result->status == MC_FILE_SKIPPED) {
        mc_diagnose(result->path, &result->error);
        run->incomplete = true;
    } else if (is_found(result->explained)) {
        show(run, result);
    } else {
        mc_explain_note_miss(&run->miss, result);
    }
    mc_file_result_free(result);
}

/* Nothing was shown, and nothing said why. */
static int nothing_there(const struct run *run)
{
    if (run->scan.member)
        return mc_usage_error(COMMAND, "%.*s has no member '%s' that is a program", (int)strlen(run->outer), run->file,
                              run->file + strlen(run->outer) + 1);
    return mc_usage_error(COMMAND, "%s: no program is in it", run->file);
}

static int finish(struct run *run)
{
    if (!run->shown && run->miss.text && !run->incomplete) {
        int status = mc_usage_error(COMMAND, "%s", run->miss.text);
        mc_arena_free(&run->miss.arena);
        return status;
    }
    mc_arena_free(&run->miss.arena);
    if (!run->shown && !run->incomplete)
        return nothing_there(run);
    if (run->json && run->shown)
        mc_explain_json_end(stdout);
    if (!mc_finish_output(stdout, NULL))
        return MC_EXIT_USAGE;
    return run->unsafe ? MC_EXIT_UNSAFE : run->incomplete ? MC_EXIT_INCOMPLETE : MC_EXIT_SAFE;
}

/* Where the file is, and which member of it is meant. */
static void find_file(struct run *run)
{
    struct stat status;
    size_t length;
    const char *path = mc_root_resolve(run->root, mc_root_inner(run->root, run->file), &run->arena);
    run->outer = path && stat(path, &status) == 0 ? path : mc_member_outer(run->root, run->file, &run->arena, &length);
    if (!run->outer)
        run->outer = run->file; /* the scan says what is wrong with it */
    else if (run->outer != path)
        run->scan.member = mc_arena_printf(&run->arena, "%s%s", run->outer, run->file + length);
    run->file = run->scan.member ? run->scan.member : run->outer;
}

static int explain_file(struct run *run)
{
    struct stat status;
    find_file(run);
    int result;
    if (stat(run->outer, &status) == 0 && S_ISDIR(status.st_mode)) {
        result = mc_usage_error(COMMAND, "%s: a folder; explain takes one file ('maskcheck scan' takes folders)", run->outer);
    } else {
        run->scan.providers = mc_providers_new(run->root ? run->root : "");
        mc_scan_path(run->outer, &run->scan, take_result, run);
        mc_providers_free(run->scan.providers);
        result = finish(run);
    }
    mc_arena_free(&run->arena);
    return result;
}

int mc_cmd_explain(int argc, char **argv)
{
    struct run run = {.scan = {.baseline_is_default = true, .explain = true}, .root = ""};
    struct mc_error error;
    struct mc_rule_page page;
    if (!mc_baseline_parse(MC_DEFAULT_BASELINE, &run.scan.baseline, &error))
        return mc_usage_error(COMMAND, "%s", error.text);
    int parsed = mc_parse_options(&mc_syntax_explain, argc, argv, take_option, &run);
    if (parsed >= 0)
        return parsed;
    if (optind == argc)
        return mc_usage_error(COMMAND, "which file, or which rule?");
    if (argc - optind > 2)
        return mc_usage_error(COMMAND, "too many arguments; one file, and one address or function of it");
    run.file = argv[optind];
    run.scan.explain_word = argv[optind + 1];
    run.scan.all_sources = run.scan.explain_word != NULL;
    if (argc - optind == 1 && mc_rule_page_find(run.file, &page))
        return explain_rule(&page);
    struct stat status;
    if (argc - optind == 1 && looks_like_rule(run.file) && stat(run.file, &status) != 0)
        return mc_usage_error(COMMAND,
                              "no rule is called %s; the rules are %s to %s ('maskcheck explain --help' lists them)",
                              run.file, mc_rule_page_at(0).id, mc_rule_page_at(mc_rule_count() - 1).id);
    run.report.colour = mc_want_colour(stdout);
    mc_settle_debug_folder(&run.scan, run.root);
    mc_describe_run(&run.scan, &run.report);
    return explain_file(&run);
}
