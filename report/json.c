/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json.h"

#include "base/demangle.h"
#include "report/words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

json_t *mc_json_text(const char *text)
{
    if (!text)
        return json_null();
    json_t *value = json_string(text);
    if (value)
        return value;
    char *clean = mc_utf8_clean(text);
    value = json_string(clean);
    free(clean);
    return value;
}

void mc_json_set_function(json_t *object, const char *symbol)
{
    struct mc_arena arena = {0};
    json_object_set_new(object, "function", mc_json_text(symbol));
    json_object_set_new(object, "demangled", mc_json_text(mc_demangle(symbol, &arena)));
    mc_arena_free(&arena);
}

void mc_json_set_origin(json_t *object, const struct mc_finding *finding)
{
    json_t *unit = finding->unit || finding->producer ? json_object() : json_null();
    json_object_set_new(object, "source", mc_json_text(finding->source));
    json_object_set_new(object, "source_path", mc_json_text(finding->source_path));
    json_object_set_new(object, "unit", unit);
    json_object_set_new(object, "comdat", mc_json_text(finding->comdat));
    if (!json_is_object(unit))
        return;
    json_object_set_new(unit, "name", mc_json_text(finding->unit));
    json_object_set_new(unit, "producer", mc_json_text(finding->producer));
    json_object_set_new(unit, "options", mc_json_text(finding->options));
}

json_t *mc_json_address(uint64_t address)
{
    char text[24];
    snprintf(text, sizeof text, "0x%" PRIx64, address);
    return json_string(text);
}

json_t *mc_json_features(const struct mc_feature_set *set)
{
    json_t *array = json_array();
    for (int feature = mc_set_next(set, 0); feature >= 0; feature = mc_set_next(set, feature + 1))
        json_array_append_new(array, json_string(mc_features[feature].name));
    return array;
}

static json_t *baseline_name(const struct mc_baseline *baseline)
{
    return baseline ? json_string(baseline->name) : json_null();
}

json_t *mc_json_enough(const struct mc_feature_set *needed)
{
    struct mc_enough enough = mc_baseline_enough(needed);
    json_t *object = json_object();
    json_object_set_new(object, "psabi", baseline_name(enough.psabi));
    json_object_set_new(object, "intel", baseline_name(enough.intel));
    json_object_set_new(object, "amd", baseline_name(enough.amd));
    return object;
}

json_t *mc_json_tool(const char *version)
{
    char fingerprint[17];
    mc_catalogue_fingerprint(fingerprint);
    json_t *object = json_object();
    json_object_set_new(object, "name", json_string("maskcheck"));
    json_object_set_new(object, "version", mc_json_text(version));
    json_object_set_new(object, "catalogue", json_string(fingerprint));
    return object;
}

json_t *mc_json_baseline(const struct mc_baseline *baseline, bool is_default)
{
    json_t *object = json_object();
    json_object_set_new(object, "name", mc_json_text(baseline->name));
    json_object_set_new(object, "default", json_boolean(is_default));
    json_object_set_new(object, "features", mc_json_features(&baseline->features));
    return object;
}

json_t *mc_json_command(char *const *command)
{
    json_t *array = json_array();
    for (; command && *command; command++)
        json_array_append_new(array, mc_json_text(*command));
    return array;
}

json_t *mc_json_time(time_t when)
{
    char text[32] = "";
    struct tm parts;
    if (gmtime_r(&when, &parts))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return json_string(text);
}

void mc_json_write(FILE *stream, json_t *value)
{
    json_dumpf(value, stream, JSON_COMPACT | JSON_ENCODE_ANY | JSON_PRESERVE_ORDER);
    json_decref(value);
}

void mc_json_member(FILE *stream, bool *first, const char *key, json_t *value)
{
    fprintf(stream, "%s\"%s\":", *first ? "" : ",", key);
    *first = false;
    mc_json_write(stream, value);
}
