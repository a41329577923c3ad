/* SPDX-License-Identifier: Apache-2.0 */
/* Pools, differences and admissions for people. */
#include "report/pool.h"
#include "report/words.h"

#include <stdlib.h>
#include <string.h>

#define INDENT 18       /* columns before a list */
#define NAMES_SHOWN 5   /* hosts of one kind */
#define GROUPS_SHOWN 40 /* kinds of hosts */

/* Text collected, then broken at blanks. */
struct list {
    FILE *words;
    char *text;
    size_t size;
};

static FILE *begin_list(struct list *list)
{
    *list = (struct list){0};
    list->words = mc_open_text(&list->text, &list->size);
    return list->words;
}

/* "  label   words", wrapped; the line is left out when there are no words and no `none`. */
static void end_list(FILE *stream, struct list *list, const char *label, const char *none)
{
    mc_close_text(list->words);
    if (list->size || none) {
        fprintf(stream, "  %-*s", INDENT - 2, label);
        mc_print_wrapped(stream, list->size ? list->text : none, INDENT, INDENT);
    }
    free(list->text);
}

static void print_set(FILE *stream, const char *label, const struct mc_feature_set *set, int level)
{
    struct list list;
    FILE *words = begin_list(&list);
    bool first = true;
    for (int feature = mc_set_next(set, 0); feature >= 0; feature = mc_set_next(set, feature + 1))
        if (level < 0 || (int)mc_features[feature].level == level) {
            fprintf(words, "%s%s", first ? "" : " ", mc_features[feature].name);
            first = false;
        }
    end_list(stream, &list, label, NULL);
}

static void print_highest(FILE *stream, const struct mc_common *common)
{
    fprintf(stream, "%s", common->psabi ? common->psabi->name : "no psABI level");
    if (common->evc)
        fprintf(stream, " and %s", common->evc->name);
    else if (common->vendor == MC_VENDOR_INTEL || common->vendor == MC_VENDOR_AMD)
        fprintf(stream, ", no EVC baseline");
}

static void print_group_names(FILE *stream, const struct mc_pool *pool, const struct mc_pool_group *group)
{
    for (size_t i = 0; i < group->count && i < NAMES_SHOWN; i++) {
        fprintf(stream, "%s", i ? ", " : "");
        mc_print_clean(stream, pool->profiles[group->hosts[i]]->name);
    }
    if (group->count > NAMES_SHOWN)
        fprintf(stream, " and %zu more", group->count - NAMES_SHOWN);
}

static void print_holder(FILE *stream, const struct mc_pool *pool)
{
    if (pool->group_count == 1) {
        fprintf(stream, "\nAll hosts have the same features.\n");
        return;
    }
    if (pool->holder == MC_POOL_NONE) {
        fprintf(stream, "\nNo single kind of host holds the rest back: what one lacks, another lacks, too.\n");
        return;
    }
    const struct mc_pool_group *group = &pool->groups[pool->holder];
    fprintf(stream, "\nHeld back by ");
    print_group_names(stream, pool, group);
    fprintf(stream, ". Without %s the others have\n  ", group->count == 1 ? "it" : "them");
    print_highest(stream, &group->without);
    fprintf(stream, "; each gains\n");
    print_set(stream, "for programs", &group->gain, MC_LEVEL_USER);
    print_set(stream, "for kernels", &group->gain, MC_LEVEL_KERNEL);
}

static void print_groups(FILE *stream, const struct mc_pool *pool)
{
    fprintf(stream, "\nWhat each host has beyond the common set, and so would lose to a mask:\n");
    for (size_t i = 0; i < pool->group_count && i < GROUPS_SHOWN; i++) {
        const struct mc_pool_group *group = &pool->groups[i];
        print_group_names(stream, pool, group);
        fprintf(stream, "%s\n", mc_set_empty(&group->unused) ? ": nothing" : "");
        print_set(stream, "unused", &group->unused, -1);
        if (i != pool->holder)
            print_set(stream, "gain without it", &group->gain, -1);
    }
    if (pool->group_count > GROUPS_SHOWN)
        fprintf(stream, "and %zu more kinds of hosts (--format json has all)\n", pool->group_count - GROUPS_SHOWN);
}

void mc_print_qemu_cpu(FILE *stream, const struct mc_guest_cpu *cpu)
{
    fprintf(stream, "%s", cpu->model->name);
    for (int f = mc_set_next(&cpu->adds, 0); f >= 0; f = mc_set_next(&cpu->adds, f + 1))
        fprintf(stream, ",+%s", mc_guest_feature_name(cpu->tool, (enum mc_feature)f));
    for (int f = mc_set_next(&cpu->drops, 0); f >= 0; f = mc_set_next(&cpu->drops, f + 1))
        fprintf(stream, ",-%s", mc_guest_feature_name(cpu->tool, (enum mc_feature)f));
}

