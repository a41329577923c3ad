/* SPDX-License-Identifier: Apache-2.0 */
/* The probe for people. Order: one sentence with the answer; what this machine is and claims; what is wrong, each with
 * its meaning; then every feature by group. Words are the design's verdicts; each that occurs is explained once at the
 * end. */
#include "isa/baseline.h"
#include "report/compare.h"
#include "report/probe.h"
#include "report/words.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH 100
#define LABEL_COLUMN 16

struct printer {
    FILE *stream;
    bool colour;
    const struct mc_probe *probe;
};

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_GOOD, STYLE_WARN, STYLE_BAD, STYLE_DIM };

static const char *begin(const struct printer *printer, enum style style)
{
    static const char *const codes[] = {"", "\033[1m", "\033[32m", "\033[33m", "\033[1;31m", "\033[2m"};
    return printer->colour ? codes[style] : "";
}

static const char *end(const struct printer *printer, enum style style)
{
    return printer->colour && style != STYLE_PLAIN ? "\033[0m" : "";
}

/* Prints words with single blanks between, from `column` on, broken at WIDTH and continued at `indent`. */
struct flow {
    FILE *stream;
    int column, indent;
    bool started;
};

static void flow_word(struct flow *flow, const char *text, size_t length)
{
    if (flow->started && flow->column + 1 + (int)length > WIDTH) {
        fprintf(flow->stream, "\n%*s", flow->indent, "");
        flow->column = flow->indent;
    } else if (flow->started) {
        fputc(' ', flow->stream);
        flow->column++;
    }
    fprintf(flow->stream, "%.*s", (int)length, text);
    flow->column += (int)length;
    flow->started = true;
}

static void flow_text(struct flow *flow, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, " ");
        if (length > 0)
            flow_word(flow, text, length);
        text += length + (text[length] == ' ');
    }
}

static void flow_features(struct flow *flow, const struct mc_feature_set *set)
{
    for (int feature = mc_set_next(set, 0); feature >= 0; feature = mc_set_next(set, feature + 1))
        flow_text(flow, mc_features[feature].name);
}

static struct flow start_line(const struct printer *printer, const char *label, enum style style)
{
    int padding = LABEL_COLUMN - 2 - (int)strlen(label);
    fprintf(printer->stream, "  %s%s%s%*s", begin(printer, style), label, end(printer, style),
            padding > 1 ? padding : 1, "");
    return (struct flow){printer->stream, LABEL_COLUMN, LABEL_COLUMN, false};
}

static void end_line(const struct printer *printer)
{
    fputc('\n', printer->stream);
}

static void print_line(const struct printer *printer, const char *label, enum style style, const char *text)
{
    struct flow flow = start_line(printer, label, style);
    flow_text(&flow, text);
    end_line(printer);
}

static unsigned count_set(const struct mc_feature_set *set)
{
    unsigned count = 0;
    for (int feature = mc_set_next(set, 0); feature >= 0; feature = mc_set_next(set, feature + 1))
        count++;
    return count;
}

static unsigned count_kind(const struct mc_probe *probe, enum mc_disagreement_kind kind)
{
    unsigned count = 0;
    for (size_t i = 0; i < probe->disagreement_count; i++)
        count += probe->disagreements[i].kind == kind;
    return count;
}

/* Do user-mode CPUID and one of the kernel's views differ in what programs use? */
static bool is_program_view(const struct mc_disagreement *entry)
{
    return entry->kind == MC_DISAGREE_VIEWS && mc_features[entry->feature].level == MC_LEVEL_USER;
}

static bool has_program_view(const struct mc_probe *probe)
{
    for (size_t i = 0; i < probe->disagreement_count; i++)
        if (is_program_view(&probe->disagreements[i]))
            return true;
    return false;
}

/* The first line: what an administrator must know if nothing else is read. */
static unsigned count_above(const struct mc_probe *probe, const struct mc_probe_report *options)
{
    return options->comparison ? (unsigned)options->comparison->missing_count : count_set(&probe->above);
}

