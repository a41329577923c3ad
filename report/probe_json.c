/* SPDX-License-Identifier: Apache-2.0 */
/* The probe for programs: schema maskcheck/probe/1. CPUs, trials and leaves are written item by item. */
#include "report/json.h"
#include "report/probe.h"

#include <inttypes.h>

#define SCHEMA "maskcheck/probe/1"

static json_t *word(uint32_t value)
{
    char text[12];
    snprintf(text, sizeof text, "0x%08" PRIx32, value);
    return json_string(text);
}

static json_t *answer(enum mc_answer value)
{
    return value == MC_ANSWER_UNKNOWN ? json_null() : json_boolean(value == MC_ANSWER_YES);
}

static json_t *maskings(unsigned bits)
{
    json_t *array = json_array();
    for (int i = 0; i < MC_MASKING_COUNT; i++)
        if (bits & mc_maskings[i].bit)
            json_array_append_new(array, json_string(mc_maskings[i].name));
    return array;
}

static json_t *machine(const struct mc_probe *probe)
{
    const struct mc_machine *from = &probe->machine;
    json_t *object = json_object(), *hypervisor = json_null();
    json_object_set_new(object, "vendor", json_string(from->vendor));
    json_object_set_new(object, "family", json_integer(from->family));
    json_object_set_new(object, "model", json_integer(from->model));
    json_object_set_new(object, "stepping", json_integer(from->stepping));
    json_object_set_new(object, "brand", json_string(from->brand));
    json_object_set_new(object, "kernel", mc_json_text(probe->kernel[0] ? probe->kernel : NULL));
    if (from->hypervisor) {
        hypervisor = json_object();
        json_object_set_new(hypervisor, "signature", json_string(from->hypervisor_signature));
        json_object_set_new(hypervisor, "name", mc_json_text(from->hypervisor_name));
    }
    json_object_set_new(object, "hypervisor", hypervisor);
    json_object_set_new(object, "masking", maskings(from->masking));
    if (from->masking_from_msr)
        json_object_set_new(object, "masking_active", maskings(from->masking_active));
    return object;
}

static json_t *feature(const struct mc_probe_cpu *cpu, int index)
{
    const struct mc_probe_feature *row = &cpu->features[index];
    json_t *object = json_object(), *trial = json_object();
    json_object_set_new(object, "name", json_string(mc_features[index].name));
    json_object_set_new(object, "reported", json_boolean(row->reported));
    json_object_set_new(object, "kernel", answer(row->kernel));
    json_object_set_new(object, "usable", answer(row->usable));
    json_object_set_new(trial, "outcome", json_string(mc_outcome_name(row->trial.outcome)));
    json_object_set_new(trial, "ran", json_integer(row->trial.ran));
    json_object_set_new(trial, "ok", json_integer(row->trial.ok));
    json_object_set_new(trial, "why", mc_json_text(row->trial.why[0] ? row->trial.why : NULL));
    json_object_set_new(object, "trial", trial);
    json_object_set_new(object, "verdict", json_string(mc_probe_verdict_name(row->verdict)));
    return object;
}

static void write_cpus(FILE *stream, const struct mc_probe *probe)
{
    fprintf(stream, ",\"cpus\":[");
    for (size_t i = 0; i < probe->cpu_count; i++) {
        fprintf(stream, "%s{\"cpu\":%u,\"features\":[", i ? "," : "", probe->cpus[i]->cpu);
        for (int k = 0; k < MC_FEATURE_COUNT; k++) {
            if (k)
                fputc(',', stream);
            mc_json_write(stream, feature(probe->cpus[i], k));
        }
        fprintf(stream, "]}");
    }
    fputc(']', stream);
}

static json_t *trial(unsigned cpu, size_t index, const struct mc_trial_result *result)
{
    json_t *object = json_object();
    json_object_set_new(object, "cpu", json_integer(cpu));
    json_object_set_new(object, "instruction", json_string(mc_trial_text(index)));
    json_object_set_new(object, "feature", json_string(mc_features[mc_trial_feature(index)].name));
    json_object_set_new(object, "outcome", json_string(mc_outcome_name(result->outcome)));
    if (result->why[0])
        json_object_set_new(object, "why", mc_json_text(result->why));
    if (result->signal) { /* what exactly happened; the offset is from the instruction's first byte */
        json_t *fault = json_object();
        json_object_set_new(fault, "signal", json_integer(result->signal));
        json_object_set_new(fault, "code", json_integer(result->code));
        json_object_set_new(fault, "address", mc_json_address(result->fault_address));
        json_object_set_new(fault, "offset", json_integer(result->fault_offset));
        json_object_set_new(object, "fault", fault);
    }
    return object;
}

