/* SPDX-License-Identifier: Apache-2.0 */
/* The audit report for programs: schema maskcheck/audit/1. The probe's and the scan's own documents stand in it whole.
 */
#include "report/audit.h"
#include "report/json.h"
#include "report/probe.h"

#include <stdarg.h>
#include <stdlib.h>

#define SCHEMA "maskcheck/audit/1"

/* What `print` writes, as a JSON string. */
struct text {
    FILE *stream;
    char *bytes;
    size_t size;
};

static void begin_text(struct text *text)
{
    *text = (struct text){0};
    text->stream = mc_open_text(&text->bytes, &text->size);
}

static json_t *end_text(struct text *text)
{
    mc_close_text(text->stream);
    json_t *value = mc_json_text(text->bytes);
    free(text->bytes);
    return value;
}

static void add_reason(json_t *reasons, const char *kind, json_t *text)
{
    json_t *reason = json_object();
    json_object_set_new(reason, "kind", json_string(kind));
    json_object_set_new(reason, "text", text);
    json_array_append_new(reasons, reason);
}

static void say_reason(void *context, const char *kind, const char *text)
{
    add_reason(context, kind, mc_json_text(text));
}

static json_t *outside_text(const struct mc_audit_report *report)
{
    struct text text;
    begin_text(&text);
    mc_audit_print_outside(text.stream, report);
    return end_text(&text);
}

static json_t *program_text(const struct mc_audit_report *report, const struct mc_audit_program *program)
{
    struct text text;
    begin_text(&text);
    mc_print_clean(text.stream, report->input->files[program->file].name);
    if (program->process_count) {
        fputs(", ", text.stream);
        mc_audit_print_pids(text.stream, report, program, 0);
    }
    fputs(": ", text.stream);
    mc_audit_print_blame(text.stream, report, &program->blames[0]);
    if (program->blame_count > 1)
        fprintf(text.stream, " and %zu more", program->blame_count - 1);
    fputs("; ", text.stream);
    mc_audit_print_step(text.stream, report, program);
    return end_text(&text);
}

static json_t *family_text(const struct mc_audit_report *report, const struct mc_audit_family *family)
{
    struct text text;
    begin_text(&text);
    fprintf(text.stream, "%s is out of reach: ", family->below->name);
    if (!mc_set_empty(&family->above)) {
        fputs("CPUID reports ", text.stream);
        mc_print_features(text.stream, &family->above, ", ");
    }
    if (family->program_count) {
        fprintf(text.stream, "%s%zu program%s use%s what it lacks, first ", mc_set_empty(&family->above) ? "" : "; ",
                family->program_count, family->program_count == 1 ? "" : "s", family->program_count == 1 ? "s" : "");
        mc_print_clean(text.stream, report->input->files[report->audit->programs[family->programs[0]].file].name);
    }
    return end_text(&text);
}

static json_t *reasons(const struct mc_audit_report *report)
{
    const struct mc_audit *audit = report->audit;
    json_t *array = json_array();
    if (audit->outside)
        add_reason(array, "vm-outside-baseline", outside_text(report));
    for (size_t i = 0; i < audit->unsafe_count; i++)
        add_reason(array, "masked-use", program_text(report, &audit->programs[i]));
    for (size_t i = 0; i < audit->family_count && audit->open; i++)
        if (audit->families[i].below)
            add_reason(array, mc_set_empty(&audit->families[i].above) ? "masked-use" : "vm-outside-baseline",
                       family_text(report, &audit->families[i]));
    mc_audit_unseen(report, say_reason, array);
    return array;
}

static json_t *baseline_name(const struct mc_baseline *baseline)
{
    return baseline ? json_string(baseline->name) : json_null();
}

static json_t *enough(const struct mc_audit *audit)
{
    json_t *object = json_object();
    json_object_set_new(object, "psabi", baseline_name(audit->enough.psabi));
    json_object_set_new(object, "intel", baseline_name(audit->enough.intel));
    json_object_set_new(object, "amd", baseline_name(audit->enough.amd));
    return object;
}

