/* SPDX-License-Identifier: Apache-2.0 */
/* The scan report as one page for a browser, without any other file: the answer, the numbers, a picture of features by file
 * (drawn by report/html/page.js from the table), and the table of files. A file is a <tbody>: a row of cells, and a row
 * with its findings, each with the way to it and the disassembly of the use and of its test. Works without scripts. */
#include "report/listing.h"
#include "report/markup.h"
#include "report/package_totals.h"
#include "report/scan.h"
#include "scanner/scan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MOST_FINDINGS 60 /* per file; --all-uses shows all */

extern const struct mc_scan_format mc_scan_html;
extern const char mc_html_style[], mc_html_script[]; /* report/html */

static const struct { /* of files; DEAD is of uses */
    enum mc_verdict verdict;
    const char *shade;
} shades[] = {{MC_VERDICT_UNGUARDED, "bad"}, {MC_VERDICT_TRAPPED, "bad"}, {MC_VERDICT_MISGUARDED, "bad"},
              {MC_VERDICT_GUARDED, "good"},  {MC_VERDICT_CLEAN, "good"}};
#define SHADES (sizeof shades / sizeof *shades)

static const char *shade_of(enum mc_verdict verdict)
{
    return mc_verdict_unsafe(verdict) ? "bad" : "good";
}

static void print_answer(FILE *stream, const struct mc_report_options *options, const struct mc_scan_totals *totals)
{
    size_t unsafe = mc_unsafe_files(totals);
    const char *baseline = options->baseline->name;
    if (unsafe)
        mc_printf_markup(stream, "%zu of %zu files may stop working on a host that has only %s", unsafe, totals->files,
                         baseline);
    else if (totals->partial + totals->errors + totals->not_scanned)
        mc_print_markup(stream, "Nothing unsafe found, but not everything could be judged");
    else
        mc_printf_markup(stream, "Nothing here needs more than %s without asking CPUID first", baseline);
}

static void print_tiles(FILE *stream, const struct mc_scan_totals *totals)
{
    fputs("<ul class=\"tiles scripted\" hidden aria-label=\"Files by verdict\">\n", stream);
    for (size_t i = 0; i < SHADES; i++) {
        const char *word = mc_verdict_word(shades[i].verdict);
        fprintf(stream, "<li><button type=\"button\" value=\"%s\" aria-pressed=\"false\"><b>%zu</b>%s</button></li>\n", word,
                totals->verdicts[shades[i].verdict], word);
    }
    fprintf(stream, "</ul>\n<p class=\"dim\">%zu files: %zu judged only in part, %zu skipped (not x86 ELF), %zu could not be "
            "read.</p>\n", totals->files, totals->partial, totals->skipped, totals->errors);
    if (totals->not_scanned)
        fprintf(stream, "<p class=\"warn\">Interrupted: %zu more files were not scanned.</p>\n", totals->not_scanned);
}

static void print_origin(FILE *stream, const struct mc_report_options *options)
{
    char when[32] = "", catalogue[17];
    struct tm parts;
    if (gmtime_r(&options->generated, &parts))
        strftime(when, sizeof when, "%Y-%m-%d %H:%M UTC", &parts);
    mc_catalogue_fingerprint(catalogue);
    fputs("<p class=\"dim\">Baseline <strong>", stream);
    mc_print_markup(stream, options->baseline->name);
    fprintf(stream, "</strong>%s</p>\n<details class=\"dim\"><summary>Made %s by maskcheck ",
            options->baseline_is_default ? " (the default; --baseline names the hosts to move to)" : "", when);
    mc_print_markup(stream, options->version);
    fprintf(stream, "</summary>\nCatalogue %s; command: <code>", catalogue);
    for (char *const *word = options->command; word && *word; word++) {
        fputs(word == options->command ? "" : " ", stream);
        mc_print_markup(stream, *word);
    }
    fputs("</code></details>\n<details class=\"dim\"><summary>Features of the baseline</summary>\n", stream);
    mc_print_features(stream, &options->baseline->features, ", ");
    fputs("</details>\n", stream);
}

static void print_filters(FILE *stream)
{
    fputs("<form id=\"form\" class=\"filter scripted\" hidden>\n"
          "<label>Text in path or finding <input id=\"word\" type=\"search\"></label>\n"
          "<label>Verdict <select id=\"verdict\"><option value=\"\">all</option>",
          stream);
    for (size_t i = 0; i < SHADES; i++)
        fprintf(stream, "<option>%s</option>", mc_verdict_word(shades[i].verdict));
    fputs("</select></label>\n<label>Feature <select id=\"feature\"><option value=\"\">all</option></select></label>\n"
          "<button type=\"reset\">Show all</button>\n</form>\n<p id=\"shown\" role=\"status\" class=\"dim\"></p>\n",
          stream);
}

