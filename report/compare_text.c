/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons for people: per target the answer, then what is missing, by who uses it. */
#include "report/compare.h"
#include "report/words.h"

#include <stdlib.h>
#include <string.h>

#define INDENT 18 /* columns before a list */

static const char *paint(const struct mc_compare_report *report, bool good)
{
    return !report->colour ? "" : good ? "\033[1;32m" : "\033[1;31m";
}

static const char *plain(const struct mc_compare_report *report)
{
    return report->colour ? "\033[0m" : "";
}

static void print_machine(FILE *stream, const struct mc_profile *profile)
{
    mc_print_clean(stream, profile->name);
    if (!profile->recorded) {
        fprintf(stream, " (a named baseline%s%s)", *profile->vendor ? " of " : "",
                *profile->vendor ? mc_profile_vendor(profile) : "");
        return;
    }
    fprintf(stream, " (%s", *profile->machine.brand ? profile->machine.brand : mc_profile_vendor(profile));
    if (profile->cpu_count > 1)
        fprintf(stream, ", %zu CPUs%s", profile->cpu_count, profile->mixed ? " that differ" : "");
    fputc(')', stream);
}

/* Numbers of a quantity behind it: there and here. */
static void print_lack(FILE *stream, const struct mc_lack *lack)
{
    fputs(lack->feature, stream);
    if (lack->unit && lack->to)
        fprintf(stream, "(%s%u,there:%u)", lack->kind == MC_LACK_LAYOUT ? "at:" : "", lack->from, lack->to);
    else if (lack->unit)
        fprintf(stream, "(%u)", lack->from);
}

void mc_print_lack_names(FILE *stream, const struct mc_lack *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fputs(i ? " " : "", stream);
        print_lack(stream, &list[i]);
    }
}

void mc_print_lacks(FILE *stream, const char *label, size_t indent, const struct mc_lack *list, size_t count, int used_by)
{
    char *text = NULL;
    size_t size = 0;
    FILE *words = mc_open_text(&text, &size);
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (used_by >= 0 && (int)list[i].used_by != used_by)
            continue;
        fputs(any ? " " : "", words);
        print_lack(words, &list[i]);
        any = true;
    }
    mc_close_text(words);
    if (any) {
        fprintf(stream, "%-*s", (int)indent, label);
        mc_print_wrapped(stream, text, indent, indent);
    }
    free(text);
}

static void print_target(FILE *stream, const struct mc_compare_report *report, const struct mc_compare_target *target)
{
    const struct mc_comparison *comparison = &target->comparison;
    if (target->error) {
        mc_print_clean(stream, target->name);
        fprintf(stream, ": not compared: ");
        mc_print_clean(stream, target->error);
        fputc('\n', stream);
        return;
    }
    bool good = comparison->verdict == MC_COMPARE_OK;
    print_machine(stream, comparison->to);
    fprintf(stream, ": %s%s%s", paint(report, good), good ? "ok" : "unsafe", plain(report));
    if (comparison->vendor_differs)
        fprintf(stream, ": %s, another vendor than %s%s", mc_profile_vendor(comparison->to),
                mc_profile_vendor(comparison->from),
                strcmp(comparison->reason ? comparison->reason : "", "vendor") ? " (allowed)" : "");
    if (comparison->missing_count)
        fprintf(stream, "%s %zu missing", comparison->vendor_differs ? ";" : ":", comparison->missing_count);
    fputc('\n', stream);
    mc_print_lacks(stream, "    programs use", INDENT, comparison->missing, comparison->missing_count, MC_USED_BY_PROGRAM);
    mc_print_lacks(stream, "    both use", INDENT, comparison->missing, comparison->missing_count, MC_USED_BY_BOTH);
    mc_print_lacks(stream, "    kernels use", INDENT, comparison->missing, comparison->missing_count, MC_USED_BY_KERNEL);
    mc_print_lacks(stream, "    not compared", INDENT, comparison->not_compared, comparison->not_compared_count, -1);
}

static void print_cell(FILE *stream, const struct mc_compare_report *report, const struct mc_compare_target *target,
                       bool itself)
{
    const struct mc_comparison *comparison = &target->comparison;
    if (target->error) {
        fprintf(stream, " %7s", "?");
    } else if (itself) {
        fprintf(stream, " %7s", "-");
    } else if (comparison->verdict == MC_COMPARE_OK) {
        fprintf(stream, " %s%7s%s", paint(report, true), "ok", plain(report));
    } else if (strcmp(comparison->reason, "vendor") == 0) {
        fprintf(stream, " %s%7s%s", paint(report, false), "vendor", plain(report));
    } else {
        fprintf(stream, " %s%7zu%s", paint(report, false), comparison->missing_count, plain(report));
    }
}

static void print_matrix(FILE *stream, const struct mc_compare_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        fprintf(stream, "%4zu  ", i + 1);
        print_machine(stream, report->rows[i].from);
        fputc('\n', stream);
    }
    fprintf(
        stream,
        "\nMay a VM started on the row's machine move to the column's? ok, the number of features missing there, or "
        "vendor.\n\n from  to");
    for (size_t i = 0; i < report->count; i++)
        fprintf(stream, " %7zu", i + 1);
    fputc('\n', stream);
    for (size_t i = 0; i < report->count; i++) {
        fprintf(stream, " %4zu    ", i + 1);
        for (size_t k = 0; k < report->rows[i].count; k++)
            print_cell(stream, report, &report->rows[i].targets[k], i == k);
        fputc('\n', stream);
    }
}

void mc_compare_report_text(FILE *stream, const struct mc_compare_report *report)
{
    const struct mc_common *common = report->common;
    if (report->matrix) {
        print_matrix(stream, report);
    } else {
        fprintf(stream, "A VM started on ");
        print_machine(stream, report->rows[0].from);
        fprintf(stream, " may move to\n\n");
        for (size_t i = 0; i < report->rows[0].count; i++)
            print_target(stream, report, &report->rows[0].targets[i]);
    }
    fprintf(stream, "\nAll of them have %s", common->psabi ? common->psabi->name : "no psABI level");
    if (common->evc)
        fprintf(stream, " and %s", common->evc->name);
    fprintf(stream, "; maskcheck baselines --common says more.\n");
}
