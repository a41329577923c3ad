/* SPDX-License-Identifier: Apache-2.0 */
/* The scan report for people: one line per file, under it what was found and how it is reached, a summary at the end. */
#include "report/package_totals.h"
#include "report/scan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FUNCTIONS_PER_FILE 8 /* listed before "and N more"; --all-uses lists everything */

#define FIRST_STEPS 2        /* of a long path, and the last ones */
#define LAST_STEPS 3

extern const struct mc_scan_format mc_scan_text;

enum colour { PLAIN, BOLD, RED, YELLOW, GREEN, DIM };

static const char *colour(const struct mc_report_options *options, enum colour which)
{
    static const char *const codes[] = {
        [PLAIN] = "\033[0m", [BOLD] = "\033[1m", [RED] = "\033[31m", [YELLOW] = "\033[33m", [GREEN] = "\033[32m", [DIM] = "\033[2m"};
    return options->colour ? codes[which] : "";
}

static enum colour verdict_colour(enum mc_verdict verdict)
{
    return mc_verdict_unsafe(verdict) ? RED : GREEN;
}

static void print_enough(FILE *stream, const struct mc_feature_set *needed)
{
    struct mc_enough enough = mc_baseline_enough(needed);
    const struct mc_baseline *families[] = {enough.psabi, enough.intel, enough.amd};
    const char *before = "";
    for (int i = 0; i < 3; i++) {
        if (!families[i])
            continue;
        fprintf(stream, "%s%s", before, families[i]->name);
        before = ", ";
    }
    if (!*before)
        fputs("no named baseline", stream);
}

static void print_place(FILE *stream, const char *function, uint64_t function_address, uint64_t address)
{
    if (function)
        mc_print_symbol(stream, function);
    else if (function_address)
        fprintf(stream, "function 0x%" PRIx64, function_address);
    else
        fputs("code outside known functions", stream);
    if (function_address && address > function_address)
        fprintf(stream, "+0x%" PRIx64, address - function_address);
}

/* Said once for findings that follow one another; *said is what the last one had, and NULL before. */
static void print_origin(FILE *stream, const struct mc_finding *finding, char **said)
{
    char *text = mc_origin_text(finding);
    if (text && (!*said || strcmp(text, *said) != 0))
        fprintf(stream, "        compiled %s\n", text);
    free(*said);
    *said = text;
}

/* One step per line: how execution gets there. Long chains are cut in the middle unless everything is wanted. */
static void print_path(FILE *stream, const struct mc_report_options *options, const struct mc_finding *finding)
{
    size_t length = finding->path_length;
    bool cut = length > FIRST_STEPS + LAST_STEPS + 1 && !options->all_uses;
    for (size_t i = 0; i < length; i++) {
        const struct mc_step *step = &finding->path[i];
        if (cut && i == FIRST_STEPS) {
            i = length - LAST_STEPS - 1;
            fprintf(stream, "                     ... %zu more\n", length - FIRST_STEPS - LAST_STEPS);
            continue;
        }
        fprintf(stream, "        %s ", i == 0 ? "reached from" : "          ->");
        if (step->function) {
            mc_print_symbol(stream, step->function);
            fputc(' ', stream);
        }
        fprintf(stream, "0x%" PRIx64, step->address);
        if (step->text)
            fprintf(stream, " (%s)", step->text);
        fputc('\n', stream);
    }
}

static void print_guard(FILE *stream, const struct mc_file_result *result, const struct mc_finding *finding)
{
    const struct mc_guard *guard = &finding->guard;
    if (!guard->known)
        return;
    char text[MC_INSTRUCTION_TEXT];
    mc_instruction_text(result->mode, &guard->code, guard->address, 0, text);
    fprintf(stream, "        tested at 0x%" PRIx64, guard->address);
    if (*text) {
        fputs(": ", stream);
        mc_print_clean(stream, text);
    }
    if ((int)guard->feature >= 0 && guard->feature < MC_FEATURE_COUNT)
        fprintf(stream, " (%s: leaf 0x%" PRIx32 " %s bit %u)", mc_features[guard->feature].name, guard->leaf,
                mc_register_word(guard->reg), guard->bit);
    fputc('\n', stream);
}

