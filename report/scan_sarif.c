/* SPDX-License-Identifier: Apache-2.0 */
/* The scan report for code scanning: SARIF 2.1.0 (OASIS, with errata 01). One run; the rules carry their pages; one result
 * per listed use, and one of kind "open" for what could not be judged. A use's place is its source line when the file says
 * it, else the address in the file; the function is its logical location either way. */
#include "base/demangle.h"
#include "report/fingerprint.h"
#include "report/json.h"
#include "report/rule_pages.h"
#include "report/scan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#define FINGERPRINT "maskcheck/v1" /* a change of report/fingerprint.c makes it v2 */
#define GAPS_SHOWN 20
#define SOURCE_ROOT "SRCROOT"

extern const struct mc_scan_format mc_scan_sarif;

static json_t *message(const char *text)
{
    json_t *object = json_object();
    json_object_set_new(object, "text", mc_json_text(text ? text : ""));
    return object;
}

/* A path as a URI reference (RFC 3986): relative stays relative; every byte that is not unreserved is escaped. */
static json_t *uri(const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/!+@,=";
    char *text = mc_realloc(NULL, strlen(path) + 4, 3);
    size_t used = (size_t)sprintf(text, "%s", *path == '/' ? "file://" : "");
    for (const unsigned char *at = (const unsigned char *)path; *at; at++)
        used += (size_t)sprintf(text + used, strchr(plain, *at) ? "%c" : "%%%02X", *at);
    json_t *object = json_object();
    json_object_set_new(object, "uri", json_string(text));
    free(text);
    return object;
}

/* The page's first paragraph of text, without its heading and "Level" line. */
static json_t *full_description(const struct mc_rule_page *page)
{
    const char *start = page->text ? strstr(page->text, "## Meaning\n\n") : NULL;
    if (!start)
        return message(page->title);
    start += strlen("## Meaning\n\n");
    const char *end = strstr(start, "\n\n");
    char *text = end ? strndup(start, (size_t)(end - start)) : strdup(start);
    if (!text)
        mc_out_of_memory();
    for (char *at = text; *at; at++)
        *at = *at == '\n' ? ' ' : *at;
    json_t *object = message(text);
    free(text);
    return object;
}

static json_t *rule(size_t index)
{
    struct mc_rule_page page = mc_rule_page_at(index);
    json_t *object = json_object(), *help = message(page.text), *configuration = json_object();
    json_object_set_new(help, "markdown", mc_json_text(page.text ? page.text : ""));
    json_object_set_new(configuration, "level", json_string(mc_severity_word(page.severity)));
    json_object_set_new(object, "id", json_string(page.id));
    json_object_set_new(object, "name", json_string(page.name));
    json_object_set_new(object, "shortDescription", message(page.title));
    json_object_set_new(object, "fullDescription", full_description(&page));
    json_object_set_new(object, "help", help);
    json_object_set_new(object, "defaultConfiguration", configuration);
    return object;
}

static json_t *driver(const struct mc_report_options *options)
{
    json_t *driver = json_object(), *rules = json_array(), *tool = json_object(), *properties = json_object();
    char catalogue[17];
    mc_catalogue_fingerprint(catalogue);
    for (size_t i = 0; i < mc_rule_count(); i++)
        json_array_append_new(rules, rule(i));
    json_object_set_new(properties, "catalogue", json_string(catalogue));
    json_object_set_new(driver, "name", json_string("maskcheck"));
    json_object_set_new(driver, "version", mc_json_text(options->version));
    json_object_set_new(driver, "semanticVersion", mc_json_text(options->version));
    json_object_set_new(driver, "rules", rules);
    json_object_set_new(driver, "properties", properties);
    json_object_set_new(tool, "driver", driver);
    return tool;
}

static void begin(FILE *stream, const struct mc_report_options *options, const struct mc_scan_totals *totals)
{
    (void)totals;
    fputs("{\"$schema\":\"" SCHEMA "\",\"version\":\"2.1.0\",\"runs\":[{\"tool\":", stream);
    mc_json_write(stream, driver(options));
    if (options->folder && strcmp(options->folder, "/") != 0) {
        char *folder = mc_realloc(NULL, strlen(options->folder) + 2, 1);
        json_t *bases = json_object();
        sprintf(folder, "%s/", options->folder);
        json_object_set_new(bases, SOURCE_ROOT, uri(folder));
        fputs(",\n\"originalUriBaseIds\":", stream);
        mc_json_write(stream, bases);
        free(folder);
    }
    fputs(",\n\"columnKind\":\"unicodeCodePoints\",\"results\":[\n", stream);
}

static json_t *artifact_at(const char *path, uint64_t address)
{
    json_t *physical = json_object(), *place = json_object();
    json_object_set_new(physical, "artifactLocation", uri(path));
    if (address <= INT64_MAX) {
        json_object_set_new(place, "absoluteAddress", json_integer((json_int_t)address));
        json_object_set_new(physical, "address", place);
    }
    return physical;
}

