/* SPDX-License-Identifier: Apache-2.0 */
/* What the proof believed, for programs: schema maskcheck/explain/1, one document. */
#include "report/explain.h"

#include "report/json.h"
#include "report/listing.h"

#include <stdlib.h>

#define SCHEMA "maskcheck/explain/1"

static const char *kind_word(enum mc_why_kind kind)
{
    static const char *const words[] = {
        [MC_WHY_ASKED] = "asked",     [MC_WHY_LOADER] = "loader",     [MC_WHY_QUESTION] = "question",
        [MC_WHY_ENTERED] = "entered", [MC_WHY_RETURNED] = "returned", [MC_WHY_EITHER] = "either",
        [MC_WHY_WAY] = "way",         [MC_WHY_ROOT] = "root"};
    return words[kind];
}

static json_t *line(const struct mc_file_result *result, uint64_t address, struct mc_arena *arena)
{
    const char *text = address ? mc_instruction_line(result, address, arena) : "";
    return *text ? mc_json_text(text) : json_null();
}

static json_t *whys(const struct mc_file_result *result, const struct mc_why *why, struct mc_arena *arena)
{
    json_t *array = json_array();
    for (; why; why = why->next) {
        json_t *object = json_object();
        json_object_set_new(object, "kind", json_string(kind_word(why->kind)));
        json_object_set_new(object, "number", why->number ? json_integer(why->number) : json_null());
        json_object_set_new(object, "see", why->see ? json_integer(why->see->number) : json_null());
        json_object_set_new(object, "address", why->address ? mc_json_address(why->address) : json_null());
        mc_json_set_function(object, why->function);
        json_object_set_new(object, "instruction",
                            why->function_address ? line(result, why->address, arena) : json_null());
        json_object_set_new(object, "text", mc_json_text(why->text));
        json_object_set_new(object, "known", mc_json_text(why->known));
        json_object_set_new(object, "more", json_integer((json_int_t)why->more));
        json_object_set_new(object, "unfit", json_integer((json_int_t)why->unfit));
        json_object_set_new(object, "below", whys(result, why->below, arena));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *path(const struct mc_file_result *result, const struct mc_explanation *item, struct mc_arena *arena)
{
    const struct mc_finding *finding = item->findings[0];
    json_t *array = json_array();
    for (size_t i = 0; i < finding->path_length; i++) {
        const struct mc_step *step = &finding->path[i];
        const struct mc_way_in *way = item->steps ? &item->steps[i] : NULL;
        json_t *object = json_object();
        json_object_set_new(object, "kind", json_string(mc_step_word(step->kind)));
        json_object_set_new(object, "address", mc_json_address(step->address));
        mc_json_set_function(object, step->function);
        json_object_set_new(object, "instruction", line(result, step->address, arena));
        json_object_set_new(object, "text", mc_json_text(step->text));
        json_object_set_new(object, "to", way && way->to ? mc_json_address(way->to) : json_null());
        json_object_set_new(object, "word", way && way->word ? mc_json_address(way->word) : json_null());
        json_object_set_new(object, "known", mc_json_text(way ? way->known : NULL));
        json_object_set_new(object, "ways", json_integer(way ? (json_int_t)way->ways : 0));
        json_object_set_new(object, "enough", json_integer(way ? (json_int_t)way->enough : 0));
        json_object_set_new(object, "asked", whys(result, way ? way->asked : NULL, arena));
        json_object_set_new(object, "guarded", whys(result, way ? way->guarded : NULL, arena));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *guard_of(const struct mc_file_result *result, const struct mc_guard *guard, struct mc_arena *arena)
{
    if (!guard->known)
        return json_null();
    bool named = (int)guard->feature >= 0 && guard->feature < MC_FEATURE_COUNT;
    json_t *object = json_object();
    json_object_set_new(object, "address", mc_json_address(guard->address));
    json_object_set_new(object, "instruction", line(result, guard->address, arena));
    json_object_set_new(object, "feature", named ? json_string(mc_features[guard->feature].name) : json_null());
    json_object_set_new(object, "leaf", json_integer(guard->leaf));
    json_object_set_new(object, "subleaf", json_integer(guard->subleaf));
    json_object_set_new(object, "register", json_string(mc_register_word(guard->reg)));
    json_object_set_new(object, "bit", json_integer(guard->bit));
    return object;
}

static json_t *explanation(const struct mc_file_result *result, const struct mc_explanation *item,
                           struct mc_arena *arena)
{
    const struct mc_finding *finding = item->findings[0];
    json_t *object = json_object(), *uses = json_array();
    for (size_t i = 0; i < item->finding_count; i++) {
        json_t *use = json_object();
        json_object_set_new(use, "address", mc_json_address(item->findings[i]->use.address));
        json_object_set_new(use, "instruction", line(result, item->findings[i]->use.address, arena));
        json_object_set_new(use, "needs", mc_json_features(&item->findings[i]->needs));
        json_array_append_new(uses, use);
    }
    mc_json_set_function(object, finding->function);
    mc_json_set_origin(object, finding);
    json_object_set_new(object, "uses", uses);
    json_object_set_new(object, "verdict", json_string(mc_verdict_word(finding->verdict)));
    json_object_set_new(object, "level", json_string(mc_severity_word(finding->severity)));
    json_object_set_new(object, "confidence", json_string(mc_confidence_word(finding->confidence)));
    json_object_set_new(object, "rule", mc_json_text(finding->rule));
    json_object_set_new(object, "reason", mc_json_text(finding->reason));
    json_object_set_new(object, "guard", guard_of(result, &finding->guard, arena));
    json_object_set_new(object, "why", whys(result, item->why, arena));
    json_object_set_new(object, "path", path(result, item, arena));
    return object;
}

static json_t *functions(const struct mc_file_result *result, struct mc_arena *arena)
{
    size_t count;
    struct mc_function_uses *list = mc_functions_with_uses(result, &count);
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *object = json_object();
        mc_json_set_function(object, list[i].worst->function);
        json_object_set_new(object, "address", mc_json_address(list[i].worst->function_address));
        json_object_set_new(object, "verdict", json_string(mc_verdict_word(list[i].worst->verdict)));
        json_object_set_new(object, "confidence", json_string(mc_confidence_word(list[i].worst->confidence)));
        json_object_set_new(object, "features", mc_json_features(&list[i].features));
        json_object_set_new(object, "uses", json_integer((json_int_t)list[i].uses));
        json_object_set_new(object, "unsafe", json_integer((json_int_t)list[i].unsafe));
        json_object_set_new(object, "first", mc_json_address(list[i].worst->use.address));
        json_object_set_new(object, "rule", mc_json_text(list[i].worst->rule));
        json_object_set_new(object, "reason", mc_json_text(list[i].worst->reason));
        json_object_set_new(object, "explain", mc_json_text(mc_function_word(result, &list[i], arena)));
        json_array_append_new(array, object);
    }
    free(list);
    return array;
}

void mc_explain_json_begin(FILE *stream, const struct mc_report_options *options)
{
    bool first = true;
    fputc('{', stream);
    mc_json_member(stream, &first, "schema", json_string(SCHEMA));
    mc_json_member(stream, &first, "tool", mc_json_tool(options->version));
    mc_json_member(stream, &first, "command", mc_json_command(options->command));
    mc_json_member(stream, &first, "baseline", mc_json_baseline(options->baseline, options->baseline_is_default));
    fputs(",\n\"files\":[", stream);
}

void mc_explain_json(FILE *stream, const struct mc_file_result *result, bool first_file)
{
    struct mc_arena arena = {0};
    const struct mc_explained *explained = result->explained;
    bool first = true;
    fputs(first_file ? "\n{" : ",\n{", stream);
    mc_json_member(stream, &first, "path", mc_json_text(result->path));
    mc_json_member(stream, &first, "status", json_string(mc_file_status_word(result->status)));
    mc_json_member(stream, &first, "verdict", json_string(mc_verdict_word(result->verdict)));
    if (explained->place.kind == MC_PLACE_FILE)
        mc_json_member(stream, &first, "functions", functions(result, &arena));
    json_t *items = json_array();
    for (size_t i = 0; i < explained->count; i++)
        json_array_append_new(items, explanation(result, &explained->items[i], &arena));
    mc_json_member(stream, &first, "explanations", items);
    mc_json_member(stream, &first, "left_out", json_integer((json_int_t)explained->left_out));
    fputc('}', stream);
    mc_arena_free(&arena);
}

void mc_explain_json_end(FILE *stream)
{
    fputs("\n]}\n", stream);
}
