/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons for programs: schema maskcheck/compare/1. */
#include "report/compare.h"
#include "report/json.h"

json_t *mc_json_lacks(const struct mc_lack *list, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *object = json_object();
        json_object_set_new(object, "feature", json_string(list[i].feature));
        json_object_set_new(object, "used_by", json_string(mc_used_by_name(list[i].used_by)));
        if (list[i].unit) {
            json_object_set_new(object, "from", json_integer(list[i].from));
            json_object_set_new(object, "to", list[i].to ? json_integer(list[i].to) : json_null());
            json_object_set_new(object, "unit", json_string(list[i].unit));
        }
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *machine(const struct mc_profile *profile)
{
    json_t *object = json_object();
    json_object_set_new(object, "name", mc_json_text(profile->name));
    json_object_set_new(object, "vendor", *profile->vendor ? json_string(profile->vendor) : json_null());
    if (profile->recorded)
        json_object_set_new(object, "brand", json_string(profile->machine.brand));
    return object;
}

static json_t *target(const struct mc_compare_target *from)
{
    const struct mc_comparison *comparison = &from->comparison;
    json_t *object;
    if (from->error) {
        object = json_object();
        json_object_set_new(object, "name", mc_json_text(from->name));
        json_object_set_new(object, "verdict", json_null());
        json_object_set_new(object, "error", mc_json_text(from->error));
        return object;
    }
    object = machine(comparison->to);
    json_object_set_new(object, "verdict", json_string(comparison->verdict == MC_COMPARE_OK ? "ok" : "unsafe"));
    json_object_set_new(object, "reason", mc_json_text(comparison->reason));
    json_object_set_new(object, "missing", mc_json_lacks(comparison->missing, comparison->missing_count));
    json_object_set_new(object, "not_compared", mc_json_lacks(comparison->not_compared, comparison->not_compared_count));
    return object;
}

static json_t *targets(const struct mc_compare_row *row)
{
    json_t *array = json_array();
    for (size_t i = 0; i < row->count; i++)
        json_array_append_new(array, target(&row->targets[i]));
    return array;
}

static json_t *common(const struct mc_common *from)
{
    json_t *object = json_object(), *names = json_array();
    const struct mc_baseline *highest = from->evc ? from->evc : from->psabi;
    for (size_t i = 0; i < from->baseline_count; i++)
        json_array_append_new(names, json_string(from->baselines[i]->name));
    json_object_set_new(object, "features", mc_json_features(&from->features));
    json_object_set_new(object, "baselines", names);
    json_object_set_new(object, "highest", highest ? json_string(highest->name) : json_null());
    return object;
}

void mc_compare_report_json(FILE *stream, const struct mc_compare_report *report)
{
    bool first = true;
    fputc('{', stream);
    mc_json_member(stream, &first, "schema", json_string("maskcheck/compare/1"));
    mc_json_member(stream, &first, "tool", mc_json_tool(report->version));
    mc_json_member(stream, &first, "from", machine(report->rows[0].from));
    mc_json_member(stream, &first, "to", targets(&report->rows[0]));
    if (report->matrix) {
        fprintf(stream, ",\"matrix\":[");
        for (size_t i = 0; i < report->count; i++) {
            json_t *row = json_object();
            json_object_set_new(row, "from", machine(report->rows[i].from));
            json_object_set_new(row, "to", targets(&report->rows[i]));
            if (i)
                fputc(',', stream);
            mc_json_write(stream, row);
        }
        fputc(']', stream);
    }
    mc_json_member(stream, &first, "common", common(report->common));
    fprintf(stream, "}\n");
}
