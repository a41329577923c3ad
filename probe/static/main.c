/* SPDX-License-Identifier: Apache-2.0 */
/* maskcheck-probe: the probe as one file to be copied into any guest. The CPUID instruction and the trials on every CPU
 * this process may run on; nothing else is read. Exit status as `maskcheck probe`: 1 unsafe, 2 usage, 3 trials could
 * not run. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "probe/static/report.h"
#include "probe/static/tiny.h"

#include <sched.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#define HWCAP2_FSGSBASE 2u /* Linux arch/x86/include/uapi/asm/hwcap2.h */

static const char help[] =
    "Usage: maskcheck-probe [probe] [--format text|json]\n"
    "What this machine's CPUID reports against what its CPUs execute.\n"
    "\n"
    "  --format FORMAT   text (default) or json (schema maskcheck/probe/1)\n"
    "  --json            the same as --format json\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 nothing unsafe, 1 broken or wrong features, contradictions or CPUs that differ, 2 usage,\n"
    "3 the trials could not be run.\n";

static void complain(const char *text)
{
    ssize_t ignored = write(2, text, strlen(text));
    (void)ignored;
}

static struct mc_static_cpu *probe_cpu(unsigned number, struct mc_error *ret_error)
{
    struct mc_static_cpu *cpu = mmap(NULL, sizeof *cpu, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (cpu == MAP_FAILED)
        return NULL;
    struct mc_cpuid_source source = mc_cpuid_instruction();
    cpu->number = number;
    mc_snapshot_read(&source, &cpu->snapshot);
    cpu->reported = mc_snapshot_features(&cpu->snapshot);
    cpu->comparable = mc_snapshot_comparable(&cpu->snapshot);
    if (!mc_trials_run(&(struct mc_trials_options){0}, &cpu->trials, ret_error))
        return NULL;
    /* XCR0 as XGETBV gave it in a child, whatever CPUID says of OSXSAVE */
    struct mc_os_view os = {.xcr0_known = cpu->trials.xcr0_known ? MC_ANSWER_YES : MC_ANSWER_NO,
                            .xcr0 = cpu->trials.xcr0,
                            .fsgsbase = getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE ? MC_ANSWER_YES : MC_ANSWER_NO};
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++) {
        struct mc_static_feature *row = &cpu->features[feature];
        row->usable = mc_feature_usable(feature, &cpu->reported, &os);
        row->trial = mc_probe_weigh(&cpu->trials, feature, &cpu->reported);
        row->verdict = mc_probe_decide(mc_set_has(&cpu->reported, feature), row->usable, &row->trial);
    }
    return cpu;
}

static bool probe_all(struct mc_static_probe *probe, struct mc_error *ret_error)
{
    cpu_set_t allowed, one;
    memset(&allowed, 0, sizeof allowed);
    bool pinned = sched_getaffinity(0, sizeof allowed, &allowed) >= 0;
    for (unsigned number = 0; number < MC_STATIC_CPUS && number < CPU_SETSIZE; number++) {
        if (pinned && !CPU_ISSET(number, &allowed))
            continue;
        memset(&one, 0, sizeof one);
        CPU_SET(number, &one);
        if (pinned && sched_setaffinity(0, sizeof one, &one) < 0)
            continue;
        struct mc_static_cpu *cpu = probe_cpu(number, ret_error);
        if (!cpu)
            return false;
        probe->cpus[probe->count++] = cpu;
        if (!pinned)
            break;
    }
    return probe->count > 0;
}

/* broken, wrong, a broken dependency, or CPUs that differ */
static bool is_unsafe(const struct mc_static_probe *probe)
{
    struct mc_dependency broken;
    for (unsigned i = 0; i < probe->count; i++) {
        if (!mc_set_equal(&probe->cpus[i]->comparable, &probe->cpus[0]->comparable))
            return true;
        if (mc_find_broken_dependencies(&probe->cpus[i]->reported, &broken, 1) > 0)
            return true;
        for (int feature = 0; feature < MC_FEATURE_COUNT; feature++)
            if (probe->cpus[i]->features[feature].verdict == MC_PROBE_BROKEN ||
                probe->cpus[i]->features[feature].verdict == MC_PROBE_WRONG)
                return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    static struct mc_static_probe probe;
    struct mc_error error = {0};
    bool json = false;
    int start = argc > 1 && strcmp(argv[1], "probe") == 0 ? 2 : 1; /* as `maskcheck probe` is called */
    for (int i = start; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            mc_print("%s", help);
            return mc_flush() ? 0 : 2;
        } else if (strcmp(argv[i], "--version") == 0) {
            mc_print("maskcheck-probe %s\n", MC_VERSION);
            return mc_flush() ? 0 : 2;
        } else if (strcmp(argv[i], "--json") == 0 || strcmp(argv[i], "--format=json") == 0) {
            json = true;
        } else if (strcmp(argv[i], "--format") == 0 && i + 1 < argc &&
                   (strcmp(argv[i + 1], "json") == 0 || strcmp(argv[i + 1], "text") == 0)) {
            json = strcmp(argv[++i], "json") == 0;
        } else if (strcmp(argv[i], "--format=text") != 0) {
            complain("maskcheck-probe: unknown option; --help lists them\n");
            return 2;
        }
    }
    if (!probe_all(&probe, &error)) {
        complain("maskcheck-probe: ");
        complain(error.text[0] ? error.text : "no memory, or no CPU to run on");
        complain("\n");
        return 3;
    }
    mc_machine_identify(&probe.cpus[0]->snapshot, &probe.machine);
    if (json)
        mc_static_json(&probe);
    else
        mc_static_text(&probe);
    if (!mc_flush())
        return 3;
    bool disturbed = false;
    for (unsigned i = 0; i < probe.count; i++)
        disturbed = disturbed || mc_trials_disturbed(&probe.cpus[i]->trials);
    return is_unsafe(&probe) ? 1 : disturbed ? 3 : 0;
}
