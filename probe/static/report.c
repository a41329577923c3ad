/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/static/report.h"
#include "probe/static/tiny.h"

#include <string.h>

#define WIDTH 100
#define LABEL 16

enum mc_probe_verdict mc_static_worst(const struct mc_static_probe *probe, enum mc_feature feature)
{
    static const enum mc_probe_verdict order[] = {MC_PROBE_BROKEN,   MC_PROBE_WRONG,   MC_PROBE_OS_OFF,
                                                  MC_PROBE_MASKED,   MC_PROBE_ALIASED, MC_PROBE_UNTESTABLE,
                                                  MC_PROBE_UNTESTED, MC_PROBE_OK,      MC_PROBE_ABSENT};
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
        for (unsigned i = 0; i < probe->count; i++)
            if (probe->cpus[i]->features[feature].verdict == order[k])
                return order[k];
    return MC_PROBE_UNTESTED;
}

static unsigned count_verdict(const struct mc_static_probe *probe, enum mc_probe_verdict verdict)
{
    unsigned count = 0;
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++)
        count += mc_static_worst(probe, feature) == verdict;
    return count;
}

/* "  label         name name ...", user-mode features only; nothing when there is none. */
static void print_group(const struct mc_static_probe *probe, enum mc_probe_verdict verdict)
{
    int column = 0;
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++) {
        const char *name = mc_features[feature].name;
        if (mc_static_worst(probe, feature) != verdict || mc_features[feature].level == MC_LEVEL_KERNEL)
            continue;
        if (column == 0) {
            mc_print("  %-*s", LABEL - 2, mc_probe_verdict_name(verdict));
            column = LABEL;
        } else if (column + 1 + (int)strlen(name) > WIDTH) {
            mc_print("\n%*s", LABEL, "");
            column = LABEL;
        } else {
            mc_print(" ");
            column++;
        }
        mc_print("%s", name);
        column += (int)strlen(name);
    }
    if (column)
        mc_print("\n");
}

static void print_answer(const struct mc_static_probe *probe)
{
    unsigned bad = count_verdict(probe, MC_PROBE_BROKEN) + count_verdict(probe, MC_PROBE_WRONG);
    unsigned masked = count_verdict(probe, MC_PROBE_MASKED);
    if (bad)
        mc_print("broken: CPUID promises %u feature%s that this CPU does not execute rightly\n", bad,
                 bad == 1 ? "" : "s");
    else if (masked)
        mc_print("masked: %u feature%s run here although CPUID denies %s; programs that do not ask CPUID find %s\n",
                 masked, masked == 1 ? "" : "s", masked == 1 ? "it" : "them", masked == 1 ? "it" : "them");
    else
        mc_print("clean: this CPU executes what CPUID reports, and nothing that it denies\n");
    for (unsigned i = 1; i < probe->count; i++)
        if (!mc_set_equal(&probe->cpus[i]->comparable, &probe->cpus[0]->comparable)) {
            mc_print("the CPUs differ: programs may find other features after every reschedule\n");
            break;
        }
}

static void print_dependencies(const struct mc_static_probe *probe)
{
    struct mc_dependency broken[32];
    size_t count = mc_find_broken_dependencies(&probe->cpus[0]->reported, broken, sizeof broken / sizeof *broken);
    for (size_t i = 0; i < count && i < sizeof broken / sizeof *broken; i++)
        mc_print("  %-*sreported without %s, which it needs\n", LABEL - 2, mc_features[broken[i].feature].name,
                 mc_features[broken[i].needs].name);
}

/* Why: one line for each feature that needs attention. */
static void print_reasons(const struct mc_static_probe *probe)
{
    bool first = true;
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++) {
        enum mc_probe_verdict worst = mc_static_worst(probe, feature);
        if (worst != MC_PROBE_BROKEN && worst != MC_PROBE_WRONG && worst != MC_PROBE_OS_OFF)
            continue;
        for (unsigned i = 0; i < probe->count; i++)
            if (probe->cpus[i]->features[feature].verdict == worst) {
                mc_print("%s  %-*scpu %u: %s\n", first ? "\nWhy\n" : "", LABEL - 2, mc_features[feature].name,
                         probe->cpus[i]->number, probe->cpus[i]->features[feature].trial.why);
                break;
            }
        first = false;
    }
}

