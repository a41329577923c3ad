/* SPDX-License-Identifier: Apache-2.0 */
/* The decisions of the probe, all pure: what CPUID reports x what the OS allows x what the trial did => one verdict,
 * and which views contradict one another. Nothing here looks at the machine. No library beyond string.h. */
#ifndef MC_PROBE_VERDICT_H
#define MC_PROBE_VERDICT_H

#include "probe/snapshot.h"
#include "probe/trial.h"

enum mc_answer { MC_ANSWER_NO, MC_ANSWER_YES, MC_ANSWER_UNKNOWN };

enum mc_probe_verdict {                      /* the table of the design, in the order of the JSON summary */
                        MC_PROBE_OK,         /* reported, runs, right result */
                        MC_PROBE_ABSENT,     /* not reported, #UD */
                        MC_PROBE_MASKED,     /* not reported, runs: code that skips CPUID still finds it */
                        MC_PROBE_ALIASED,    /* not reported, runs as another instruction */
                        MC_PROBE_BROKEN,     /* reported, #UD */
                        MC_PROBE_WRONG,      /* reported, wrong result or another instruction */
                        MC_PROBE_OS_OFF,     /* reported, #UD because XCR0 or CR4 is off */
                        MC_PROBE_UNTESTABLE, /* cannot be told, with the reason */
                        MC_PROBE_UNTESTED,   /* not tried: recorded dump */
                        MC_PROBE_VERDICT_COUNT
};
const char *mc_probe_verdict_name(enum mc_probe_verdict verdict); /* "ok" ... "os-off" ... "untested" */

/* State that the operating system must have switched on before user code may run a feature. */
struct mc_os_view {
    enum mc_answer xcr0_known; /* YES: xcr0 holds; NO: OSXSAVE is off, so there is no extended state; UNKNOWN: a dump */
    uint64_t xcr0;
    enum mc_answer fsgsbase; /* CR4.FSGSBASE, from AT_HWCAP2 bit 1 */
};
/* Reported, and the OS state on. UNKNOWN where the state cannot be seen (a recorded dump; CR4 bits). */
enum mc_answer mc_feature_usable(enum mc_feature feature, const struct mc_feature_set *reported,
                                 const struct mc_os_view *os);

/* mc_trials_of_feature, with what only the other views can tell put right, as input for the two functions below:
 * - instructions that another, reported feature grants as well (MMXEXT is part of SSE) prove nothing: UNTESTABLE;
 * - kernel-only features are UNTESTABLE;
 * - nothing right, and some instruction led to a crash (QEMU runs XOP's bytes as POP): a FAULT, not merely WRONG;
 * - a FAULT that says nothing of the CPU (a hang, a killed child, RDTSC forbidden to this process) is UNTESTABLE, so
 * that the FAULTs left are CPU exceptions other than #UD: the CPU does not execute the instruction as the manual says.
 */
struct mc_feature_trial mc_probe_weigh(const struct mc_trials *trials, enum mc_feature feature,
                                       const struct mc_feature_set *reported);
/* Some trial ended for a reason outside the CPU: a hang, a killed child. */
bool mc_trials_disturbed(const struct mc_trials *trials);

/* One cell of the table. usable only serves to tell a refused instruction from one that the OS has switched off. */
enum mc_probe_verdict mc_probe_decide(bool reported, enum mc_answer usable, const struct mc_feature_trial *trial);

/* What a program that ignores CPUID finds: some trial ran with the right result, or it is reported and nothing was
 * tried or could be tried. */
bool mc_probe_executable(bool reported, const struct mc_feature_trial *trial);

/* A feature whose presence promises another: `feature` is useless or impossible without `needs`. */
struct mc_dependency {
    enum mc_feature feature, needs;
    bool architectural; /* the vendor's manual demands it; else every known CPU has it and software relies on it */
};
/* Reported features whose `needs` is not reported, by probe/dependencies.def. Writes at most `capacity` to ret, returns
 * how many there are in all. */
size_t mc_find_broken_dependencies(const struct mc_feature_set *reported, struct mc_dependency *ret, size_t capacity);
/* The same for what no manual demands but every known CPU has and programs take for granted: mc_feature_implied between
 * features of x86-64-v4 (a test for BMI2 before LZCNT). Pairs that follow from an architectural one are left out, and CPUs
 * without long mode, of which there were all combinations. In implied.c, which the static executable leaves out. */
size_t mc_find_broken_implications(const struct mc_feature_set *reported, struct mc_dependency *ret, size_t capacity);

/* The part of a set that programs can use: user level and not dynamic. In implied.c. */
struct mc_feature_set mc_program_features(const struct mc_feature_set *set);

/* What of the reported features lies outside the baseline, so that a host of that baseline could not offer it. Left
 * out: dynamic features; what the hypervisor itself provides whatever the host's CPU is (the hypervisor bit, x2APIC,
 * TSC deadline ...); and kernel-only features of which no baseline of that family speaks. A recorded machine speaks of all. In
 * implied.c. */
struct mc_baseline;
bool mc_is_emulated(enum mc_feature feature); /* a hypervisor provides it whatever the host's CPU is */
struct mc_feature_set mc_above_baseline(const struct mc_feature_set *reported, const struct mc_baseline *baseline);

#endif