static void print_finding(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result,
                          const struct mc_finding *finding, char **said)
{
    char text[MC_INSTRUCTION_TEXT];
    mc_instruction_text(result->mode, &finding->code, finding->use.address, finding->use.need, text);
    enum colour shade = mc_verdict_unsafe(finding->verdict) ? RED : finding->severity == MC_WARNING ? YELLOW : PLAIN;
    fprintf(stream, "    0x%" PRIx64 " ", finding->use.address);
    print_place(stream, finding->function, finding->function_address, finding->use.address);
    if (finding->source) {
        fputs(" (", stream);
        mc_print_clean(stream, finding->source);
        fputc(')', stream);
    }
    fputs(": ", stream);
    mc_print_clean(stream, text);
    fprintf(stream, "\n        %s%s%s%s%s: ", colour(options, shade), mc_verdict_word(finding->verdict),
            finding->severity == MC_WARNING ? ", warning" : "", finding->confidence == MC_INFERRED ? " (inferred)" : "",
            colour(options, PLAIN));
    if (finding->reason) {
        fputs(finding->reason, stream);
    } else {
        fputs("needs ", stream);
        mc_print_features(stream, &finding->needs, " and ");
    }
    if (finding->rule)
        fprintf(stream, " [%s]", finding->rule);
    fputc('\n', stream);
    if (mc_verdict_unsafe(finding->verdict) || options->all_uses) {
        print_origin(stream, finding, said);
        print_path(stream, options, finding);
        print_guard(stream, result, finding);
    }
}

static void print_findings(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result)
{
    struct mc_finding_choice choice = {.result = result, .all = options->all_uses};
    size_t functions = 0, left_out = 0;
    uint64_t last = UINT64_MAX;
    char *said = NULL;
    for (const struct mc_finding *finding; (finding = mc_next_finding(&choice));) {
        functions += finding->function_address != last;
        last = finding->function_address;
        if (functions <= FUNCTIONS_PER_FILE || options->all_uses)
            print_finding(stream, options, result, finding, &said);
        else
            left_out++;
    }
    free(said);
    left_out += choice.left_out;
    if (functions > FUNCTIONS_PER_FILE && !options->all_uses)
        fprintf(stream, "    and %zu more in these and %zu other functions (--all-uses lists them)\n", left_out,
                functions - FUNCTIONS_PER_FILE);
    else if (left_out)
        fprintf(stream, "    and %zu more in these functions (--all-uses lists them)\n", left_out);
}

static void print_gaps(FILE *stream, const struct mc_file_result *result)
{
    enum { GAPS_SHOWN = 5 };
    for (size_t i = 0; i < result->gap_count && i < GAPS_SHOWN; i++)
        fprintf(stream, "    not judged: 0x%" PRIx64 ": %s (%s)\n", result->gaps[i].address, result->gaps[i].text,
                result->gaps[i].kind);
    if (result->gap_count > GAPS_SHOWN)
        fprintf(stream, "    and %zu more places that could not be judged\n", result->gap_count - GAPS_SHOWN);
}

static void print_line(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result)
{
    fputs(colour(options, BOLD), stream);
    mc_print_clean(stream, result->path);
    fprintf(stream, "%s: %s%s%s", colour(options, PLAIN), colour(options, verdict_colour(result->verdict)),
            mc_verdict_word(result->verdict), colour(options, PLAIN));
    if (result->verdict != MC_VERDICT_CLEAN && result->confidence == MC_INFERRED)
        fputs(" (inferred)", stream);
    if (result->status == MC_FILE_PARTIAL)
        fprintf(stream, ", %spartial%s", colour(options, YELLOW), colour(options, PLAIN));
    if (mc_verdict_unsafe(result->verdict)) {
        fputs(": ", stream);
        mc_print_features(stream, &result->unsafe, ", ");
        fputs("; enough: ", stream);
        print_enough(stream, &result->unsafe);
    } else if (!mc_set_empty(&result->used)) {
        fputs(": ", stream);
        mc_print_features(stream, &result->used, ", ");
    }
    fputc('\n', stream);
}

static void print_head(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result)
{
    print_line(stream, options, result);
    if (options->hashes && result->has_sha256) {
        fputs("    sha256 ", stream);
        for (size_t i = 0; i < sizeof result->sha256; i++)
            fprintf(stream, "%02x", result->sha256[i]);
        fprintf(stream, ", %" PRIu64 " bytes\n", result->size);
    }
    if (result->package) {
        fputs("    package ", stream);
        mc_print_clean(stream, result->package);
        fputc('\n', stream);
    }
}

