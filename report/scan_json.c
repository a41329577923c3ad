/* SPDX-License-Identifier: Apache-2.0 */
/* The scan report for programs: schema maskcheck/scan/1, as one document (json) or one line per file (jsonl). Files are
 * written one by one, uses one by one within them. */
#include "report/fingerprint.h"
#include "report/json.h"
#include "report/package_totals.h"
#include "report/scan.h"

#define SCHEMA "maskcheck/scan/1"

extern const struct mc_scan_format mc_scan_json, mc_scan_jsonl;

static void header_members(FILE *stream, const struct mc_report_options *options, bool *first)
{
    mc_json_member(stream, first, "schema", json_string(SCHEMA));
    mc_json_member(stream, first, "tool", mc_json_tool(options->version));
    mc_json_member(stream, first, "command", mc_json_command(options->command));
    mc_json_member(stream, first, "generated", mc_json_time(options->generated));
    mc_json_member(stream, first, "baseline", mc_json_baseline(options->baseline, options->baseline_is_default));
}

static json_t *hex_bytes(const uint8_t *bytes, size_t size)
{
    char text[2 * 64 + 1];
    if (!size || size > 64)
        return json_null();
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return json_string(text);
}

static json_t *gaps(const struct mc_file_result *result)
{
    json_t *array = json_array();
    for (size_t i = 0; i < result->gap_count; i++) {
        json_t *gap = json_object();
        json_object_set_new(gap, "address", mc_json_address(result->gaps[i].address));
        json_object_set_new(gap, "kind", mc_json_text(result->gaps[i].kind));
        json_object_set_new(gap, "text", mc_json_text(result->gaps[i].text));
        json_array_append_new(array, gap);
    }
    return array;
}

