/* SPDX-License-Identifier: Apache-2.0 */
/* The scan report for spreadsheets: one row per listed use, and one for each file without any. */
#include "base/demangle.h"
#include "report/fingerprint.h"
#include "report/markup.h"
#include "report/scan.h"

#include <inttypes.h>

extern const struct mc_scan_format mc_scan_csv;

static void begin(FILE *stream, const struct mc_report_options *options, const struct mc_scan_totals *totals)
{
    (void)options;
    (void)totals;
    fputs("path,package,status,file_verdict,file_confidence,verdict,level,rule,feature,instruction,function,address,source,"
          "reason,confidence,enough_psabi,enough_intel,enough_amd,fingerprint,demangled,source_path,unit,producer,options,comdat\n",
          stream);
}

static void comma_text(FILE *stream, const char *text)
{
    fputc(',', stream);
    mc_print_csv(stream, text);
}

static void print_file(FILE *stream, const struct mc_file_result *result)
{
    bool analysed = result->status == MC_FILE_OK || result->status == MC_FILE_PARTIAL;
    mc_print_csv(stream, result->path);
    comma_text(stream, result->package);
    comma_text(stream, mc_file_status_word(result->status));
    comma_text(stream, analysed ? mc_verdict_word(result->verdict) : NULL);
    comma_text(stream, analysed ? mc_confidence_word(result->confidence) : NULL);
}

static void print_use(FILE *stream, const struct mc_fingerprints *prints, const struct mc_finding *finding,
                      const char *source)
{
    char text[MC_INSTRUCTION_TEXT], fingerprint[MC_FINGERPRINT_SIZE], address[24];
    struct mc_enough enough = mc_baseline_enough(&finding->needs);
    struct mc_arena arena = {0};
    mc_instruction_text(prints->result->mode, &finding->code, finding->use.address, finding->use.need, text);
    mc_fingerprint(prints, finding, fingerprint);
    snprintf(address, sizeof address, "0x%" PRIx64, finding->use.address);
    print_file(stream, prints->result);
    const char *const cells[] = {
        mc_verdict_word(finding->verdict),
        mc_severity_word(finding->severity),
        finding->rule,
        mc_features[mc_need_at(finding->use.need)->feature].name,
        text,
        finding->function,
        address,
        source,
        finding->reason,
        mc_confidence_word(finding->confidence),
        enough.psabi ? enough.psabi->name : NULL,
        enough.intel ? enough.intel->name : NULL,
        enough.amd ? enough.amd->name : NULL,
        fingerprint,
        mc_demangle(finding->function, &arena),
        finding->source_path,
        finding->unit,
        finding->producer,
        finding->options,
        finding->comdat,
    };
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        comma_text(stream, cells[i]);
    fputc('\n', stream);
    mc_arena_free(&arena);
}

static void file(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result, bool named)
{
    (void)named;
    struct mc_finding_choice choice = {.result = result, .all = options->all_uses};
    struct mc_fingerprints prints;
    size_t rows = 0;
    mc_fingerprints_open(&prints, result);
    for (const struct mc_finding *finding; (finding = mc_next_finding(&choice)); rows++)
        print_use(stream, &prints, finding, finding->source);
    mc_fingerprints_close(&prints);
    if (rows)
        return;
    print_file(stream, result);
    fputs(",,,,,,,,,", stream); /* verdict to reason */
    mc_print_csv(stream, result->error.kind == MC_ERROR_NONE ? NULL : result->error.text);
    fputs(",,,,,,,,,,,\n", stream);
}

static void end(FILE *stream, const struct mc_report_options *options, const struct mc_scan_totals *totals)
{
    (void)stream;
    (void)options;
    (void)totals;
}

const struct mc_scan_format mc_scan_csv = {.name = "csv", .between = "", .begin = begin, .file = file, .end = end};