static void write_trials(FILE *stream, const struct mc_probe *probe)
{
    bool first = true;
    fprintf(stream, ",\"trials\":[");
    for (size_t i = 0; i < probe->cpu_count; i++)
        for (size_t k = 0; k < probe->cpus[i]->trials.count; k++) {
            if (!first)
                fputc(',', stream);
            first = false;
            mc_json_write(stream, trial(probe->cpus[i]->cpu, k, &probe->cpus[i]->trials.results[k]));
        }
    fputc(']', stream);
}

static json_t *disagreements(const struct mc_probe *probe)
{
    json_t *array = json_array();
    for (size_t i = 0; i < probe->disagreement_count; i++) {
        const struct mc_disagreement *from = &probe->disagreements[i];
        json_t *object = json_object(), *between = json_array();
        json_array_append_new(between, mc_json_text(from->between[0]));
        json_array_append_new(between, mc_json_text(from->between[1]));
        json_object_set_new(object, "between", between);
        json_object_set_new(object, "feature", json_string(mc_features[from->feature].name));
        json_object_set_new(object, "text", mc_json_text(from->text));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *satisfied(const struct mc_probe *probe, const struct mc_feature_set *set)
{
    json_t *array = json_array();
    for (size_t i = 0; i < mc_baseline_count(); i++) {
        const struct mc_baseline *baseline = mc_baseline_at(i);
        if (mc_probe_concerns(probe, baseline) && mc_probe_satisfies(set, baseline))
            json_array_append_new(array, json_string(baseline->name));
    }
    return array;
}

static void write_leaves(FILE *stream, const struct mc_probe *probe)
{
    static const char *const names[4] = {"eax", "ebx", "ecx", "edx"};
    bool first = true;
    fprintf(stream, ",\"leaves\":[");
    for (size_t i = 0; i < probe->cpu_count; i++) {
        const struct mc_snapshot *snapshot = &probe->cpus[i]->snapshot;
        for (size_t k = 0; k < snapshot->count; k++) {
            json_t *object = json_object();
            json_object_set_new(object, "cpu", json_integer(probe->cpus[i]->cpu));
            json_object_set_new(object, "leaf", word(snapshot->leaves[k].leaf));
            json_object_set_new(object, "subleaf", json_integer(snapshot->leaves[k].subleaf));
            for (int reg = 0; reg < 4; reg++)
                json_object_set_new(object, names[reg], word(snapshot->leaves[k].regs[reg]));
            if (!first)
                fputc(',', stream);
            first = false;
            mc_json_write(stream, object);
        }
    }
    fputc(']', stream);
}

void mc_probe_report_json(FILE *stream, const struct mc_probe *probe, const struct mc_probe_report *options)
{
    bool first = true;
    fputc('{', stream);
    mc_json_member(stream, &first, "schema", json_string(SCHEMA));
    mc_json_member(stream, &first, "tool", mc_json_tool(options->version));
    mc_json_member(stream, &first, "source", json_string(probe->from_file ? "file" : "instruction"));
    mc_json_member(stream, &first, "machine", machine(probe));
    if (options->baseline) {
        mc_json_member(stream, &first, "baseline", mc_json_baseline(options->baseline, false));
        struct mc_feature_set outside = mc_probe_masked_outside(probe, options->baseline);
        mc_json_member(stream, &first, "above", mc_json_features(&probe->above));
        mc_json_member(stream, &first, "masked_outside", mc_json_features(&outside));
    }
    if (options->comparison) {
        const struct mc_comparison *comparison = options->comparison;
        mc_json_member(stream, &first, "missing", mc_json_lacks(comparison->missing, comparison->missing_count));
        mc_json_member(stream, &first, "not_compared",
                       mc_json_lacks(comparison->not_compared, comparison->not_compared_count));
    }
    write_cpus(stream, probe);
    write_trials(stream, probe);
    mc_json_member(stream, &first, "disagreements", disagreements(probe));
    json_t *baselines = json_object(), *summary = json_object();
    json_object_set_new(baselines, "reported", satisfied(probe, &probe->reported));
    json_object_set_new(baselines, "executable", satisfied(probe, &probe->executable));
    mc_json_member(stream, &first, "baselines", baselines);
    write_leaves(stream, probe);
    for (int verdict = 0; verdict < MC_PROBE_VERDICT_COUNT; verdict++)
        json_object_set_new(summary, mc_probe_verdict_name((enum mc_probe_verdict)verdict),
                            json_integer(probe->summary[verdict]));
    mc_json_member(stream, &first, "summary", summary);
    fputc('}', stream);
}