void mc_static_text(const struct mc_static_probe *probe)
{
    static const enum mc_probe_verdict order[] = {MC_PROBE_BROKEN,     MC_PROBE_WRONG,   MC_PROBE_OS_OFF,
                                                  MC_PROBE_MASKED,     MC_PROBE_ALIASED, MC_PROBE_OK,
                                                  MC_PROBE_UNTESTABLE, MC_PROBE_ABSENT};
    const struct mc_machine *machine = &probe->machine;
    print_answer(probe);
    mc_print("\n  %-*s%s%s(%s family %u model %u stepping %u), %u CPU%s\n", LABEL - 2, "machine", machine->brand,
             machine->brand[0] ? " " : "", machine->vendor, machine->family, machine->model, machine->stepping,
             probe->count, probe->count == 1 ? "" : "s");
    mc_print("  %-*s", LABEL - 2, "hypervisor");
    if (machine->hypervisor)
        mc_print("%s (\"%s\")\n", machine->hypervisor_name ? machine->hypervisor_name : "unknown",
                 machine->hypervisor_signature);
    else
        mc_print("none reported\n");
    print_dependencies(probe);
    mc_print("\n");
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        print_group(probe, order[i]);
    print_reasons(probe);
}

static const char *answer_json(enum mc_answer answer)
{
    return answer == MC_ANSWER_YES ? "true" : answer == MC_ANSWER_NO ? "false" : "null";
}

/* All texts of this program and of CPUID are printable ASCII; quotes and backslashes need escaping. */
static void print_string(const char *text)
{
    mc_print("\"");
    for (; *text; text++)
        mc_print(*text == '"' || *text == '\\' ? "\\%c" : "%c", *text >= ' ' && *text < 0x7F ? *text : '?');
    mc_print("\"");
}

static void print_string_or_null(const char *text)
{
    if (text && *text)
        print_string(text);
    else
        mc_print("null");
}

static void print_machine(const struct mc_machine *machine)
{
    mc_print("\"machine\":{\"vendor\":");
    print_string(machine->vendor);
    mc_print(",\"family\":%u,\"model\":%u,\"stepping\":%u,\"brand\":", machine->family, machine->model,
             machine->stepping);
    print_string(machine->brand);
    mc_print(",\"kernel\":null,\"hypervisor\":");
    if (machine->hypervisor) {
        mc_print("{\"signature\":");
        print_string(machine->hypervisor_signature);
        mc_print(",\"name\":");
        print_string_or_null(machine->hypervisor_name);
        mc_print("}");
    } else {
        mc_print("null");
    }
    mc_print(",\"masking\":[");
    for (int i = 0, listed = 0; i < MC_MASKING_COUNT; i++)
        if (machine->masking & mc_maskings[i].bit) {
            mc_print(listed++ ? "," : "");
            print_string(mc_maskings[i].name);
        }
    mc_print("]},\n");
}

static void print_features(const struct mc_static_cpu *cpu)
{
    mc_print("{\"cpu\":%u,\"features\":[\n", cpu->number);
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++) {
        const struct mc_static_feature *row = &cpu->features[feature];
        mc_print("%s{\"name\":\"%s\",\"reported\":%s,\"kernel\":null,\"usable\":%s,", feature ? ",\n" : "",
                 mc_features[feature].name, mc_set_has(&cpu->reported, feature) ? "true" : "false",
                 answer_json(row->usable));
        mc_print("\"trial\":{\"outcome\":\"%s\",\"ran\":%u,\"ok\":%u,\"why\":", mc_outcome_name(row->trial.outcome),
                 row->trial.ran, row->trial.ok);
        print_string_or_null(row->trial.why);
        mc_print("},\"verdict\":\"%s\"}", mc_probe_verdict_name(row->verdict));
    }
    mc_print("]}");
}