const char *mc_probe_answer(const struct mc_probe *probe, const struct mc_probe_report *options, char ret[MC_PROBE_ANSWER])
{
    unsigned bad = probe->summary[MC_PROBE_BROKEN] + probe->summary[MC_PROBE_WRONG];
    unsigned masked = probe->summary[MC_PROBE_MASKED], above = count_above(probe, options);
    if (bad)
        snprintf(ret, MC_PROBE_ANSWER, "broken: CPUID promises %u feature%s that this CPU does not execute rightly", bad,
                 bad == 1 ? "" : "s");
    else if (above)
        snprintf(ret, MC_PROBE_ANSWER, "above the baseline: CPUID reports %u feature%s that %s does not have", above,
                 above == 1 ? "" : "s", options->baseline->name);
    else if (count_kind(probe, MC_DISAGREE_CPUS))
        snprintf(ret, MC_PROBE_ANSWER, "the CPUs differ: programs may find other features after every reschedule");
    else if (count_kind(probe, MC_DISAGREE_DEPENDENCY))
        snprintf(ret, MC_PROBE_ANSWER, "CPUID contradicts itself: it reports features without others that they depend on");
    else if (masked)
        snprintf(ret, MC_PROBE_ANSWER,
                 "masked: %u feature%s run%s here although CPUID denies %s; programs that do not ask CPUID find %s",
                 masked, masked == 1 ? "" : "s", masked == 1 ? "s" : "", masked == 1 ? "it" : "them",
                 masked == 1 ? "it" : "them");
    else if (probe->tried)
        snprintf(ret, MC_PROBE_ANSWER, "clean: this CPU executes what CPUID reports, and nothing that it denies");
    else
        snprintf(ret, MC_PROBE_ANSWER, "consistent: CPUID does not contradict itself (nothing was tried)");
    return mc_probe_unsafe(probe) || above ? "bad" : masked ? "warn" : "good";
}

static void print_answer(const struct printer *printer, const struct mc_probe_report *options)
{
    const struct mc_probe *probe = printer->probe;
    unsigned bad = probe->summary[MC_PROBE_BROKEN] + probe->summary[MC_PROBE_WRONG];
    unsigned above = count_above(probe, options);
    char text[MC_PROBE_ANSWER];
    const char *shade = mc_probe_answer(probe, options, text);
    enum style style = *shade == 'b' ? STYLE_BAD : *shade == 'w' ? STYLE_WARN : STYLE_GOOD;
    fprintf(printer->stream, "%s%s%s\n", begin(printer, style), text, end(printer, style));
    if (bad && above)
        fprintf(printer->stream, "%sabove the baseline: %u feature%s that %s does not have%s\n",
                begin(printer, STYLE_BAD), above, above == 1 ? "" : "s", options->baseline->name,
                end(printer, STYLE_BAD));
    if (has_program_view(probe))
        fprintf(printer->stream, "%sthe views disagree: the kernel and programs see different features (below)%s\n",
                begin(printer, STYLE_WARN), end(printer, STYLE_WARN));
    end_line(printer);
}

static void print_machine(const struct printer *printer)
{
    const struct mc_probe *probe = printer->probe;
    const struct mc_machine *machine = &probe->machine;
    char text[256];
    snprintf(text, sizeof text, "%s%s(%s family %u model %u stepping %u), %zu CPU%s%s", machine->brand,
             machine->brand[0] ? " " : "", machine->vendor, machine->family, machine->model, machine->stepping,
             probe->cpu_count, probe->cpu_count == 1 ? "" : "s",
             probe->cpu_count == 1                      ? ""
             : count_kind(probe, MC_DISAGREE_CPUS) == 0 ? ", all alike"
                                                        : ", which differ");
    if (probe->from_file)
        print_line(printer, "source", STYLE_BOLD,
                   probe->tried ? "a recorded dump, held against the CPU of this machine" : "a recorded dump");
    print_line(printer, "machine", STYLE_BOLD, text);
    if (!machine->hypervisor)
        snprintf(text, sizeof text, "none reported");
    else
        snprintf(text, sizeof text, "%s (\"%s\")%s%s%s%s",
                 machine->hypervisor_name ? machine->hypervisor_name : "unknown", machine->hypervisor_signature,
                 machine->hypervisor_interface ? ", with the interface of " : "",
                 machine->hypervisor_interface ? machine->hypervisor_interface : "",
                 machine->hypervisor_hidden ? ", though CPUID does not say that this is a virtual machine" : "", "");
    print_line(printer, "hypervisor", STYLE_BOLD, text);
    struct flow flow = start_line(printer, "masking", STYLE_BOLD);
    for (int i = 0; i < MC_MASKING_COUNT; i++)
        if (machine->masking & mc_maskings[i].bit) {
            if (flow.started)
                flow_text(&flow, "and");
            flow_text(&flow, mc_maskings[i].text);
            flow_text(&flow, machine->masking_active & mc_maskings[i].bit ? "(in effect now)"
                             : machine->masking_from_msr                  ? "(supported)"
                                                                          : "(by CPU model)");
        }
    if (!machine->masking)
        flow_text(&flow, "this CPU model has none of its own; only a hypervisor can mask CPUID");
    end_line(printer);
}

