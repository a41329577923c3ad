/* SPDX-License-Identifier: Apache-2.0 */
/* The scan report for monitoring: Prometheus' text format (0.0.4), for node_exporter's textfile collector. All samples of a
 * metric stand together: those of unsafe files first, the totals at the end. */
#include "report/markup.h"
#include "report/scan.h"

extern const struct mc_scan_format mc_scan_prometheus;

static void head(FILE *stream, const char *name, const char *help)
{
    fprintf(stream, "# HELP maskcheck_scan_%s %s\n# TYPE maskcheck_scan_%s gauge\n", name, help, name);
}

static void begin(FILE *stream, const struct mc_report_options *options, const struct mc_scan_totals *totals)
{
    (void)options;
    (void)totals;
    head(stream, "unsafe_uses", "Instructions of an unsafe file that may fault or go wrong after a migration.");
}

static void file(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result, bool named)
{
    (void)options;
    (void)named;
    size_t unsafe = 0;
    if ((result->status != MC_FILE_OK && result->status != MC_FILE_PARTIAL) || !mc_verdict_unsafe(result->verdict))
        return;
    for (size_t i = 0; i < result->finding_count; i++)
        unsafe += mc_verdict_unsafe(result->findings[i].verdict) && !result->findings[i].set_aside;
    fputs("maskcheck_scan_unsafe_uses{path=", stream);
    mc_print_label(stream, result->path);
    fputs(",package=", stream);
    mc_print_label(stream, result->package);
    fprintf(stream, ",verdict=\"%s\",confidence=\"%s\"} %zu\n", mc_verdict_word(result->verdict),
            mc_confidence_word(result->confidence), unsafe);
}

static void print_files(FILE *stream, const struct mc_scan_totals *totals)
{
    head(stream, "files", "Files by verdict.");
    for (int verdict = 0; verdict <= MC_VERDICT_UNGUARDED; verdict++)
        if (verdict != MC_VERDICT_DEAD) /* of uses only */
            fprintf(stream, "maskcheck_scan_files{verdict=\"%s\"} %zu\n", mc_verdict_word((enum mc_verdict)verdict),
                    totals->verdicts[verdict]);
    head(stream, "files_not_judged", "Files that could be judged only in part, are no x86 ELF, could not be read, or were left at Ctrl-C.");
    fprintf(stream,
            "maskcheck_scan_files_not_judged{status=\"partial\"} %zu\n"
            "maskcheck_scan_files_not_judged{status=\"skipped\"} %zu\n"
            "maskcheck_scan_files_not_judged{status=\"error\"} %zu\n"
            "maskcheck_scan_files_not_judged{status=\"not-scanned\"} %zu\n",
            totals->partial, totals->skipped, totals->errors, totals->not_scanned);
}

static void end(FILE *stream, const struct mc_report_options *options, const struct mc_scan_totals *totals)
{
    char catalogue[17];
    mc_catalogue_fingerprint(catalogue);
    print_files(stream, totals);
    head(stream, "duration_seconds", "How long the scan took.");
    fprintf(stream, "maskcheck_scan_duration_seconds %.3f\n", totals->seconds);
    head(stream, "timestamp_seconds", "When the report was made, in seconds since the epoch.");
    fprintf(stream, "maskcheck_scan_timestamp_seconds %lld\n", (long long)options->generated);
    head(stream, "info", "What the scan was made with; always 1.");
    fputs("maskcheck_scan_info{version=", stream);
    mc_print_label(stream, options->version);
    fprintf(stream, ",catalogue=\"%s\",baseline=", catalogue);
    mc_print_label(stream, options->baseline->name);
    fputs("} 1\n", stream);
}

const struct mc_scan_format mc_scan_prometheus = {
    .name = "prometheus", .between = "", .begin = begin, .file = file, .end = end};
