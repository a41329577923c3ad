/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE 1
#include "probe/probe.h"

#include "base/vector.h"
#include "probe/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define CPU_LIMIT 4096

static struct mc_probe_cpu *add_cpu(struct mc_probe *probe, unsigned number)
{
    probe->cpus = mc_realloc(probe->cpus, probe->cpu_count + 1, sizeof(struct mc_probe_cpu *));
    struct mc_probe_cpu *cpu = mc_realloc(NULL, 1, sizeof *cpu);
    memset(cpu, 0, sizeof *cpu);
    cpu->cpu = number;
    cpu->os.xcr0_known = cpu->os.fsgsbase = MC_ANSWER_UNKNOWN;
    probe->cpus[probe->cpu_count++] = cpu;
    return cpu;
}

/* The recorded CPU to hold against CPU `number` of this machine: its namesake, else the first. */
static const struct mc_snapshot *choose_recorded(const struct mc_dump *dump, unsigned number)
{
    for (size_t i = 0; i < dump->count; i++)
        if (dump->cpus[i].cpu == number)
            return &dump->cpus[i].snapshot;
    return &dump->cpus[0].snapshot;
}

static void run_trials(const struct mc_probe_options *options, struct mc_probe *probe, struct mc_probe_cpu *cpu)
{
    struct mc_error error = {0};
    if (options->skip_trials || (options->cpuid_file && !options->try_dump))
        return;
    const struct mc_trials_options all = {0};
    if (mc_trials_run(&all, &cpu->trials, &error))
        probe->tried = true;
    else if (probe->trial_error.kind == MC_ERROR_NONE)
        probe->trial_error = error;
}

/* On the CPU the thread is pinned to. */
static void probe_here(const struct mc_probe_options *options, const struct mc_dump *dump, struct mc_probe *probe,
                       unsigned number)
{
    struct mc_cpuid_source source = options->source ? *options->source : mc_cpuid_instruction();
    struct mc_snapshot snapshot;
    if (dump)
        snapshot = *choose_recorded(dump, number);
    else if (!mc_snapshot_read(&source, &snapshot))
        return;
    struct mc_probe_cpu *cpu = add_cpu(probe, number);
    cpu->snapshot = snapshot;
    uint32_t regs[4];
    struct mc_cpuid_source hardware = mc_cpuid_instruction();
    hardware.leaf(hardware.ctx, 1, 0, regs); /* the real OSXSAVE: a mask in a dump does not switch XGETBV off */
    cpu->os.xcr0_known = regs[MC_ECX] >> 27 & 1 ? MC_ANSWER_YES : MC_ANSWER_NO;
    if (cpu->os.xcr0_known == MC_ANSWER_YES)
        cpu->os.xcr0 = mc_read_xcr0();
    run_trials(options, probe, cpu);
}

static bool probe_live(const struct mc_probe_options *options, const struct mc_dump *dump, struct mc_probe *probe,
                       struct mc_error *ret_error)
{
    size_t size = CPU_ALLOC_SIZE(CPU_LIMIT);
    cpu_set_t *allowed = CPU_ALLOC(CPU_LIMIT), *one = CPU_ALLOC(CPU_LIMIT);
    bool good = allowed && one && sched_getaffinity(0, size, allowed) == 0;
    unsigned refused = 0;
    if (!good)
        mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET, "cannot ask which CPUs may be used: %s", strerror(errno));
    for (unsigned cpu = 0; cpu < CPU_LIMIT && good; cpu++) {
        if (!CPU_ISSET_S(cpu, size, allowed))
            continue;
        CPU_ZERO_S(size, one);
        CPU_SET_S(cpu, size, one);
        if (sched_setaffinity(0, size, one) == 0)
            probe_here(options, dump, probe, cpu);
        else
            refused++;
    }
    if (good)
        sched_setaffinity(0, size, allowed);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    if (good && (refused > 0 || online > (long)probe->cpu_count))
        probe->skipped_note = mc_arena_printf(&probe->arena, "%ld of %ld CPUs could not be used by this process",
                                              online - (long)probe->cpu_count, online);
    CPU_FREE(allowed);
    CPU_FREE(one);
    if (good && probe->cpu_count == 0)
        good = mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET, "no CPU could be asked: CPUID gives no answer");
    return good;
}