static void begin(FILE *stream, const struct mc_report_options *options, const struct mc_scan_totals *totals)
{
    (void)totals;
    if (options->quiet)
        return;
    fprintf(stream, "Baseline %s%s", options->baseline->name,
            options->baseline_is_default ? " (the default; --baseline names the hosts to move to)" : "");
    fputs(options->summary ? "\n" : "\n\n", stream);
}

static void file(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result, bool named)
{
    bool listed = named || options->verbose;
    if (options->summary)
        return;
    if (options->quiet) {
        bool judged = result->status == MC_FILE_OK || result->status == MC_FILE_PARTIAL;
        if (judged && mc_verdict_unsafe(result->verdict))
            print_line(stream, options, result);
        return;
    }
    if (result->status == MC_FILE_ERROR)
        return; /* a diagnostic says it */
    if (result->status == MC_FILE_SKIPPED) {
        if (!listed)
            return;
        mc_print_clean(stream, result->path);
        fprintf(stream, ": %s: %s\n", mc_file_status_word(result->status), result->error.text);
        return;
    }
    if (!listed && result->verdict == MC_VERDICT_CLEAN && result->status == MC_FILE_OK)
        return;
    print_head(stream, options, result);
    print_findings(stream, options, result);
    print_gaps(stream, result);
}

static void print_packages(FILE *stream, const struct mc_scan_totals *totals)
{
    fprintf(stream, "\n%-32s %7s %9s %7s %9s %9s %9s\n", "package", "files", "with uses", "unsafe", "proved", "inferred",
            "warnings");
    for (size_t i = 0; i < totals->package_count; i++) {
        const struct mc_package_totals *package = &totals->packages[i];
        char *name = mc_clean_copy(package->name ? package->name : "(no package)");
        fprintf(stream, "%-32s %7zu %9zu %7zu %9zu %9zu %9zu\n", name, package->totals.files, package->totals.with_uses,
                mc_unsafe_files(&package->totals), package->totals.proved, package->totals.inferred,
                package->totals.warnings);
        free(name);
    }
}

static void end(FILE *stream, const struct mc_report_options *options, const struct mc_scan_totals *totals)
{
    const size_t *verdicts = totals->verdicts;
    size_t unsafe = mc_unsafe_files(totals);
    if (options->quiet)
        return;
    if (options->verbose && totals->package_count)
        print_packages(stream, totals);
    fprintf(stream, "\n%zu file%s: %zu clean, %zu guarded, %zu misguarded, %zu trapped, %zu unguarded", totals->files,
            totals->files == 1 ? "" : "s", verdicts[MC_VERDICT_CLEAN], verdicts[MC_VERDICT_GUARDED],
            verdicts[MC_VERDICT_MISGUARDED], verdicts[MC_VERDICT_TRAPPED], verdicts[MC_VERDICT_UNGUARDED]);
    if (totals->skipped)
        fprintf(stream, ", %zu skipped (not x86 ELF)", totals->skipped);
    if (totals->errors)
        fprintf(stream, ", %zu could not be read", totals->errors);
    fputs(".\n", stream);
    if (totals->set_aside > totals->waived)
        fprintf(stream, "%zu uses known from the earlier report are left out.\n", totals->set_aside - totals->waived);
    if (totals->waived)
        fprintf(stream, "%zu unsafe uses and warnings are waived.\n", totals->waived);
    if (totals->partial)
        fprintf(stream, "%zu could be judged only in part.\n", totals->partial);
    if (totals->not_scanned)
        fprintf(stream, "Interrupted: %zu file%s not scanned.\n", totals->not_scanned,
                totals->not_scanned == 1 ? " was" : "s were");
    if (unsafe)
        fprintf(stream, "%s%zu file%s may stop working%s on a host that has only %s.\n", colour(options, RED), unsafe,
                unsafe == 1 ? "" : "s", colour(options, PLAIN), options->baseline->name);
    else if (totals->partial + totals->errors + totals->not_scanned)
        fprintf(stream, "Nothing unsafe found, but not everything could be judged.\n");
    else
        fprintf(stream, "%sNothing here needs more than %s without asking CPUID first.%s\n", colour(options, GREEN),
                options->baseline->name, colour(options, PLAIN));
}

const struct mc_scan_format mc_scan_text = {.name = "text", .between = "", .begin = begin, .file = file, .end = end};