static void begin(FILE *stream, const struct mc_report_options *options, const struct mc_scan_totals *totals)
{
    bool doubt = totals->partial + totals->errors + totals->not_scanned;
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
          "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n<title>maskcheck: ",
          stream);
    print_answer(stream, options, totals);
    fprintf(stream, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#files\">To the files</a>\n"
            "<header>\n<h1 class=\"%s\">", mc_html_style, mc_unsafe_files(totals) ? "bad" : doubt ? "warn" : "good");
    print_answer(stream, options, totals);
    fputs("</h1>\n", stream);
    print_origin(stream, options);
    fputs("</header>\n<main>\n", stream);
    print_tiles(stream, totals);
    fputs("<section id=\"map\" class=\"scripted\" hidden aria-labelledby=\"map-head\">\n<h2 id=\"map-head\">Features by file</h2>\n"
          "<p class=\"dim\">&#x2715; on red: used without a sufficient check. Circle: used behind a check. "
          "<span id=\"drawn\"></span></p>\n<div id=\"picture\" class=\"scroll\"></div>\n</section>\n"
          "<section id=\"files\" aria-labelledby=\"files-head\">\n<h2 id=\"files-head\">Files</h2>\n", stream);
    print_filters(stream);
    fputs("<table id=\"table\">\n<caption>A heading sorts by its column, and again in reverse.</caption>\n<thead><tr>"
          "<th scope=\"col\" aria-sort=\"none\"><button type=\"button\">File</button></th>"
          "<th scope=\"col\" aria-sort=\"none\" data-numeric><button type=\"button\">Verdict</button></th>"
          "<th scope=\"col\" aria-sort=\"none\"><button type=\"button\">Features</button></th>"
          "<th scope=\"col\" aria-sort=\"none\"><button type=\"button\">Enough</button></th>"
          "<th scope=\"col\" aria-sort=\"none\" data-numeric><button type=\"button\">Unsafe uses</button></th>"
          "</tr></thead>\n", stream);
}

static void print_enough(FILE *stream, const struct mc_feature_set *needed)
{
    struct mc_enough enough = mc_baseline_enough(needed);
    const struct mc_baseline *families[] = {enough.psabi, enough.intel, enough.amd};
    const char *before = "";
    for (int i = 0; i < 3; i++)
        if (families[i]) {
            fprintf(stream, "%s%s", before, families[i]->name);
            before = ", ";
        }
    if (!*before)
        fputs("no named baseline", stream);
}

/* Lines of a listing, the one at its address marked. */
static void print_code(FILE *stream, const struct mc_file_result *result, uint64_t address, const char *shade,
                       const char *caption)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = mc_open_text(&text, &size);
    mc_print_listing(memory, result, &(struct mc_listing){.address = address, .before = 4, .after = 3});
    mc_close_text(memory);
    fprintf(stream, "<figure><figcaption>%s</figcaption><pre tabindex=\"0\">", caption);
    for (char *line = text, *rest; *line; line = rest) {
        rest = line + strcspn(line, "\n");
        if (*rest)
            *rest++ = 0;
        bool marked = strncmp(line, "=>", 2) == 0;
        if (marked)
            fprintf(stream, "<mark class=\"%s\">", shade);
        mc_print_markup(stream, line);
        fputs(marked ? "</mark>\n" : "\n", stream);
    }
    fputs("</pre></figure>\n", stream);
    free(text);
}

static void print_way(FILE *stream, const struct mc_finding *finding)
{
    if (!finding->path_length)
        return;
    fputs("<p>How execution gets there:</p>\n<ol class=\"way\">\n", stream);
    for (size_t i = 0; i < finding->path_length; i++) {
        const struct mc_step *step = &finding->path[i];
        fputs("<li><code>", stream);
        mc_print_symbol_markup(stream, step->function);
        fprintf(stream, "%s0x%" PRIx64, step->function ? " " : "", step->address);
        fputs("</code> ", stream);
        mc_print_markup(stream, step->text);
        fputs("</li>\n", stream);
    }
    fputs("</ol>\n", stream);
}

static void print_origin_of(FILE *stream, const struct mc_finding *finding)
{
    char *text = mc_origin_text(finding);
    if (text) {
        fputs("<p>Compiled ", stream);
        mc_print_markup(stream, text);
        fputs("</p>\n", stream);
    }
    free(text);
}

