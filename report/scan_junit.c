/* SPDX-License-Identifier: Apache-2.0 */
/* The scan report for CI systems that show tests: JUnit's XML, one test case per file. An unsafe file is a failure, one that
 * could not be judged in full an error, one that is no program skipped; warnings stand in its output. */
#include "report/markup.h"
#include "report/scan.h"
#include "scanner/scan.h"

#include <inttypes.h>
#include <string.h>

extern const struct mc_scan_format mc_scan_junit;

static void print_counts(FILE *stream, const struct mc_scan_totals *totals)
{
    size_t interrupted = totals->not_scanned != 0; /* a case of its own */
    fprintf(stream, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"", totals->files + interrupted,
            mc_unsafe_files(totals), totals->errors + totals->partial_safe + interrupted, totals->skipped, totals->seconds);
}

static void begin(FILE *stream, const struct mc_report_options *options, const struct mc_scan_totals *totals)
{
    char when[32] = "";
    struct tm parts;
    if (gmtime_r(&options->generated, &parts))
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &parts);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"maskcheck\"", stream);
    print_counts(stream, totals);
    fputs(">\n<testsuite name=\"maskcheck scan\"", stream);
    print_counts(stream, totals);
    fprintf(stream, " timestamp=\"%s\">\n<properties>\n<property name=\"baseline\" value=\"", when);
    mc_print_markup(stream, options->baseline->name);
    fputs("\"/>\n<property name=\"version\" value=\"", stream);
    mc_print_markup(stream, options->version);
    fputs("\"/>\n</properties>\n", stream);
}

/* "0x1074 main+0x24 (resize.c:12): pmulld xmm0, xmm1: needs sse4.1, but ... [MC002]" */
static void print_uses(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result,
                       bool unsafe)
{
    struct mc_finding_choice choice = {.result = result, .all = options->all_uses};
    for (const struct mc_finding *finding; (finding = mc_next_finding(&choice));) {
        if (mc_verdict_unsafe(finding->verdict) != unsafe)
            continue;
        char text[MC_INSTRUCTION_TEXT];
        const char *source = finding->source;
        mc_instruction_text(result->mode, &finding->code, finding->use.address, finding->use.need, text);
        fprintf(stream, "0x%" PRIx64 " ", finding->use.address);
        mc_print_symbol_markup(stream, finding->function);
        mc_printf_markup(stream, "%s%s%s: %s: %s: %s [%s]", source ? " (" : "", source ? source : "", source ? ")" : "",
                         text, mc_verdict_word(finding->verdict),
                         finding->reason ? finding->reason : "", finding->rule ? finding->rule : "");
        fputc('\n', stream);
        for (size_t i = 0; i < finding->path_length && unsafe; i++) {
            const struct mc_step *step = &finding->path[i];
            fprintf(stream, "    %s ", i ? "-&gt;" : "reached from");
            mc_print_symbol_markup(stream, step->function);
            mc_printf_markup(stream, " 0x%" PRIx64 " (%s)", step->address, step->text ? step->text : "");
            fputc('\n', stream);
        }
    }
    if (choice.left_out)
        fprintf(stream, "and %zu more in these functions\n", choice.left_out);
}

static void print_failure(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result)
{
    fprintf(stream, "<failure type=\"%s\" message=\"%s%s: ", mc_verdict_word(result->verdict),
            mc_verdict_word(result->verdict), result->confidence == MC_INFERRED ? " (inferred)" : "");
    mc_print_features(stream, &result->unsafe, ", ");
    fputs("\">", stream);
    print_uses(stream, options, result, true);
    fputs("</failure>\n", stream);
}

static void print_message(FILE *stream, const char *element, const char *text)
{
    fprintf(stream, "<%s message=\"", element);
    mc_print_markup(stream, text);
    fputs("\"/>\n", stream);
}

static void print_gaps(FILE *stream, const struct mc_file_result *result)
{
    fputs("<error type=\"partial\" message=\"could be judged only in part\">", stream);
    for (size_t i = 0; i < result->gap_count; i++) {
        mc_printf_markup(stream, "0x%" PRIx64 ": %s (%s)", result->gaps[i].address, result->gaps[i].text,
                         result->gaps[i].kind);
        fputc('\n', stream);
    }
    fputs("</error>\n", stream);
}

static void file(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result, bool named)
{
    (void)named;
    const char *name = strrchr(result->path, '/');
    fputs("<testcase classname=\"", stream);
    mc_printf_markup(stream, "%.*s", name ? (int)(name - result->path) : 0, result->path);
    fputs("\" name=\"", stream);
    mc_print_markup(stream, name ? name + 1 : result->path);
    fputs("\" file=\"", stream);
    mc_print_markup(stream, result->path);
    fputs("\">\n", stream);
    if (result->status == MC_FILE_SKIPPED)
        print_message(stream, "skipped", result->error.text);
    else if (result->status == MC_FILE_ERROR)
        print_message(stream, "error", result->error.text);
    else if (mc_verdict_unsafe(result->verdict))
        print_failure(stream, options, result);
    else if (result->status == MC_FILE_PARTIAL)
        print_gaps(stream, result);
    bool safe = result->status != MC_FILE_ERROR && result->status != MC_FILE_SKIPPED && !mc_verdict_unsafe(result->verdict);
    if (safe && mc_result_has_findings(result)) {
        fprintf(stream, "<system-out>%s, %s\n", mc_verdict_word(result->verdict),
                mc_confidence_word(result->confidence));
        print_uses(stream, options, result, false);
        fputs("</system-out>\n", stream);
    }
    fputs("</testcase>\n", stream);
}

static void end(FILE *stream, const struct mc_report_options *options, const struct mc_scan_totals *totals)
{
    (void)options;
    if (totals->not_scanned)
        fprintf(stream, "<testcase classname=\"maskcheck\" name=\"interrupted\">\n<error message=\"%zu files were not scanned\"/>\n"
                "</testcase>\n", totals->not_scanned);
    fputs("</testsuite>\n</testsuites>\n", stream);
}

const struct mc_scan_format mc_scan_junit = {
    .name = "junit", .between = "", .answer_first = true, .begin = begin, .file = file, .end = end};