static json_t *process(const struct mc_audit_report *report, size_t index)
{
    const struct mc_audit_process *process = &report->input->processes[index];
    json_t *object = json_object(), *files = json_array();
    for (size_t i = 0; i < process->file_count; i++)
        json_array_append_new(files, mc_json_text(report->input->files[process->files[i]].path));
    const char *verdict = process->unread ? NULL : mc_verdict_word(report->audit->processes[index]);
    json_object_set_new(object, "pid", json_integer(process->pid));
    json_object_set_new(object, "name", mc_json_text(process->name));
    json_object_set_new(object, "exe", mc_json_text(process->exe));
    json_object_set_new(object, "unit", mc_json_text(process->unit));
    json_object_set_new(object, "container", mc_json_text(process->container));
    json_object_set_new(object, "verdict", mc_json_text(verdict));
    json_object_set_new(object, "files", files);
    return object;
}

static json_t *program(const struct mc_audit_report *report, const struct mc_audit_program *program)
{
    json_t *object = json_object(), *because = json_array();
    for (size_t i = 0; i < program->blame_count; i++) {
        struct text text;
        begin_text(&text);
        mc_audit_print_blame(text.stream, report, &program->blames[i]);
        json_array_append_new(because, end_text(&text));
    }
    const char *verdict = program->judged || program->blame_count ? mc_verdict_word(program->verdict) : NULL;
    json_object_set_new(object, "path", mc_json_text(report->input->files[program->file].path));
    json_object_set_new(object, "verdict", mc_json_text(verdict));
    json_object_set_new(object, "because", because);
    return object;
}

static json_t *unreached(const struct mc_audit_report *report, const struct mc_audit_unreached *unreached)
{
    const struct mc_audit_cause *cause = unreached->cause;
    json_t *object = json_object(), *doors = json_array();
    for (size_t i = 0; i < cause->door_count; i++)
        json_array_append_new(doors, mc_json_text(cause->doors[i]));
    json_object_set_new(object, "path", mc_json_text(report->input->files[unreached->file].path));
    json_object_set_new(object, "verdict", json_string(mc_verdict_word(cause->verdict)));
    json_object_set_new(object, "missing", mc_json_features(&cause->missing));
    json_object_set_new(object, "uses", json_integer((json_int_t)cause->uses));
    json_object_set_new(object, "only_through", doors);
    return object;
}

void mc_audit_report_json(FILE *stream, const struct mc_audit_report *report)
{
    const struct mc_audit *audit = report->audit;
    struct mc_probe_report probe = {.version = report->options->version, .baseline = report->input->baseline,
                                    .comparison = report->input->comparison};
    bool first = true;
    fputc('{', stream);
    mc_json_member(stream, &first, "schema", json_string(SCHEMA));
    mc_json_member(stream, &first, "tool", mc_json_tool(report->options->version));
    mc_json_member(stream, &first, "baseline", mc_json_baseline(&audit->target, audit->open));
    mc_json_member(stream, &first, "answer", json_string(mc_audit_answer_word(audit->answer)));
    mc_json_member(stream, &first, "reasons", reasons(report));
    mc_json_member(stream, &first, "enough", enough(audit));
    fputs(",\n\"processes\":[", stream);
    for (size_t i = 0; i < report->input->process_count; i++) {
        fputs(i ? ",\n" : "\n", stream);
        mc_json_write(stream, process(report, i));
    }
    fputs("],\n\"programs\":[", stream);
    for (size_t i = 0; i < audit->program_count; i++) {
        fputs(i ? ",\n" : "\n", stream);
        mc_json_write(stream, program(report, &audit->programs[i]));
    }
    fputs("],\n\"not_reached\":[", stream);
    for (size_t i = 0; i < audit->unreached_count; i++) {
        fputs(i ? ",\n" : "\n", stream);
        mc_json_write(stream, unreached(report, &audit->unreached[i]));
    }
    fputs("],\n\"probe\":", stream);
    mc_probe_report_json(stream, report->probe, &probe);
    fprintf(stream, ",\n\"scan\":%s}\n", report->scan_json ? report->scan_json : "null");
}