static void print_finding(FILE *stream, const struct mc_file_result *result, const struct mc_finding *finding,
                          const char *source)
{
    char text[MC_INSTRUCTION_TEXT];
    bool unsafe = mc_verdict_unsafe(finding->verdict);
    mc_instruction_text(result->mode, &finding->code, finding->use.address, finding->use.need, text);
    fprintf(stream, "<details class=\"finding %s\"><summary><code>", unsafe ? "bad" : finding->severity == MC_WARNING ? "warn" : "good");
    fprintf(stream, "0x%" PRIx64 " ", finding->use.address);
    mc_print_symbol_markup(stream, finding->function);
    fputs("</code>", stream);
    if (source)
        mc_printf_markup(stream, " (%s)", source);
    fputs(": <code>", stream);
    mc_print_markup(stream, text);
    fputs("</code> ", stream);
    mc_print_markup(stream, finding->reason);
    if (finding->rule)
        mc_printf_markup(stream, " [%s]", finding->rule);
    fputs("</summary>\n", stream);
    fprintf(stream, "<p>%s%s%s. <code>maskcheck explain %s</code> says what it means and how to fix it.</p>\n",
            mc_verdict_word(finding->verdict), finding->confidence == MC_INFERRED ? ", inferred" : ", proved",
            finding->severity == MC_WARNING ? ", a warning" : "", finding->rule ? finding->rule : "RULE");
    print_origin_of(stream, finding);
    print_way(stream, finding);
    print_code(stream, result, finding->use.address, "use", "The instruction");
    if (finding->guard.known)
        print_code(stream, result, finding->guard.address, "guard", "The test that was passed on the way");
    fputs("</details>\n", stream);
}

static void print_findings(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result)
{
    struct mc_finding_choice choice = {.result = result, .all = options->all_uses};
    size_t count = 0, left_out = 0;
    for (const struct mc_finding *finding; (finding = mc_next_finding(&choice));)
        if (count < MOST_FINDINGS || options->all_uses) {
            if (!count++)
                fprintf(stream, "<details class=\"%s\"><summary>Findings</summary>\n",
                        mc_verdict_unsafe(result->verdict) ? "unsafe" : "safe");
            print_finding(stream, result, finding, finding->source);
        } else {
            left_out++;
        }
    if (left_out + choice.left_out)
        fprintf(stream, "<p class=\"dim\">and %zu more (--all-uses lists them)</p>\n", left_out + choice.left_out);
    if (count)
        fputs("</details>\n", stream);
}

static void print_gaps(FILE *stream, const struct mc_file_result *result)
{
    enum { GAPS_SHOWN = 20 };
    if (!result->gap_count)
        return;
    fprintf(stream, "<details><summary>%zu places could not be judged</summary>\n<ul>\n", result->gap_count);
    for (size_t i = 0; i < result->gap_count && i < GAPS_SHOWN; i++) {
        fprintf(stream, "<li><code>0x%" PRIx64 "</code> ", result->gaps[i].address);
        mc_printf_markup(stream, "%s (%s)", result->gaps[i].text, result->gaps[i].kind);
        fputs("</li>\n", stream);
    }
    fputs("</ul></details>\n", stream);
}

/* The row's first cell, and the file's data for the script. */
static void print_head(FILE *stream, const struct mc_file_result *result, const char *verdict)
{
    fprintf(stream, "<tbody data-verdict=\"%s\" data-used=\"", verdict);
    mc_print_features(stream, &result->used, " ");
    fputs("\" data-unsafe=\"", stream);
    mc_print_features(stream, &result->unsafe, " ");
    fputs("\"><tr><td class=\"path\" data-key=\"", stream);
    mc_print_markup(stream, result->path);
    fputs("\">", stream);
    mc_print_markup(stream, result->path);
    if (result->package)
        mc_printf_markup(stream, " (%s)", result->package);
    fputs("</td>", stream);
}

/* What tells that another file is the same one. */
static void print_identity(FILE *stream, const struct mc_file_result *result)
{
    fprintf(stream, "<p class=\"dim small\">%" PRIu64 " bytes", result->size);
    if (result->has_sha256)
        fputs(", SHA-256 <code>", stream);
    for (size_t i = 0; result->has_sha256 && i < sizeof result->sha256; i++)
        fprintf(stream, "%02x", result->sha256[i]);
    if (result->has_sha256)
        fputs("</code>", stream);
    if (result->build_id_size)
        fputs(", build-id <code>", stream);
    for (size_t i = 0; i < result->build_id_size; i++)
        fprintf(stream, "%02x", result->build_id[i]);
    fputs(result->build_id_size ? "</code></p>\n" : "</p>\n", stream);
}