/* Which views there were, so that "nothing disagrees" can be weighed. */
static void print_views(const struct printer *printer)
{
    const struct mc_probe *probe = printer->probe;
    const struct mc_probe_cpu *first = probe->cpus[0];
    char text[300], xcr0[40] = "";
    unsigned differing = count_kind(probe, MC_DISAGREE_VIEWS);
    if (first->os.xcr0_known == MC_ANSWER_YES)
        snprintf(xcr0, sizeof xcr0, ", XCR0 %#llx", (unsigned long long)first->os.xcr0);
    snprintf(text, sizeof text, "%s%s%s%s%s: %s", probe->from_file ? "the dump" : "CPUID instruction",
             probe->kernel_view.count > 0 ? ", /proc/cpuinfo" : "", first->device_known ? ", /dev/cpu/N/cpuid" : "",
             probe->kernel_view.hwcap_known ? ", AT_HWCAP" : "", xcr0,
             has_program_view(probe) ? "they disagree, see below"
             : differing             ? "they agree on what programs use"
                                     : "nothing disagrees");
    print_line(printer, "views", STYLE_BOLD, text);
}

/* "x86-64-v3, intel-haswell": the highest of each family that counts here. */
static void print_baselines(const struct printer *printer, const char *label, const struct mc_feature_set *set)
{
    const struct mc_baseline *highest[MC_FAMILY_MODEL + 1] = {0};
    for (size_t i = 0; i < mc_baseline_count(); i++) {
        const struct mc_baseline *baseline = mc_baseline_at(i);
        if (mc_probe_concerns(printer->probe, baseline) && mc_probe_satisfies(set, baseline))
            highest[baseline->family] = baseline;
    }
    struct flow flow = start_line(printer, label, STYLE_BOLD);
    for (int family = 0; family <= MC_FAMILY_MODEL; family++)
        if (highest[family])
            flow_text(&flow, highest[family]->name);
    if (!flow.started)
        flow_text(&flow, "less than any baseline");
    end_line(printer);
}

static void print_set(const struct printer *printer, const char *label, enum style style,
                      const struct mc_feature_set *set)
{
    if (mc_set_empty(set))
        return;
    struct flow flow = start_line(printer, label, style);
    flow_features(&flow, set);
    end_line(printer);
}

/* What lies above the baseline, and how much of CPUID the baseline says nothing of. */
static void print_comparison(const struct printer *printer, const struct mc_comparison *comparison)
{
    char text[200], *names = NULL;
    size_t size = 0;
    if (comparison->missing_count) {
        FILE *stream = mc_open_text(&names, &size);
        mc_print_lack_names(stream, comparison->missing, comparison->missing_count);
        mc_close_text(stream);
        print_line(printer, "above", STYLE_BAD, names);
        free(names);
    } else {
        snprintf(text, sizeof text, "CPUID stays within %s", comparison->to->name);
        print_line(printer, "baseline", STYLE_BOLD, text);
    }
    if (comparison->not_compared_count) {
        snprintf(text, sizeof text, "%zu feature%s reported here, of which %s says nothing",
                 comparison->not_compared_count, comparison->not_compared_count == 1 ? "" : "s", comparison->to->name);
        print_line(printer, "not compared", STYLE_PLAIN, text);
    }
}

static void print_findings(const struct printer *printer, const struct mc_probe_report *options)
{
    static const struct {
        enum mc_probe_verdict verdict;
        enum style style;
        bool always;
    } rows[] = {
        {MC_PROBE_BROKEN, STYLE_BAD, true},     {MC_PROBE_WRONG, STYLE_BAD, false},
        {MC_PROBE_OS_OFF, STYLE_WARN, false},   {MC_PROBE_MASKED, STYLE_WARN, true},
        {MC_PROBE_ALIASED, STYLE_PLAIN, false},
    };
    const struct mc_probe *probe = printer->probe;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && probe->tried; i++) {
        struct mc_feature_set set = mc_probe_having(probe, rows[i].verdict);
        const char *name = mc_probe_verdict_name(rows[i].verdict);
        if (mc_set_empty(&set) && rows[i].always)
            print_line(printer, name, STYLE_BOLD, "none");
        print_set(printer, name, rows[i].style, &set);
    }
    if (!probe->tried)
        print_line(printer, "trials", STYLE_WARN,
                   probe->trial_error.kind != MC_ERROR_NONE ? probe->trial_error.text
                   : probe->from_file ? "none (--try holds the dump against the CPU of this machine)"
                                      : "none");
    if (options->comparison)
        print_comparison(printer, options->comparison);
    if (options->baseline && probe->tried) {
        /* What a program that does not ask will find here, and not there. */
        struct mc_feature_set outside = mc_probe_masked_outside(probe, options->baseline);
        print_set(printer, "masked, outside", STYLE_WARN, &outside);
    }
    if (probe->kernel_note)
        print_line(printer, "kernel", STYLE_PLAIN, probe->kernel_note);
    if (probe->skipped_note)
        print_line(printer, "skipped", STYLE_WARN, probe->skipped_note);
}