void mc_print_libvirt_cpu(FILE *stream, const struct mc_guest_cpu *cpu)
{
    const struct mc_vendor_info *vendor = &mc_vendors[mc_baseline_vendor(cpu->model)];
    fprintf(stream, "<cpu mode='custom' match='exact' check='partial'>\n  <model fallback='forbid'>%s</model>\n",
            cpu->model->name);
    if (*vendor->libvirt)
        fprintf(stream, "  <vendor>%s</vendor>\n", vendor->libvirt);
    for (int f = mc_set_next(&cpu->adds, 0); f >= 0; f = mc_set_next(&cpu->adds, f + 1))
        fprintf(stream, "  <feature policy='require' name='%s'/>\n",
                mc_guest_feature_name(cpu->tool, (enum mc_feature)f));
    for (int f = mc_set_next(&cpu->drops, 0); f >= 0; f = mc_set_next(&cpu->drops, f + 1))
        fprintf(stream, "  <feature policy='disable' name='%s'/>\n",
                mc_guest_feature_name(cpu->tool, (enum mc_feature)f));
    fprintf(stream, "</cpu>\n");
}

void mc_pool_report_text(FILE *stream, const struct mc_pool *pool, const struct mc_pool_report *report)
{
    fprintf(stream, pool->count == 1 ? "%zu host has " : "%zu hosts in common have ", pool->count);
    print_highest(stream, &pool->common);
    fputc('\n', stream);
    if (report->unread_count)
        fprintf(stream, "%zu more could not be read.\n", report->unread_count);
    print_set(stream, "for programs", &pool->common.features, MC_LEVEL_USER);
    print_set(stream, "for kernels", &pool->common.features, MC_LEVEL_KERNEL);
    struct list list;
    FILE *words = begin_list(&list);
    for (size_t i = 0; i < pool->unnamed_count; i++)
        fprintf(words, "%s%s", i ? " " : "", pool->unnamed[i].feature);
    end_list(stream, &list, "without a name", NULL);
    if (pool->mixed) {
        fprintf(stream, "\nThe hosts are of several vendors, and VMs do not move between vendors. Each by itself:\n");
        for (size_t i = 0; i < pool->vendor_count; i++) {
            fprintf(stream, "  %-*s%zu hosts: ", INDENT - 2, pool->vendors[i].name, pool->vendors[i].count);
            print_highest(stream, &pool->vendors[i].common);
            fputc('\n', stream);
        }
    }
    print_holder(stream, pool);
    if (pool->group_count > 1)
        print_groups(stream, pool);
    if (pool->has_qemu) {
        fprintf(stream, "\nQEMU:\n-cpu ");
        mc_print_qemu_cpu(stream, &pool->qemu);
        fputc('\n', stream);
    }
    if (pool->has_libvirt) {
        fprintf(stream, "\nlibvirt:\n");
        mc_print_libvirt_cpu(stream, &pool->libvirt);
    }
}

/* ---- differences ---- */

static void print_lacks(FILE *stream, const char *label, const struct mc_comparison *comparison)
{
    struct list list;
    FILE *words = begin_list(&list);
    const struct mc_lack *parts[] = {comparison->missing, comparison->not_compared};
    const size_t counts[] = {comparison->missing_count, comparison->not_compared_count};
    bool first = true;
    for (int part = 0; part < 2; part++)
        for (size_t i = 0; i < counts[part]; i++) {
            if (parts[part][i].kind == MC_LACK_WORD)
                continue;
            fprintf(words, "%s%s", first ? "" : " ", parts[part][i].feature);
            if (parts[part][i].unit)
                fprintf(words, "(%u)", parts[part][i].from);
            first = false;
        }
    end_list(stream, &list, label, "nothing");
}

void mc_difference_report_text(FILE *stream, const struct mc_comparison *adds, const struct mc_comparison *drops)
{
    fprintf(stream, "From ");
    mc_print_clean(stream, drops->from->name);
    fprintf(stream, " to ");
    mc_print_clean(stream, adds->from->name);
    if (adds->vendor_differs)
        fprintf(stream, " (another vendor)");
    fputc('\n', stream);
    print_lacks(stream, "adds", adds);
    print_lacks(stream, "drops", drops);
}

/* ---- admission ---- */

void mc_admission_report_text(FILE *stream, const struct mc_admission *admission, bool colour)
{
    static const char *const titles[] = {"1 line of CPUs", "2 features", "3 hiding"};
    const char *paint = !colour ? "" : admission->admitted ? "\033[1;32m" : "\033[1;31m";
    mc_print_clean(stream, admission->host->name);
    fprintf(stream, " (%s) may join a cluster of %s: %s%s%s\n",
            *admission->host->machine.brand ? admission->host->machine.brand : mc_profile_vendor(admission->host),
            admission->baseline->name, paint, admission->admitted ? "yes" : "no", colour ? "\033[0m" : "");
    for (int i = 0; i < MC_ADMISSION_CONDITIONS; i++) {
        struct list list;
        fprintf(begin_list(&list), "%s: %s", admission->holds[i] ? "holds" : "fails", admission->text[i]);
        end_list(stream, &list, titles[i], NULL);
    }
    if (admission->advice)
        fprintf(stream, "%s.\n", admission->advice);
}