static void print_judged(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result)
{
    bool unsafe = mc_verdict_unsafe(result->verdict), partial = result->status == MC_FILE_PARTIAL;
    size_t unsafe_uses = 0;
    for (size_t i = 0; i < result->finding_count; i++)
        unsafe_uses += mc_verdict_unsafe(result->findings[i].verdict) && !result->findings[i].set_aside;
    print_head(stream, result, mc_verdict_word(result->verdict));
    fprintf(stream, "<td data-label=\"Verdict\" data-key=\"%d\"><span class=\"verdict %s\">%s</span>%s%s</td>",
            2 * (int)result->verdict + partial, shade_of(result->verdict), mc_verdict_word(result->verdict),
            result->confidence == MC_INFERRED ? " inferred" : "", partial ? ", partial" : "");
    fputs("<td data-label=\"Features\">", stream);
    mc_print_features(stream, unsafe ? &result->unsafe : &result->used, ", ");
    fputs("</td><td data-label=\"Enough\">", stream);
    if (unsafe)
        print_enough(stream, &result->unsafe);
    fprintf(stream, "</td><td data-label=\"Unsafe uses\" data-key=\"%zu\">%zu</td></tr>\n", unsafe_uses, unsafe_uses);
    if (mc_result_has_findings(result) || result->gap_count || (options->all_uses && result->finding_count)) {
        fputs("<tr class=\"more\"><td colspan=\"5\">\n", stream);
        print_identity(stream, result);
        print_findings(stream, options, result);
        print_gaps(stream, result);
        fputs("</td></tr>", stream);
    }
    fputs("</tbody>\n", stream);
}

static void file(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result, bool named)
{
    bool skipped = result->status == MC_FILE_SKIPPED;
    if (skipped && !named && !options->verbose)
        return;
    if (!skipped && result->status != MC_FILE_ERROR) {
        print_judged(stream, options, result);
        return;
    }
    print_head(stream, result, "");
    fprintf(stream, "<td data-label=\"Verdict\" data-key=\"%d\"><span class=\"verdict warn\">%s</span></td><td colspan=\"2\">",
            skipped ? -1 : 2 * MC_VERDICT_GUARDED + 1, mc_file_status_word(result->status));
    mc_print_markup(stream, result->error.text);
    fputs("</td><td data-label=\"Unsafe uses\" data-key=\"0\"></td></tr></tbody>\n", stream);
}

static void print_packages(FILE *stream, const struct mc_scan_totals *totals)
{
    static const char *const heads[] = {"Package", "Files", "With uses", "Unsafe", "Not judged in full", "Proved uses",
                                        "Inferred", "Warnings"};
    fputs("<section aria-labelledby=\"packages-head\">\n<h2 id=\"packages-head\">Packages</h2>\n<div class=\"scroll\">\n"
          "<table class=\"packages\">\n<caption>What was scanned of each package, and found.</caption>\n<thead><tr>",
          stream);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        fprintf(stream, "<th scope=\"col\">%s</th>", heads[i]);
    fputs("</tr></thead>\n<tbody>\n", stream);
    for (size_t i = 0; i < totals->package_count; i++) {
        const struct mc_package_totals *package = &totals->packages[i];
        const struct mc_scan_totals *sums = &package->totals;
        const size_t cells[] = {sums->files, sums->with_uses, mc_unsafe_files(sums), sums->partial + sums->errors,
                                sums->proved, sums->inferred, sums->warnings};
        fputs("<tr><th scope=\"row\">", stream);
        mc_print_markup(stream, package->name ? package->name : "(no package)");
        fputs("</th>", stream);
        for (size_t k = 0; k < sizeof cells / sizeof *cells; k++)
            fprintf(stream, "<td data-label=\"%s\">%zu</td>", heads[k + 1], cells[k]);
        fputs("</tr>\n", stream);
    }
    fputs("</tbody></table>\n</div>\n</section>\n", stream);
}

static void end(FILE *stream, const struct mc_report_options *options, const struct mc_scan_totals *totals)
{
    (void)options;
    fputs("</table>\n</section>\n", stream);
    if (totals->package_count)
        print_packages(stream, totals);
    fprintf(stream, "</main>\n<script>\n%s</script>\n</body>\n</html>\n", mc_html_script);
}

const struct mc_scan_format mc_scan_html = {
    .name = "html", .shows_code = true, .states_packages = true, .between = "", .answer_first = true, .begin = begin, .file = file, .end = end};
