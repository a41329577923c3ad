/* SPDX-License-Identifier: Apache-2.0 */
/* Pools, differences and admissions for programs. */
#include "report/json.h"
#include "report/pool.h"

#include <stdlib.h>

static json_t *name_of(const struct mc_baseline *baseline)
{
    return baseline ? json_string(baseline->name) : json_null();
}

static void set_highest(json_t *object, const struct mc_common *common)
{
    json_object_set_new(object, "psabi", name_of(common->psabi));
    json_object_set_new(object, "evc", name_of(common->evc));
}

static json_t *lack_names(const struct mc_lack *list, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_string(list[i].feature));
    return array;
}

static json_t *common(const struct mc_pool *pool)
{
    json_t *object = json_object(), *names = json_array();
    const struct mc_common *from = &pool->common;
    for (size_t i = 0; i < from->baseline_count; i++)
        json_array_append_new(names, json_string(from->baselines[i]->name));
    json_object_set_new(object, "features", mc_json_features(&from->features));
    json_object_set_new(object, "unnamed", lack_names(pool->unnamed, pool->unnamed_count));
    json_object_set_new(object, "baselines", names);
    json_object_set_new(object, "highest", name_of(from->evc ? from->evc : from->psabi));
    set_highest(object, from);
    return object;
}

static json_t *host_names(const struct mc_pool *pool, const struct mc_pool_group *group)
{
    json_t *array = json_array();
    for (size_t i = 0; i < group->count; i++)
        json_array_append_new(array, mc_json_text(pool->profiles[group->hosts[i]]->name));
    return array;
}

/* Hosts that are alike: what the mask hides on them, and what the others gain without them. */
static json_t *group(const struct mc_pool *pool, const struct mc_pool_group *from)
{
    json_t *object = json_object(), *without = json_object();
    json_object_set_new(object, "hosts", host_names(pool, from));
    json_object_set_new(object, "vendor", mc_json_text(pool->profiles[from->hosts[0]]->vendor));
    json_object_set_new(object, "unused", mc_json_features(&from->unused));
    set_highest(without, &from->without);
    json_object_set_new(without, "gain", mc_json_features(&from->gain));
    json_object_set_new(object, "without", without);
    return object;
}

static json_t *groups(const struct mc_pool *pool)
{
    json_t *array = json_array();
    for (size_t i = 0; i < pool->group_count; i++)
        json_array_append_new(array, group(pool, &pool->groups[i]));
    return array;
}

static json_t *vendors(const struct mc_pool *pool)
{
    json_t *array = json_array();
    for (size_t i = 0; i < pool->vendor_count; i++) {
        json_t *object = json_object();
        json_object_set_new(object, "vendor", json_string(pool->vendors[i].name));
        json_object_set_new(object, "hosts", json_integer((json_int_t)pool->vendors[i].count));
        json_object_set_new(object, "features", mc_json_features(&pool->vendors[i].common.features));
        set_highest(object, &pool->vendors[i].common);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *printed(void (*print)(FILE *, const struct mc_guest_cpu *), const struct mc_guest_cpu *cpu,
                       const char *before)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = mc_open_text(&text, &size);
    fputs(before, stream);
    print(stream, cpu);
    mc_close_text(stream);
    json_t *value = json_string(text);
    free(text);
    return value;
}

void mc_pool_report_json(FILE *stream, const struct mc_pool *pool, const struct mc_pool_report *report)
{
    bool first = true;
    json_t *unread = json_array();
    for (size_t i = 0; i < report->unread_count; i++) {
        json_t *object = json_object();
        json_object_set_new(object, "name", mc_json_text(report->unread[i]));
        json_object_set_new(object, "error", mc_json_text(report->errors[i]));
        json_array_append_new(unread, object);
    }
    fputc('{', stream);
    mc_json_member(stream, &first, "schema", json_string("maskcheck/pool/1"));
    mc_json_member(stream, &first, "tool", mc_json_tool(report->version));
    mc_json_member(stream, &first, "hosts", json_integer((json_int_t)pool->count));
    mc_json_member(stream, &first, "unread", unread);
    mc_json_member(stream, &first, "common", common(pool));
    mc_json_member(stream, &first, "vendors", vendors(pool));
    mc_json_member(stream, &first, "holder",
                   pool->holder == MC_POOL_NONE ? json_null() : group(pool, &pool->groups[pool->holder]));
    mc_json_member(stream, &first, "groups", groups(pool));
    mc_json_member(stream, &first, "qemu",
                   pool->has_qemu ? printed(mc_print_qemu_cpu, &pool->qemu, "-cpu ") : json_null());
    mc_json_member(stream, &first, "libvirt",
                   pool->has_libvirt ? printed(mc_print_libvirt_cpu, &pool->libvirt, "") : json_null());
    fprintf(stream, "}\n");
}

static json_t *beyond(const struct mc_comparison *comparison)
{
    json_t *array = lack_names(comparison->missing, comparison->missing_count);
    for (size_t i = 0; i < comparison->not_compared_count; i++)
        if (comparison->not_compared[i].kind != MC_LACK_WORD)
            json_array_append_new(array, json_string(comparison->not_compared[i].feature));
    return array;
}

void mc_difference_report_json(FILE *stream, const struct mc_comparison *adds, const struct mc_comparison *drops,
                               const char *version)
{
    bool first = true;
    fputc('{', stream);
    mc_json_member(stream, &first, "schema", json_string("maskcheck/difference/1"));
    mc_json_member(stream, &first, "tool", mc_json_tool(version));
    mc_json_member(stream, &first, "from", mc_json_text(drops->from->name));
    mc_json_member(stream, &first, "to", mc_json_text(adds->from->name));
    mc_json_member(stream, &first, "adds", beyond(adds));
    mc_json_member(stream, &first, "drops", beyond(drops));
    fprintf(stream, "}\n");
}

void mc_admission_report_json(FILE *stream, const struct mc_admission *admission, const char *version)
{
    bool first = true;
    json_t *conditions = json_array(), *failed = json_array();
    for (int i = 0; i < MC_ADMISSION_CONDITIONS; i++) {
        const char *name = mc_admission_name((enum mc_admission_condition)i);
        json_t *object = json_object();
        json_object_set_new(object, "condition", json_string(name));
        json_object_set_new(object, "holds", json_boolean(admission->holds[i]));
        json_object_set_new(object, "text", mc_json_text(admission->text[i]));
        json_array_append_new(conditions, object);
        if (!admission->holds[i])
            json_array_append_new(failed, json_string(name));
    }
    fputc('{', stream);
    mc_json_member(stream, &first, "schema", json_string("maskcheck/admission/1"));
    mc_json_member(stream, &first, "tool", mc_json_tool(version));
    mc_json_member(stream, &first, "host", mc_json_text(admission->host->name));
    mc_json_member(stream, &first, "baseline", json_string(admission->baseline->name));
    mc_json_member(stream, &first, "generation", name_of(admission->generation));
    mc_json_member(stream, &first, "admitted", json_boolean(admission->admitted));
    mc_json_member(stream, &first, "failed", failed);
    mc_json_member(stream, &first, "conditions", conditions);
    mc_json_member(stream, &first, "missing", mc_json_features(&admission->missing));
    fprintf(stream, "}\n");
}
