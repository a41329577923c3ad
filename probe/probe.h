/* SPDX-License-Identifier: Apache-2.0 */
/* The whole probe: all views of all CPUs, the trials, and what follows from them, in one struct for reports and audit.
 *
 * mc_probe_run pins the calling thread to each CPU in turn (and unpins it again), takes the snapshot there, runs the
 * trials, then compares: verdicts per CPU and feature, disagreements between views. With a recorded dump nothing of
 * this machine is looked at, except for the trials when they are asked for. About 100 ms per CPU, nearly all of it
 * trials. */
#ifndef MC_PROBE_PROBE_H
#define MC_PROBE_PROBE_H

#include "base/arena.h"
#include "isa/baseline.h"
#include "probe/kernel_view.h"
#include "probe/machine.h"
#include "probe/verdict.h"

struct mc_probe_options {
    const char *cpuid_file; /* a dump instead of this machine's CPUID; NULL: the instruction. "-" is standard input */
    bool try_dump;          /* run the trials on this machine and hold the dump against them */
    bool skip_trials;       /* views only */
    const char *proc_dir;   /* instead of /proc; NULL: /proc, or no kernel view with a dump */
    const char *dev_dir;    /* instead of /dev, likewise; a regular file DIR/cpu/N/cpuid is read as a dump */
    const struct mc_baseline *baseline;   /* NULL: none */
    const struct mc_cpuid_source *source; /* instead of the instruction, for tests; NULL: none */
};

struct mc_probe_feature {
    bool reported;
    enum mc_answer kernel; /* UNKNOWN: no kernel view, or no kernel flag for this feature */
    enum mc_answer usable;
    struct mc_feature_trial trial;
    enum mc_probe_verdict verdict;
};

struct mc_probe_cpu {
    unsigned cpu;
    struct mc_snapshot snapshot;
    struct mc_os_view os;
    struct mc_feature_set reported;   /* dynamic ones included */
    struct mc_feature_set executable; /* what a program finds that does not ask CPUID */
    struct mc_probe_feature features[MC_FEATURE_COUNT];
    struct mc_trials trials; /* count 0 when none were run */
    bool device_known;
    struct mc_feature_set device; /* by /dev/cpu/N/cpuid */
};

enum mc_disagreement_kind {
    MC_DISAGREE_VIEWS,      /* user-mode CPUID against kernel, device or hwcap */
    MC_DISAGREE_CPUS,       /* one CPU against another: unsafe */
    MC_DISAGREE_ALIAS,      /* two copies of one bit within CPUID */
    MC_DISAGREE_DEPENDENCY, /* a feature without another that it needs or promises: unsafe */
};
struct mc_disagreement {
    enum mc_disagreement_kind kind;
    const char *between[2]; /* "instruction", "file", "kernel", "device", "hwcap", "cpu 0", or a feature's name */
    enum mc_feature feature;
    const char *text; /* one sentence */
};

struct mc_probe {
    struct mc_arena arena; /* owns texts and disagreements */
    bool from_file;
    bool features_only;         /* the file tells only the features that QEMU can name (mc_dump_names_features) */
    bool tried;                 /* trials were run */
    struct mc_machine machine;  /* by the first CPU */
    char kernel[65];            /* release of the running kernel; "" with a dump */
    struct mc_probe_cpu **cpus; /* at least one, in number order */
    size_t cpu_count;
    struct mc_kernel_view kernel_view; /* count 0: none */
    const char *kernel_note;           /* why there is no kernel view, or NULL */
    const char *device_note;           /* why there is no device view, or NULL */
    const char *skipped_note;          /* CPUs that could not be probed, or NULL */
    struct mc_error trial_error;       /* kind MC_ERROR_NONE unless trials could not be run */
    struct mc_disagreement *disagreements;
    size_t disagreement_count;
    struct mc_feature_set reported; /* by every CPU, for comparisons: no dynamic ones */
    struct mc_feature_set reported_by_any;
    struct mc_feature_set executable;         /* by every CPU, same */
    struct mc_feature_set above;              /* reported by any CPU and outside options.baseline; empty without one */
    unsigned summary[MC_PROBE_VERDICT_COUNT]; /* features by their worst verdict over all CPUs */
};

/* False and *ret_error when there is nothing to probe: the dump cannot be read, or no CPU answers. */
bool mc_probe_run(const struct mc_probe_options *options, struct mc_probe *ret, struct mc_error *ret_error);
void mc_probe_free(struct mc_probe *probe);

/* The worst verdict of a feature over all CPUs: broken, wrong, os-off, masked, aliased, untestable, untested, ok,
 * absent. */
enum mc_probe_verdict mc_probe_worst(const struct mc_probe *probe, enum mc_feature feature);
/* Features whose worst verdict is this one. */
struct mc_feature_set mc_probe_having(const struct mc_probe *probe, enum mc_probe_verdict verdict);

/* Features outside the baseline that some CPU executes although CPUID does not report them. */
struct mc_feature_set mc_probe_masked_outside(const struct mc_probe *probe, const struct mc_baseline *baseline);

/* broken, wrong, a broken dependency, CPUs that differ, or CPUID above the baseline. */
bool mc_probe_unsafe(const struct mc_probe *probe);
/* A trial could not run for a reason outside the CPU. */
bool mc_probe_incomplete(const struct mc_probe *probe);

/* Do all user-level features of the baseline stand in `set`? */
bool mc_probe_satisfies(const struct mc_feature_set *set, const struct mc_baseline *baseline);
/* Is the baseline of interest for this machine: psABI, or of its vendor (all families where the vendor is neither)? */
bool mc_probe_concerns(const struct mc_probe *probe, const struct mc_baseline *baseline);

/* In disagree.c: fills disagreements from everything else. */
void mc_probe_compare_views(struct mc_probe *probe);

#endif
