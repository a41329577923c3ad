/* SPDX-License-Identifier: Apache-2.0 */
/* The probe as one page for a browser: the answer, the features by verdict in words, and a picture of the verdicts by CPU. It needs
 * no other file and no script. */
#include "report/compare.h"
#include "report/markup.h"
#include "report/probe.h"
#include "report/words.h"

#include <string.h>

#define CELL 18        /* pixels of the picture */
#define NAMES 120      /* its columns of names */
#define WIDTH 700      /* that blocks side by side may have */
#define HEAD 24        /* its row of CPU numbers */

extern const char mc_html_style[]; /* report/html */

/* In the order of the legend. A sign besides the colour, for who cannot tell colours apart. */
static const struct sign {
    enum mc_probe_verdict verdict;
    const char *shade, *sign, *meaning;
} signs[] = {
    {MC_PROBE_BROKEN, "bad", "\xc3\x97", "reported, but the CPU refuses it"},
    {MC_PROBE_WRONG, "bad", "w", "reported, but the result is wrong"},
    {MC_PROBE_OS_OFF, "warn", "o", "reported, but the operating system has it off"},
    {MC_PROBE_MASKED, "warn", "m", "not reported, yet it runs: programs that do not ask CPUID find it"},
    {MC_PROBE_ALIASED, "warn", "a", "not reported; runs as another instruction"},
    {MC_PROBE_OK, "good", "\xe2\x9c\x93", "reported, and runs rightly"},
    {MC_PROBE_UNTESTABLE, "plain", "?", "cannot be told"},
    {MC_PROBE_UNTESTED, "plain", "-", "not tried"},
    {MC_PROBE_ABSENT, "plain", "", "not reported, and does not run"},
};
#define SIGNS (sizeof signs / sizeof *signs)

static const struct sign *sign_of(enum mc_probe_verdict verdict)
{
    size_t i = 0;
    while (i < SIGNS - 1 && signs[i].verdict != verdict)
        i++;
    return &signs[i];
}

static void print_cell(FILE *stream, const struct mc_probe_cpu *cpu, int feature, size_t x, size_t y)
{
    const struct sign *sign = sign_of(cpu->features[feature].verdict);
    fprintf(stream, "<g><title>%s on CPU %u: %s</title><rect class=\"cell %s\" x=\"%zu\" y=\"%zu\" width=\"%d\" height=\"%d\"/>",
            mc_features[feature].name, cpu->cpu, mc_probe_verdict_name(cpu->features[feature].verdict), sign->shade, x, y,
            CELL - 2, CELL - 2);
    if (*sign->sign)
        fprintf(stream, "<text class=\"sign %s\" x=\"%zu\" y=\"%zu\">%s</text>", sign->shade, x + CELL / 2 - 1, y + CELL - 6,
                sign->sign);
    fputs("</g>\n", stream);
}

/* Some CPU has it, or could be asked. */
static bool is_drawn(const struct mc_probe *probe, int feature)
{
    for (size_t i = 0; i < probe->cpu_count; i++) {
        enum mc_probe_verdict verdict = probe->cpus[i]->features[feature].verdict;
        if (verdict != MC_PROBE_ABSENT && verdict != MC_PROBE_UNTESTABLE)
            return true;
    }
    return false;
}

static void print_numbers(FILE *stream, const struct mc_probe *probe, size_t x)
{
    for (size_t i = 0; i < probe->cpu_count; i++)
        fprintf(stream, "<text class=\"sign\" x=\"%zu\" y=\"%d\">%u</text>\n", x + i * CELL + CELL / 2 - 1, HEAD - 8,
                probe->cpus[i]->cpu);
}

/* Blocks side by side, as many as fit: a block is a row per feature and a column per CPU. */
static void print_picture(FILE *stream, const struct mc_probe *probe)
{
    size_t width = NAMES + probe->cpu_count * CELL, blocks = width < WIDTH ? WIDTH / width : 1, count = 0, at = 0;
    for (int i = 0; i < MC_FEATURE_COUNT; i++)
        count += is_drawn(probe, i);
    size_t rows = (count + blocks - 1) / blocks;
    fprintf(stream, "<section aria-labelledby=\"picture-head\">\n<h2 id=\"picture-head\">Verdicts by CPU</h2>\n"
            "<p class=\"dim\">A row for each feature that was tried and that some CPU reports or executes, a column for each CPU; "
            "the signs are those of the table.</p>\n<div class=\"scroll\" tabindex=\"0\">\n<svg role=\"img\" "
            "aria-labelledby=\"picture-head\" width=\"%zu\" height=\"%zu\">\n",
            blocks * width, HEAD + rows * CELL);
    for (int i = 0; i < MC_FEATURE_COUNT; i++) {
        if (!is_drawn(probe, i))
            continue;
        size_t x = at / rows * width + NAMES, y = HEAD + at % rows * CELL;
        if (at % rows == 0)
            print_numbers(stream, probe, x);
        fprintf(stream, "<text class=\"name\" x=\"%zu\" y=\"%zu\">%s</text>\n", x - 8, y + CELL - 6, mc_features[i].name);
        for (size_t k = 0; k < probe->cpu_count; k++)
            print_cell(stream, probe->cpus[k], i, x + k * CELL, y);
        at++;
    }
    fputs("</svg>\n</div>\n</section>\n", stream);
}