static void read_device_views(const struct mc_probe_options *options, struct mc_probe *probe)
{
    const char *directory = options->dev_dir ? options->dev_dir : "/dev";
    for (size_t i = 0; i < probe->cpu_count; i++) {
        struct mc_probe_cpu *cpu = probe->cpus[i];
        const char *path = mc_arena_printf(&probe->arena, "%s/cpu/%u/cpuid", directory, cpu->cpu);
        struct mc_cpuid_device device;
        struct mc_dump dump;
        struct mc_error error;
        if (mc_cpuid_device_open(path, &device, &error)) {
            struct mc_cpuid_source source = mc_cpuid_device_source(&device);
            struct mc_snapshot snapshot;
            cpu->device_known = mc_snapshot_read(&source, &snapshot);
            if (cpu->device_known)
                cpu->device = mc_snapshot_features(&snapshot);
            else
                mc_fail(&error, MC_ERROR_IO, MC_NO_OFFSET, "cannot read");
            mc_cpuid_device_close(&device);
        } else if (options->dev_dir && mc_dump_read(path, &dump, &error)) {
            cpu->device = mc_snapshot_features(&dump.cpus[0].snapshot);
            cpu->device_known = true;
            mc_dump_free(&dump);
        }
        if (!cpu->device_known && !probe->device_note)
            probe->device_note = mc_arena_printf(&probe->arena, "%s: %s", path, error.text);
    }
}

static void read_kernel_views(const struct mc_probe_options *options, struct mc_probe *probe)
{
    const char *directory = options->proc_dir ? options->proc_dir : "/proc";
    struct mc_error error;
    if (!options->cpuid_file || options->proc_dir) {
        bool live = !options->proc_dir && !options->source;
        if (!mc_kernel_view_read(directory, live, &probe->kernel_view, &error))
            probe->kernel_note = mc_arena_printf(&probe->arena, "%s/cpuinfo: %s", directory, error.text);
    }
    if ((!options->cpuid_file && !options->source) || options->dev_dir)
        read_device_views(options, probe);
    for (size_t i = 0; i < probe->cpu_count && probe->kernel_view.hwcap_known; i++)
        probe->cpus[i]->os.fsgsbase = probe->kernel_view.hwcap2 >> 1 & 1 ? MC_ANSWER_YES : MC_ANSWER_NO;
    struct utsname name;
    if (!probe->from_file && uname(&name) == 0)
        snprintf(probe->kernel, sizeof probe->kernel, "%s", name.release);
}

static bool read_msr(void *ctx, uint32_t msr, uint64_t *ret)
{
    return pread(*(const int *)ctx, ret, sizeof *ret, (off_t)msr) == (ssize_t)sizeof *ret;
}

/* Only on bare metal: in a guest the MSRs are the hypervisor's invention, too. */
static void identify_machine(const struct mc_probe_options *options, struct mc_probe *probe)
{
    mc_machine_identify(&probe->cpus[0]->snapshot, &probe->machine);
    if (probe->from_file || options->source || probe->machine.hypervisor || geteuid() != 0)
        return;
    const char *directory = options->dev_dir ? options->dev_dir : "/dev";
    const char *path = mc_arena_printf(&probe->arena, "%s/cpu/%u/msr", directory, probe->cpus[0]->cpu);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return;
    struct mc_msr_source source = {.read = read_msr, .ctx = &fd};
    mc_machine_read_msrs(&probe->cpus[0]->snapshot, &source, &probe->machine);
    close(fd);
}

static void decide_cpu(const struct mc_probe *probe, struct mc_probe_cpu *cpu)
{
    const struct mc_kernel_cpu *kernel = mc_kernel_view_cpu(&probe->kernel_view, cpu->cpu);
    cpu->reported = mc_snapshot_features(&cpu->snapshot);
    for (int i = 0; i < MC_FEATURE_COUNT; i++) {
        enum mc_feature feature = (enum mc_feature)i;
        struct mc_probe_feature *row = &cpu->features[i];
        row->reported = mc_set_has(&cpu->reported, feature);
        row->usable = mc_feature_usable(feature, &cpu->reported, &cpu->os);
        row->kernel = MC_ANSWER_UNKNOWN;
        if (kernel && kernel->known && mc_features[i].kernel_flag[0])
            row->kernel = mc_set_has(&kernel->flags, feature) ? MC_ANSWER_YES : MC_ANSWER_NO;
        if (cpu->trials.count > 0)
            row->trial = mc_probe_weigh(&cpu->trials, feature, &cpu->reported);
        row->verdict = mc_probe_decide(row->reported, row->usable, &row->trial);
        if (mc_probe_executable(row->reported, &row->trial))
            mc_set_add(&cpu->executable, feature);
    }
}

/* Sets over all CPUs, in the form for comparisons. */
static void combine_cpus(struct mc_probe *probe)
{
    for (size_t i = 0; i < probe->cpu_count; i++) {
        struct mc_feature_set reported = mc_snapshot_comparable(&probe->cpus[i]->snapshot);
        struct mc_feature_set executable = probe->cpus[i]->executable;
        if (mc_set_has(&executable, MC_F_LM))
            mc_set_add(&executable, MC_F_SYSCALL);
        probe->reported = i == 0 ? reported : mc_set_and(probe->reported, &reported);
        probe->executable = i == 0 ? executable : mc_set_and(probe->executable, &executable);
        probe->reported_by_any = mc_set_or(probe->reported_by_any, &reported);
    }
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++)
        probe->summary[mc_probe_worst(probe, (enum mc_feature)feature)]++;
}