static void print_trials(const struct mc_static_cpu *cpu, bool *first)
{
    for (size_t i = 0; i < cpu->trials.count; i++) {
        const struct mc_trial_result *result = &cpu->trials.results[i];
        mc_print("%s{\"cpu\":%u,\"instruction\":", *first ? "" : ",\n", cpu->number);
        *first = false;
        print_string(mc_trial_text(i));
        mc_print(",\"feature\":\"%s\",\"outcome\":\"%s\"", mc_features[mc_trial_feature(i)].name,
                 mc_outcome_name(result->outcome));
        if (result->why[0]) {
            mc_print(",\"why\":");
            print_string(result->why);
        }
        if (result->signal)
            mc_print(",\"fault\":{\"signal\":%d,\"code\":%d,\"address\":\"0x%llx\",\"offset\":%lld}", result->signal,
                     result->code, (unsigned long long)result->fault_address, (long long)result->fault_offset);
        mc_print("}");
    }
}

static void print_leaves(const struct mc_static_cpu *cpu, bool *first)
{
    for (size_t i = 0; i < cpu->snapshot.count; i++) {
        const struct mc_leaf *leaf = &cpu->snapshot.leaves[i];
        mc_print("%s{\"cpu\":%u,\"leaf\":\"0x%08x\",\"subleaf\":%u,\"eax\":\"0x%08x\",\"ebx\":\"0x%08x\",\"ecx\":\"0x%"
                 "08x\",\"edx\":\"0x%08x\"}",
                 *first ? "" : ",\n", cpu->number, leaf->leaf, leaf->subleaf, leaf->regs[0], leaf->regs[1],
                 leaf->regs[2], leaf->regs[3]);
        *first = false;
    }
}

static void print_disagreements(const struct mc_static_probe *probe)
{
    struct mc_dependency broken[32];
    size_t count = mc_find_broken_dependencies(&probe->cpus[0]->reported, broken, sizeof broken / sizeof *broken);
    for (size_t i = 0; i < count && i < sizeof broken / sizeof *broken; i++) {
        const char *feature = mc_features[broken[i].feature].name, *needs = mc_features[broken[i].needs].name;
        mc_print("%s{\"between\":[\"%s\",\"%s\"],\"feature\":\"%s\",\"text\":\"reported without %s, which it needs\"}",
                 i ? ",\n" : "", feature, needs, feature, needs);
    }
}

void mc_static_json(const struct mc_static_probe *probe)
{
    bool first = true;
    mc_print("{\"schema\":\"maskcheck/probe/"
             "1\",\"tool\":{\"name\":\"maskcheck-probe\",\"version\":\"%s\"},\"source\":\"instruction\",\n",
             MC_VERSION);
    print_machine(&probe->machine);
    mc_print("\"cpus\":[");
    for (unsigned i = 0; i < probe->count; i++) {
        mc_print(i ? ",\n" : "");
        print_features(probe->cpus[i]);
    }
    mc_print("],\n\"trials\":[");
    for (unsigned i = 0; i < probe->count; i++)
        print_trials(probe->cpus[i], &first);
    mc_print("],\n\"disagreements\":[");
    print_disagreements(probe);
    mc_print("],\n\"leaves\":[");
    first = true;
    for (unsigned i = 0; i < probe->count; i++)
        print_leaves(probe->cpus[i], &first);
    mc_print("],\n\"summary\":{");
    for (int verdict = 0; verdict < MC_PROBE_VERDICT_COUNT; verdict++)
        mc_print("%s\"%s\":%u", verdict ? "," : "", mc_probe_verdict_name(verdict), count_verdict(probe, verdict));
    mc_print("}}\n");
}