/* Source files below the current folder are relative to it: what shows the report finds them in its own checkout. */
static json_t *source_file(const struct mc_report_options *options, const char *path)
{
    size_t length = options->folder ? strlen(options->folder) : 0;
    if (length < 2 || strncmp(path, options->folder, length) != 0 || path[length] != '/')
        return uri(path);
    json_t *object = uri(path + length + 1);
    json_object_set_new(object, "uriBaseId", json_string(SOURCE_ROOT));
    return object;
}

static unsigned line_of(const struct mc_finding *finding)
{
    const char *colon = finding->source && finding->source_path ? strrchr(finding->source, ':') : NULL;
    return colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
}

static json_t *source_line(const struct mc_report_options *options, const struct mc_finding *finding)
{
    json_t *physical = json_object(), *region = json_object();
    json_object_set_new(region, "startLine", json_integer(line_of(finding)));
    json_object_set_new(physical, "artifactLocation", source_file(options, finding->source_path));
    json_object_set_new(physical, "region", region);
    return physical;
}

/* `physical` is stolen. */
static json_t *location(json_t *physical, const char *path, const char *function)
{
    json_t *object = json_object();
    json_object_set_new(object, "physicalLocation", physical);
    if (function) {
        json_t *array = json_array(), *logical = json_object();
        struct mc_arena arena = {0};
        const char *demangled = mc_demangle(function, &arena);
        char *name = mc_utf8_clean(path), *symbol = mc_utf8_clean(demangled ? demangled : function);
        json_object_set_new(logical, "name", json_string(symbol));
        json_object_set_new(logical, "fullyQualifiedName", json_sprintf("%s!%s", name, symbol));
        if (demangled)
            json_object_set_new(logical, "decoratedName", mc_json_text(function));
        mc_arena_free(&arena);
        json_object_set_new(logical, "kind", json_string("function"));
        json_array_append_new(array, logical);
        json_object_set_new(object, "logicalLocations", array);
        free(name);
        free(symbol);
    }
    return object;
}

/* The way to the use, as a thread flow. */
static json_t *code_flows(const struct mc_file_result *result, const struct mc_finding *finding)
{
    json_t *steps = json_array();
    for (size_t i = 0; i < finding->path_length; i++) {
        const struct mc_step *step = &finding->path[i];
        json_t *holder = json_object(), *place = location(artifact_at(result->path, step->address), result->path, step->function);
        json_object_set_new(place, "message", message(step->text));
        json_object_set_new(holder, "location", place);
        json_array_append_new(steps, holder);
    }
    json_t *flow = json_object(), *flows = json_array(), *code_flow = json_object(), *all = json_array();
    json_object_set_new(flow, "locations", steps);
    json_array_append_new(flows, flow);
    json_object_set_new(code_flow, "threadFlows", flows);
    json_array_append_new(all, code_flow);
    return all;
}

static json_t *related(const struct mc_file_result *result, const struct mc_finding *finding, bool with_address)
{
    json_t *array = json_array();
    if (with_address) {
        json_t *place = location(artifact_at(result->path, finding->use.address), result->path, NULL);
        json_object_set_new(place, "message", message("the instruction"));
        json_array_append_new(array, place);
    }
    if (finding->guard.known) {
        char instruction[MC_INSTRUCTION_TEXT], text[MC_INSTRUCTION_TEXT + 80];
        mc_instruction_text(result->mode, &finding->guard.code, finding->guard.address, 0, instruction);
        snprintf(text, sizeof text, "tested here: %s (CPUID %" PRIx32 ".%s bit %u)", instruction, finding->guard.leaf,
                 mc_register_word(finding->guard.reg), finding->guard.bit);
        json_t *place = location(artifact_at(result->path, finding->guard.address), result->path, NULL);
        json_object_set_new(place, "message", message(text));
        json_array_append_new(array, place);
    }
    return array;
}

static json_t *properties(const struct mc_file_result *result, const struct mc_finding *finding)
{
    json_t *object = json_object();
    json_object_set_new(object, "verdict", json_string(mc_verdict_word(finding->verdict)));
    json_object_set_new(object, "confidence", json_string(mc_confidence_word(finding->confidence)));
    json_object_set_new(object, "needs", mc_json_features(&finding->needs));
    json_object_set_new(object, "enough", mc_json_enough(&finding->needs));
    json_object_set_new(object, "package", mc_json_text(result->package));
    mc_json_set_origin(object, finding);
    return object;
}

/* Safe uses pass, and dead ones inform: kinds other than "fail" have the level "none" (3.27.10). */
static void set_kind(json_t *result, const struct mc_finding *finding)
{
    bool fails = mc_verdict_unsafe(finding->verdict) || finding->severity != MC_NOTE;
    const char *other = finding->verdict == MC_VERDICT_DEAD ? "informational" : "pass";
    json_object_set_new(result, "kind", json_string(fails ? "fail" : other));
    json_object_set_new(result, "level", json_string(fails ? mc_severity_word(finding->severity) : "none"));
}