/* One verdict; long lists of what nobody waits for are folded. */
static void print_row(FILE *stream, const struct mc_probe *probe, const struct sign *sign)
{
    struct mc_feature_set set = mc_probe_having(probe, sign->verdict);
    bool folded = strcmp(sign->shade, "plain") == 0;
    if (mc_set_empty(&set))
        return;
    fprintf(stream, "<tbody><tr><td>%s</td><td data-label=\"Verdict\"><span class=\"verdict %s\">%s</span><br><span class=\"dim\">%s"
            "</span></td><td data-label=\"Features\">", sign->sign, sign->shade, mc_probe_verdict_name(sign->verdict),
            sign->meaning);
    if (folded)
        fprintf(stream, "<details><summary>%u features</summary>", probe->summary[sign->verdict]);
    mc_print_features(stream, &set, ", ");
    fprintf(stream, "%s</td></tr></tbody>\n", folded ? "</details>" : "");
}

static void print_table(FILE *stream, const struct mc_probe *probe)
{
    fputs("<section aria-labelledby=\"words-head\">\n<h2 id=\"words-head\">Features by verdict</h2>\n<table>\n<caption>The worst "
          "verdict on any CPU counts.</caption>\n<thead><tr><th scope=\"col\">Sign</th><th scope=\"col\">Verdict</th><th "
          "scope=\"col\">Features</th></tr></thead>\n",
          stream);
    for (size_t i = 0; i < SIGNS; i++)
        print_row(stream, probe, &signs[i]);
    fputs("</table>\n</section>\n", stream);
}

static void print_disagreements(FILE *stream, const struct mc_probe *probe)
{
    if (!probe->disagreement_count)
        return;
    fputs("<section aria-labelledby=\"views-head\">\n<h2 id=\"views-head\">What contradicts</h2>\n<ul>\n", stream);
    for (size_t i = 0; i < probe->disagreement_count; i++) {
        fputs("<li>", stream);
        const struct mc_disagreement *entry = &probe->disagreements[i];
        mc_printf_markup(stream, "%s: %s (%s and %s)", mc_features[entry->feature].name, entry->text, entry->between[0],
                         entry->between[1]);
        fputs("</li>\n", stream);
    }
    fputs("</ul>\n</section>\n", stream);
}

static void print_origin(FILE *stream, const struct mc_probe *probe, const struct mc_probe_report *options)
{
    const struct mc_machine *machine = &probe->machine;
    fputs("<p class=\"dim\">", stream);
    mc_printf_markup(stream, "%s%s(%s family %u model %u stepping %u), %zu CPU%s", machine->brand, *machine->brand ? " " : "",
                     machine->vendor, machine->family, machine->model, machine->stepping, probe->cpu_count,
                     probe->cpu_count == 1 ? "" : "s");
    if (machine->hypervisor)
        mc_printf_markup(stream, ", hypervisor %s",
                         machine->hypervisor_name ? machine->hypervisor_name : machine->hypervisor_signature);
    if (*probe->kernel)
        mc_printf_markup(stream, ", Linux %s", probe->kernel);
    if (options->baseline)
        mc_printf_markup(stream, "; baseline %s", options->baseline->name);
    mc_printf_markup(stream, ". Made by maskcheck %s.", options->version);
    fputs("</p>\n", stream);
}

/* What CPUID shows beyond the baseline, as compare tells it. Names hold no markup. */
static void print_above(FILE *stream, const struct mc_comparison *comparison)
{
    if (!comparison || !comparison->missing_count)
        return;
    fputs("<section>\n<h2>Above the baseline</h2>\n<p>", stream);
    mc_print_lack_names(stream, comparison->missing, comparison->missing_count);
    fputs("</p>\n</section>\n", stream);
}

void mc_probe_report_html(FILE *stream, const struct mc_probe *probe, const struct mc_probe_report *options)
{
    char answer[MC_PROBE_ANSWER];
    const char *shade = mc_probe_answer(probe, options, answer);
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
          "form-action 'none'\">\n<title>maskcheck probe: ",
          stream);
    mc_print_markup(stream, answer);
    fprintf(stream, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<header>\n<h1 class=\"%s\">", mc_html_style, shade);
    mc_print_markup(stream, answer);
    fputs("</h1>\n", stream);
    print_origin(stream, probe, options);
    fputs("</header>\n<main>\n", stream);
    print_above(stream, options->comparison);
    print_disagreements(stream, probe);
    print_table(stream, probe);
    print_picture(stream, probe);
    fputs("</main>\n</body>\n</html>\n", stream);
}