static json_t *path(const struct mc_finding *finding)
{
    json_t *array = json_array();
    for (size_t i = 0; i < finding->path_length; i++) {
        const struct mc_step *step = &finding->path[i];
        json_t *object = json_object();
        json_object_set_new(object, "kind", json_string(mc_step_word(step->kind)));
        mc_json_set_function(object, step->function);
        json_object_set_new(object, "address", mc_json_address(step->address));
        json_object_set_new(object, "text", mc_json_text(step->text));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *doors(const struct mc_finding *finding)
{
    json_t *array = json_array();
    for (size_t i = 0; i < finding->door_count; i++)
        json_array_append_new(array, mc_json_text(finding->doors[i]));
    return array;
}

static json_t *guard(const struct mc_file_result *result, const struct mc_guard *guard)
{
    if (!guard->known)
        return json_null();
    char text[MC_INSTRUCTION_TEXT], leaf[32];
    mc_instruction_text(result->mode, &guard->code, guard->address, 0, text);
    if (guard->subleaf)
        snprintf(leaf, sizeof leaf, "%x.%x.%s", guard->leaf, guard->subleaf, mc_register_word(guard->reg));
    else
        snprintf(leaf, sizeof leaf, "%x.%s", guard->leaf, mc_register_word(guard->reg));
    json_t *object = json_object();
    json_object_set_new(object, "address", mc_json_address(guard->address));
    json_object_set_new(object, "text", mc_json_text(text));
    json_object_set_new(object, "leaf", json_string(leaf));
    json_object_set_new(object, "bit", json_integer(guard->bit));
    return object;
}

static json_t *use(const struct mc_fingerprints *prints, const struct mc_finding *finding)
{
    const struct mc_file_result *result = prints->result;
    const struct mc_need *need = mc_need_at(finding->use.need);
    char text[MC_INSTRUCTION_TEXT], fingerprint[MC_FINGERPRINT_SIZE];
    mc_fingerprint(prints, finding, fingerprint);
    mc_instruction_text(result->mode, &finding->code, finding->use.address, finding->use.need, text);
    json_t *object = json_object();
    json_object_set_new(object, "address", mc_json_address(finding->use.address));
    mc_json_set_function(object, finding->function);
    mc_json_set_origin(object, finding);
    json_object_set_new(object, "instruction", mc_json_text(text));
    json_object_set_new(object, "feature", json_string(mc_features[need->feature].name));
    json_object_set_new(object, "needs", mc_json_features(&finding->needs));
    json_object_set_new(object, "missing", mc_json_features(&finding->missing));
    json_object_set_new(object, "tested", mc_json_features(&finding->tested));
    json_object_set_new(object, "verdict", json_string(mc_verdict_word(finding->verdict)));
    json_object_set_new(object, "level", json_string(mc_severity_word(finding->severity)));
    json_object_set_new(object, "confidence", json_string(mc_confidence_word(finding->confidence)));
    json_object_set_new(object, "rule", mc_json_text(finding->rule));
    json_object_set_new(object, "reason", mc_json_text(finding->reason));
    json_object_set_new(object, "absent", json_string(mc_absent_word(need->absent)));
    json_object_set_new(object, "enough", mc_json_enough(&finding->needs));
    json_object_set_new(object, "path", path(finding));
    json_object_set_new(object, "only_through", doors(finding));
    json_object_set_new(object, "guard", guard(result, &finding->guard));
    json_object_set_new(object, "fingerprint", json_string(fingerprint));
    return object;
}

static json_t *counts(const struct mc_file_result *result, size_t omitted)
{
    size_t guarded = 0, proved = 0, inferred = 0, dead = 0;
    for (size_t i = 0; i < result->finding_count; i++) {
        const struct mc_finding *finding = &result->findings[i];
        guarded += finding->verdict == MC_VERDICT_GUARDED;
        dead += finding->verdict == MC_VERDICT_DEAD;
        proved += finding->confidence == MC_PROVED;
        inferred += finding->confidence == MC_INFERRED;
    }
    json_t *object = json_object();
    json_object_set_new(object, "uses", json_integer((json_int_t)result->finding_count));
    json_object_set_new(object, "guarded", json_integer((json_int_t)guarded));
    json_object_set_new(object, "proved", json_integer((json_int_t)proved));
    json_object_set_new(object, "inferred", json_integer((json_int_t)inferred));
    json_object_set_new(object, "dead", json_integer((json_int_t)dead));
    json_object_set_new(object, "omitted", json_integer((json_int_t)omitted));
    return object;
}

/* How many findings the list of uses will hold. */
static size_t count_listed(const struct mc_file_result *result, bool all)
{
    struct mc_finding_choice choice = {.result = result, .all = all};
    size_t count = 0;
    while (mc_next_finding(&choice))
        count++;
    return count;
}

/* Fingerprints of what is unsafe or a warning but not in the list: a later scan compares with them. */
static json_t *unlisted(const struct mc_fingerprints *prints, bool all)
{
    const struct mc_file_result *result = prints->result;
    struct mc_finding_choice choice = {.result = result, .all = all};
    const struct mc_finding *listed = mc_next_finding(&choice);
    json_t *array = json_array();
    for (const struct mc_finding *finding = result->findings; finding < result->findings + result->finding_count; finding++) {
        char fingerprint[MC_FINGERPRINT_SIZE];
        if (finding == listed) {
            listed = mc_next_finding(&choice);
            continue;
        }
        if (!finding->set_aside && !mc_verdict_unsafe(finding->verdict) && finding->severity == MC_NOTE)
            continue;
        mc_fingerprint(prints, finding, fingerprint);
        json_array_append_new(array, json_string(fingerprint));
    }
    return array;
}

static void analysed_members(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result,
                             bool *first)
{
    mc_json_member(stream, first, "verdict", json_string(mc_verdict_word(result->verdict)));
    mc_json_member(stream, first, "confidence", json_string(mc_confidence_word(result->confidence)));
    json_t *features = json_object();
    json_object_set_new(features, "used", mc_json_features(&result->used));
    json_object_set_new(features, "unsafe", mc_json_features(&result->unsafe));
    mc_json_member(stream, first, "features", features);
    mc_json_member(stream, first, "enough", mc_json_enough(&result->unsafe));
    mc_json_member(stream, first, "counts",
                   counts(result, result->finding_count - count_listed(result, options->all_uses)));
    struct mc_finding_choice choice = {.result = result, .all = options->all_uses};
    struct mc_fingerprints prints;
    mc_fingerprints_open(&prints, result);
    const char *before = "";
    fputs(",\"uses\":[", stream);
    for (const struct mc_finding *finding; (finding = mc_next_finding(&choice)); before = ",") {
        fputs(before, stream);
        mc_json_write(stream, use(&prints, finding));
    }
    fputc(']', stream);
    mc_json_member(stream, first, "unlisted", unlisted(&prints, options->all_uses));
    mc_fingerprints_close(&prints);
}

static void unanalysed_members(FILE *stream, bool *first)
{
    static const char *const nulls[] = {"verdict", "confidence", "features", "enough", "counts"};
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
        mc_json_member(stream, first, nulls[i], json_null());
    mc_json_member(stream, first, "uses", json_array());
    mc_json_member(stream, first, "unlisted", json_array());
}

static json_t *error_of(const struct mc_file_result *result)
{
    if (result->error.kind == MC_ERROR_NONE)
        return json_null();
    if (result->error.offset == MC_NO_OFFSET)
        return mc_json_text(result->error.text);
    char text[sizeof result->error.text + 40];
    snprintf(text, sizeof text, "offset %llu: %s", (unsigned long long)result->error.offset, result->error.text);
    return mc_json_text(text);
}

static void file_members(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result,
                         bool *first)
{
    bool analysed = result->status == MC_FILE_OK || result->status == MC_FILE_PARTIAL;
    mc_json_member(stream, first, "path", mc_json_text(result->path));
    mc_json_member(stream, first, "status", json_string(mc_file_status_word(result->status)));
    mc_json_member(stream, first, "error", error_of(result));
    mc_json_member(stream, first, "gaps", gaps(result));
    mc_json_member(stream, first, "format", analysed ? json_string(mc_mode_format(result->mode)) : json_null());
    mc_json_member(stream, first, "kind", analysed ? json_string(mc_file_kind_word(result->kind)) : json_null());
    mc_json_member(stream, first, "build_id", hex_bytes(result->build_id, result->build_id_size));
    mc_json_member(stream, first, "sha256", hex_bytes(result->sha256, result->has_sha256 ? sizeof result->sha256 : 0));
    mc_json_member(stream, first, "size", json_integer((json_int_t)result->size));
    mc_json_member(stream, first, "package", mc_json_text(result->package));
    if (analysed)
        analysed_members(stream, options, result, first);
    else
        unanalysed_members(stream, first);
}

json_t *mc_json_scan_summary(const struct mc_scan_totals *totals)
{
    const struct {
        const char *key;
        size_t value;
    } rows[] = {
        {"files", totals->files},
        {"clean", totals->verdicts[MC_VERDICT_CLEAN]},
        {"guarded", totals->verdicts[MC_VERDICT_GUARDED]},
        {"misguarded", totals->verdicts[MC_VERDICT_MISGUARDED]},
        {"trapped", totals->verdicts[MC_VERDICT_TRAPPED]},
        {"unguarded", totals->verdicts[MC_VERDICT_UNGUARDED]},
        {"partial", totals->partial},
        {"skipped", totals->skipped},
        {"errors", totals->errors},
        {"dead", totals->dead_uses},
        {"waived", totals->waived},
        {"not_scanned", totals->not_scanned},
    };
    json_t *object = json_object();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        json_object_set_new(object, rows[i].key, json_integer((json_int_t)rows[i].value));
    json_object_set_new(object, "seconds", json_real(totals->seconds));
    return object;
}

/* Null where nobody asked who owns the files. */
static json_t *packages(const struct mc_scan_totals *totals)
{
    json_t *array = totals->packages ? json_array() : json_null();
    for (size_t i = 0; i < totals->package_count; i++) {
        const struct mc_package_totals *package = &totals->packages[i];
        const struct {
            const char *key;
            size_t value;
        } rows[] = {
            {"files", package->totals.files},
            {"with_uses", package->totals.with_uses},
            {"unsafe", mc_unsafe_files(&package->totals)},
            {"not_judged", package->totals.partial + package->totals.errors},
            {"uses", package->totals.uses},
            {"proved", package->totals.proved},
            {"inferred", package->totals.inferred},
            {"warnings", package->totals.warnings},
        };
        json_t *object = json_object();
        json_object_set_new(object, "name", mc_json_text(package->name));
        for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
            json_object_set_new(object, rows[k].key, json_integer((json_int_t)rows[k].value));
        json_array_append_new(array, object);
    }
    return array;
}

static void json_begin(FILE *stream, const struct mc_report_options *options, const struct mc_scan_totals *totals)
{
    (void)totals;
    bool first = true;
    fputc('{', stream);
    header_members(stream, options, &first);
    fputs(",\n\"files\":[\n", stream);
}

static void json_file(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result, bool named)
{
    (void)named;
    bool first = true;
    fputc('{', stream);
    file_members(stream, options, result, &first);
    fputc('}', stream);
}

static void json_end(FILE *stream, const struct mc_report_options *options, const struct mc_scan_totals *totals)
{
    (void)options;
    fputs("\n],\n\"packages\":", stream);
    mc_json_write(stream, packages(totals));
    fputs(",\n\"summary\":", stream);
    mc_json_write(stream, mc_json_scan_summary(totals));
    fputs("}\n", stream);
}

static void jsonl_begin(FILE *stream, const struct mc_report_options *options, const struct mc_scan_totals *totals)
{
    (void)totals;
    (void)stream;
    (void)options;
}

static void jsonl_file(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result, bool named)
{
    (void)named;
    bool first = true;
    fputc('{', stream);
    mc_json_member(stream, &first, "schema", json_string(SCHEMA));
    file_members(stream, options, result, &first);
    fputs("}\n", stream);
}

/* The summary line carries what the document's head would. */
static void jsonl_end(FILE *stream, const struct mc_report_options *options, const struct mc_scan_totals *totals)
{
    bool first = true;
    fputc('{', stream);
    header_members(stream, options, &first);
    mc_json_member(stream, &first, "packages", packages(totals));
    mc_json_member(stream, &first, "summary", mc_json_scan_summary(totals));
    fputs("}\n", stream);
}

const struct mc_scan_format mc_scan_json = {
    .name = "json", .states_packages = true, .between = ",\n", .begin = json_begin, .file = json_file, .end = json_end};
const struct mc_scan_format mc_scan_jsonl = {
    .name = "jsonl", .states_packages = true, .between = "", .begin = jsonl_begin, .file = jsonl_file, .end = jsonl_end};