bool mc_probe_run(const struct mc_probe_options *options, struct mc_probe *ret, struct mc_error *ret_error)
{
    struct mc_dump dump = {0};
    memset(ret, 0, sizeof *ret);
    ret->from_file = options->cpuid_file != NULL;
    bool good = !options->cpuid_file || mc_dump_read(options->cpuid_file, &dump, ret_error);
    ret->features_only = ret->from_file && good && mc_dump_names_features(dump.format);
    if (good && options->cpuid_file && !options->try_dump) {
        for (size_t i = 0; i < dump.count; i++)
            add_cpu(ret, dump.cpus[i].cpu)->snapshot = dump.cpus[i].snapshot;
    } else if (good) {
        good = probe_live(options, options->cpuid_file ? &dump : NULL, ret, ret_error);
    }
    mc_dump_free(&dump);
    if (!good) {
        mc_probe_free(ret);
        return false;
    }
    read_kernel_views(options, ret);
    identify_machine(options, ret);
    for (size_t i = 0; i < ret->cpu_count; i++)
        decide_cpu(ret, ret->cpus[i]);
    combine_cpus(ret);
    mc_probe_compare_views(ret);
    if (options->baseline)
        ret->above = mc_above_baseline(&ret->reported_by_any, options->baseline);
    return true;
}

void mc_probe_free(struct mc_probe *probe)
{
    for (size_t i = 0; i < probe->cpu_count; i++) {
        mc_trials_free(&probe->cpus[i]->trials);
        free(probe->cpus[i]);
    }
    free(probe->cpus);
    mc_kernel_view_free(&probe->kernel_view);
    mc_arena_free(&probe->arena);
    memset(probe, 0, sizeof *probe);
}

enum mc_probe_verdict mc_probe_worst(const struct mc_probe *probe, enum mc_feature feature)
{
    static const enum mc_probe_verdict order[] = {
        /* best first */
        MC_PROBE_ABSENT, MC_PROBE_OK,     MC_PROBE_UNTESTED, MC_PROBE_UNTESTABLE, MC_PROBE_ALIASED,
        MC_PROBE_MASKED, MC_PROBE_OS_OFF, MC_PROBE_WRONG,    MC_PROBE_BROKEN,
    };
    size_t worst = 0;
    for (size_t i = 0; i < probe->cpu_count; i++)
        for (size_t rank = worst; rank < sizeof order / sizeof *order; rank++)
            if (order[rank] == probe->cpus[i]->features[feature].verdict)
                worst = rank;
    return order[worst];
}

struct mc_feature_set mc_probe_having(const struct mc_probe *probe, enum mc_probe_verdict verdict)
{
    struct mc_feature_set set = {0};
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++)
        if (mc_probe_worst(probe, (enum mc_feature)feature) == verdict)
            mc_set_add(&set, (enum mc_feature)feature);
    return set;
}

struct mc_feature_set mc_probe_masked_outside(const struct mc_probe *probe, const struct mc_baseline *baseline)
{
    struct mc_feature_set outside = {0};
    for (size_t i = 0; i < probe->cpu_count; i++)
        for (int feature = 0; feature < MC_FEATURE_COUNT; feature++)
            if (probe->cpus[i]->features[feature].verdict == MC_PROBE_MASKED)
                mc_set_add(&outside, (enum mc_feature)feature);
    return mc_set_minus(outside, &baseline->features);
}

bool mc_probe_unsafe(const struct mc_probe *probe)
{
    bool unsafe = probe->summary[MC_PROBE_BROKEN] || probe->summary[MC_PROBE_WRONG] || !mc_set_empty(&probe->above);
    for (size_t i = 0; i < probe->disagreement_count; i++)
        unsafe |=
            probe->disagreements[i].kind == MC_DISAGREE_CPUS || probe->disagreements[i].kind == MC_DISAGREE_DEPENDENCY;
    return unsafe;
}

bool mc_probe_incomplete(const struct mc_probe *probe)
{
    bool incomplete = probe->trial_error.kind != MC_ERROR_NONE;
    for (size_t i = 0; i < probe->cpu_count; i++)
        incomplete |= mc_trials_disturbed(&probe->cpus[i]->trials);
    return incomplete;
}

bool mc_probe_satisfies(const struct mc_feature_set *set, const struct mc_baseline *baseline)
{
    struct mc_feature_set needed = mc_program_features(&baseline->features);
    return mc_set_within(&needed, set);
}

bool mc_probe_concerns(const struct mc_probe *probe, const struct mc_baseline *baseline)
{
    bool intel = strcmp(probe->machine.vendor, "GenuineIntel") == 0;
    bool amd = mc_snapshot_is_amd(&probe->cpus[0]->snapshot);
    switch (baseline->family) {
    case MC_FAMILY_PSABI:
        return true;
    case MC_FAMILY_INTEL:
        return intel || !amd;
    case MC_FAMILY_AMD:
        return amd || !intel;
    case MC_FAMILY_MODEL:
        break;
    }
    return false;
}