/* All features with the same contradiction together: "kernel     text: feature feature ..." */
static void print_view_group(const struct printer *printer, size_t from)
{
    const struct mc_probe *probe = printer->probe;
    const struct mc_disagreement *first = &probe->disagreements[from];
    for (size_t i = 0; i < from; i++)
        if (is_program_view(&probe->disagreements[i]) && strcmp(probe->disagreements[i].text, first->text) == 0)
            return; /* printed with that one */
    struct flow flow = start_line(printer, first->between[1], STYLE_WARN);
    for (size_t i = from; i < probe->disagreement_count; i++)
        if (is_program_view(&probe->disagreements[i]) && strcmp(probe->disagreements[i].text, first->text) == 0)
            flow_text(&flow, mc_features[probe->disagreements[i].feature].name);
    fprintf(printer->stream, "\n%*s", LABEL_COLUMN, "");
    flow.column = LABEL_COLUMN;
    flow.started = false;
    flow_text(&flow, first->text);
    end_line(printer);
}

static void print_disagreements(const struct printer *printer)
{
    const struct mc_probe *probe = printer->probe;
    struct mc_feature_set kernel_only = {0};
    if (probe->disagreement_count == 0)
        return;
    fprintf(printer->stream, "\n%sViews that disagree%s\n", begin(printer, STYLE_BOLD), end(printer, STYLE_BOLD));
    for (size_t i = 0; i < probe->disagreement_count; i++) {
        const struct mc_disagreement *entry = &probe->disagreements[i];
        if (is_program_view(entry))
            print_view_group(printer, i);
        else if (entry->kind == MC_DISAGREE_VIEWS)
            mc_set_add(&kernel_only, entry->feature);
        else
            print_line(printer, mc_features[entry->feature].name, STYLE_BAD, entry->text);
    }
    if (mc_set_empty(&kernel_only))
        return;
    struct flow flow = start_line(printer, "kernel-only", STYLE_PLAIN);
    flow_features(&flow, &kernel_only);
    flow_text(&flow, "(CPUID and the kernel's list differ; programs do not use these)");
    end_line(printer);
}

/* Groups of features, first match: by OS state, else by names; the last takes what is left. */
static const struct group {
    const char *title;
    int os;            /* enum mc_os_state, -1: any */
    const char *names; /* separated and surrounded by blanks; NULL: all */
} groups[] = {
    {"MMX, SSE", -1, " mmx mmxext sse sse2 sse3 ssse3 sse4.1 sse4.2 sse4a misalignsse 3dnow 3dnowa "},
    {"AES, hashes", -1, " aes pclmul sha gfni vaes vpclmulqdq sha512 sm3 sm4 kl aeskle widekl "},
    {"AVX-512", MC_OS_AVX512, NULL},
    {"AMX", MC_OS_AMX, NULL},
    {"AVX", MC_OS_AVX, NULL},
    {"integer", -1,
     " cmov cx8 cx16 popcnt lzcnt bmi bmi2 tbm movbe adx lahf-lm lahf_lm rdrnd rdseed cmpccxadd raoint apxf "},
    {"transactions", -1, " rtm hle tsxldtrk rtm-always-abort "},
    {"VIA, Zhaoxin", -1,
     " gmi-sm2 gmi-sm2-en xstore xstore-en gmi-ccs gmi-ccs-en xcrypt xcrypt-en ace2 ace2-en phe phe-en pmm pmm-en "},
    {"other", -1, NULL},
};
#define GROUP_COUNT (sizeof groups / sizeof *groups)
#define GROUP_KERNEL GROUP_COUNT

static size_t find_group(int feature)
{
    char name[64];
    snprintf(name, sizeof name, " %s ", mc_features[feature].name);
    if (mc_features[feature].level == MC_LEVEL_KERNEL)
        return GROUP_KERNEL;
    for (size_t i = 0; i < GROUP_COUNT; i++)
        if ((groups[i].os < 0 || groups[i].os == (int)mc_features[feature].os) &&
            (!groups[i].names || strstr(groups[i].names, name)))
            return i;
    return GROUP_COUNT - 1;
}