static json_t *use_message(const struct mc_file_result *result, const struct mc_finding *finding)
{
    char instruction[MC_INSTRUCTION_TEXT];
    mc_instruction_text(result->mode, &finding->code, finding->use.address, finding->use.need, instruction);
    struct mc_arena arena = {0};
    json_t *object = message(mc_arena_printf(&arena, "%s: %s%s", instruction,
                                             finding->reason ? finding->reason : mc_verdict_word(finding->verdict),
                                             finding->confidence == MC_INFERRED ? " (inferred)" : ""));
    mc_arena_free(&arena);
    return object;
}

static json_t *use(const struct mc_report_options *options, const struct mc_fingerprints *prints,
                   const struct mc_finding *finding)
{
    const struct mc_file_result *result = prints->result;
    char fingerprint[MC_FINGERPRINT_SIZE];
    json_t *object = json_object(), *locations = json_array(), *fingerprints = json_object();
    mc_fingerprint(prints, finding, fingerprint);
    json_object_set_new(fingerprints, FINGERPRINT, json_string(fingerprint));
    json_t *physical = line_of(finding) ? source_line(options, finding) : artifact_at(result->path, finding->use.address);
    json_array_append_new(locations, location(physical, result->path, finding->function));
    if (finding->rule) {
        json_object_set_new(object, "ruleId", json_string(finding->rule));
        json_object_set_new(object, "ruleIndex", json_integer((json_int_t)mc_rule_index(finding->rule)));
    }
    set_kind(object, finding);
    json_object_set_new(object, "message", use_message(result, finding));
    json_object_set_new(object, "analysisTarget", uri(result->path));
    json_object_set_new(object, "locations", locations);
    json_object_set_new(object, "relatedLocations", related(result, finding, line_of(finding)));
    if (finding->path_length)
        json_object_set_new(object, "codeFlows", code_flows(result, finding));
    json_object_set_new(object, "partialFingerprints", fingerprints);
    json_object_set_new(object, "properties", properties(result, finding));
    return object;
}

static json_t *open_result(const struct mc_file_result *result, uint64_t address, const char *text)
{
    json_t *object = json_object(), *locations = json_array(), *place = json_object();
    json_object_set_new(object, "kind", json_string("open"));
    json_object_set_new(object, "level", json_string("none"));
    json_object_set_new(object, "message", message(text));
    json_object_set_new(place, "physicalLocation", artifact_at(result->path, address));
    json_array_append_new(locations, place);
    json_object_set_new(object, "locations", locations);
    return object;
}

static void write_item(FILE *stream, const char **before, json_t *item)
{
    fputs(*before, stream);
    *before = ",\n";
    mc_json_write(stream, item);
}

static void file(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result, bool named)
{
    (void)named;
    const char *before = "";
    struct mc_finding_choice choice = {.result = result, .all = options->all_uses};
    struct mc_fingerprints prints;
    char text[sizeof result->error.text + 40];
    mc_fingerprints_open(&prints, result);
    for (const struct mc_finding *finding; (finding = mc_next_finding(&choice));)
        write_item(stream, &before, use(options, &prints, finding));
    mc_fingerprints_close(&prints);
    for (size_t i = 0; i < result->gap_count && i < GAPS_SHOWN; i++) {
        snprintf(text, sizeof text, "not judged: %s (%s)", result->gaps[i].text, result->gaps[i].kind);
        write_item(stream, &before, open_result(result, result->gaps[i].address, text));
    }
    if (result->gap_count > GAPS_SHOWN) {
        snprintf(text, sizeof text, "and %zu more places that could not be judged", result->gap_count - GAPS_SHOWN);
        write_item(stream, &before, open_result(result, 0, text));
    }
    if (result->status == MC_FILE_ERROR) {
        snprintf(text, sizeof text, "not judged: %s", result->error.text);
        write_item(stream, &before, open_result(result, 0, text));
    }
}

static void end(FILE *stream, const struct mc_report_options *options, const struct mc_scan_totals *totals)
{
    json_t *invocation = json_object(), *array = json_array(), *more = json_object();
    json_object_set_new(invocation, "executionSuccessful", json_boolean(totals->errors == 0 && totals->not_scanned == 0));
    if (totals->not_scanned)
        json_object_set_new(invocation, "exitSignalName", json_string("SIGINT"));
    json_object_set_new(invocation, "endTimeUtc", mc_json_time(options->generated));
    json_object_set_new(invocation, "arguments", mc_json_command(options->command));
    json_array_append_new(array, invocation);
    json_object_set_new(more, "baseline", mc_json_baseline(options->baseline, options->baseline_is_default));
    json_object_set_new(more, "summary", mc_json_scan_summary(totals));
    fputs("\n],\n\"invocations\":", stream);
    mc_json_write(stream, array);
    fputs(",\n\"properties\":", stream);
    mc_json_write(stream, more);
    fputs("}]}\n", stream);
}

const struct mc_scan_format mc_scan_sarif = {
    .name = "sarif", .between = ",\n", .begin = begin, .file = file, .end = end};
