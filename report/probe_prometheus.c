/* SPDX-License-Identifier: Apache-2.0 */
/* The probe for node_exporter's textfile collector. */
#include "report/markup.h"
#include "report/probe.h"
#include "report/words.h"

static void head(FILE *stream, const char *name, const char *help)
{
    fprintf(stream, "# HELP maskcheck_probe_%s %s\n# TYPE maskcheck_probe_%s gauge\n", name, help, name);
}

/* What there is to say of one feature on one CPU: not of those that are as they should be. */
static bool is_odd(enum mc_probe_verdict verdict)
{
    return verdict != MC_PROBE_OK && verdict != MC_PROBE_ABSENT && verdict != MC_PROBE_UNTESTED &&
           verdict != MC_PROBE_UNTESTABLE;
}

void mc_probe_report_prometheus(FILE *stream, const struct mc_probe *probe, const struct mc_probe_report *options)
{
    char catalogue[17];
    head(stream, "features", "CPU features by their worst verdict on any CPU.");
    for (int i = 0; i < MC_PROBE_VERDICT_COUNT; i++)
        fprintf(stream, "maskcheck_probe_features{verdict=\"%s\"} %u\n", mc_probe_verdict_name((enum mc_probe_verdict)i),
                probe->summary[i]);
    head(stream, "verdict", "Features of a CPU that are neither reported and right nor absent; always 1.");
    for (size_t i = 0; i < probe->cpu_count; i++)
        for (int k = 0; k < MC_FEATURE_COUNT; k++)
            if (is_odd(probe->cpus[i]->features[k].verdict))
                fprintf(stream, "maskcheck_probe_verdict{cpu=\"%u\",feature=\"%s\",verdict=\"%s\"} 1\n", probe->cpus[i]->cpu,
                        mc_features[k].name, mc_probe_verdict_name(probe->cpus[i]->features[k].verdict));
    head(stream, "disagreements", "Places where views of the CPU, or the CPUs, contradict one another.");
    fprintf(stream, "maskcheck_probe_disagreements %zu\n", probe->disagreement_count);
    head(stream, "unsafe", "1: broken, wrong, a broken implication, CPUs that differ, or CPUID above the baseline.");
    fprintf(stream, "maskcheck_probe_unsafe %d\n",
            mc_probe_unsafe(probe) || (options->comparison && options->comparison->missing_count));
    head(stream, "info", "What was probed, and with what; always 1.");
    mc_catalogue_fingerprint(catalogue);
    fputs("maskcheck_probe_info{version=", stream);
    mc_print_label(stream, options->version);
    fprintf(stream, ",catalogue=\"%s\",vendor=", catalogue);
    mc_print_label(stream, probe->machine.vendor);
    fputs(",brand=", stream);
    mc_print_label(stream, probe->machine.brand);
    fputs(",hypervisor=", stream);
    mc_print_label(stream, probe->machine.hypervisor_name);
    fputs(",baseline=", stream);
    mc_print_label(stream, options->baseline ? options->baseline->name : NULL);
    fputs("} 1\n", stream);
}