/* Rows within a group. Untested and untestable features still are reported or not. */
enum row {
    ROW_OK,
    ROW_BROKEN,
    ROW_WRONG,
    ROW_OS_OFF,
    ROW_MASKED,
    ROW_ALIASED,
    ROW_REPORTED,
    ROW_ABSENT,
    ROW_UNREPORTED,
    ROW_COUNT
};
static const struct {
    const char *name, *legend;
    enum style style;
} rows[ROW_COUNT] = {
    [ROW_OK] = {"ok", "reported by CPUID, runs with the right result", STYLE_GOOD},
    [ROW_BROKEN] = {"broken", "reported, but the CPU refuses it (#UD): programs that ask CPUID first die", STYLE_BAD},
    [ROW_WRONG] = {"wrong", "reported, but the result is wrong", STYLE_BAD},
    [ROW_OS_OFF] = {"os-off", "reported, but the operating system has not switched its state on", STYLE_WARN},
    [ROW_MASKED] = {"masked",
                    "not reported, yet it runs: programs that do not ask CPUID use it and die on an older host",
                    STYLE_WARN},
    [ROW_ALIASED] = {"aliased", "not reported; the bytes run as an older instruction: wrong results, no fault",
                     STYLE_WARN},
    [ROW_REPORTED] = {"reported", "reported; not tried or cannot be tried", STYLE_PLAIN},
    [ROW_ABSENT] = {"absent", "not reported, and the CPU refuses it", STYLE_DIM},
    [ROW_UNREPORTED] = {"unreported", "not reported; not tried or cannot be tried", STYLE_DIM},
};

static enum row find_row(const struct mc_probe *probe, int feature)
{
    static const enum row by_verdict[MC_PROBE_VERDICT_COUNT] = {
        [MC_PROBE_OK] = ROW_OK,           [MC_PROBE_ABSENT] = ROW_ABSENT, [MC_PROBE_MASKED] = ROW_MASKED,
        [MC_PROBE_ALIASED] = ROW_ALIASED, [MC_PROBE_BROKEN] = ROW_BROKEN, [MC_PROBE_WRONG] = ROW_WRONG,
        [MC_PROBE_OS_OFF] = ROW_OS_OFF,
    };
    enum mc_probe_verdict verdict = mc_probe_worst(probe, (enum mc_feature)feature);
    if (verdict == MC_PROBE_UNTESTABLE || verdict == MC_PROBE_UNTESTED)
        return probe->cpus[0]->features[feature].reported ? ROW_REPORTED : ROW_UNREPORTED;
    return by_verdict[verdict];
}

static void print_features(const struct printer *printer)
{
    struct mc_feature_set sets[GROUP_COUNT + 1][ROW_COUNT] = {0};
    bool used[ROW_COUNT] = {false};
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++)
        mc_set_add(&sets[find_group(feature)][find_row(printer->probe, feature)], (enum mc_feature)feature);
    fprintf(printer->stream, "\n%sFeatures%s\n", begin(printer, STYLE_BOLD), end(printer, STYLE_BOLD));
    for (size_t group = 0; group <= GROUP_COUNT; group++) {
        const char *title = group == GROUP_KERNEL ? "kernel-only" : groups[group].title;
        for (int row = 0; row < ROW_COUNT; row++) {
            if (mc_set_empty(&sets[group][row]) || (group == GROUP_KERNEL && row == ROW_UNREPORTED))
                continue;
            used[row] = true;
            fprintf(printer->stream, "  %-14s%s%-12s%s", title, begin(printer, rows[row].style), rows[row].name,
                    end(printer, rows[row].style));
            struct flow flow = {printer->stream, 28, 28, false};
            flow_features(&flow, &sets[group][row]);
            end_line(printer);
            title = "";
        }
    }
    end_line(printer);
    for (int row = 0; row < ROW_COUNT; row++)
        if (used[row])
            print_line(printer, rows[row].name, rows[row].style, rows[row].legend);
}

void mc_probe_report_text(FILE *stream, const struct mc_probe *probe, const struct mc_probe_report *options)
{
    struct printer printer = {stream, options->colour, probe};
    print_answer(&printer, options);
    print_machine(&printer);
    print_baselines(&printer, "CPUID reports", &probe->reported);
    if (probe->tried)
        print_baselines(&printer, "CPU executes", &probe->executable);
    print_views(&printer);
    print_findings(&printer, options);
    print_disagreements(&printer);
    print_features(&printer);
}
