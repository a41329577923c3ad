/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/verdict.h"

#include <signal.h>
#include <string.h>

static const char *const verdict_names[MC_PROBE_VERDICT_COUNT] = {
    [MC_PROBE_OK] = "ok",           [MC_PROBE_ABSENT] = "absent",         [MC_PROBE_MASKED] = "masked",
    [MC_PROBE_ALIASED] = "aliased", [MC_PROBE_BROKEN] = "broken",         [MC_PROBE_WRONG] = "wrong",
    [MC_PROBE_OS_OFF] = "os-off",   [MC_PROBE_UNTESTABLE] = "untestable", [MC_PROBE_UNTESTED] = "untested",
};

const char *mc_probe_verdict_name(enum mc_probe_verdict verdict)
{
    return verdict_names[verdict];
}

/* CR4 bits cannot be read in user mode: each has its own witness, or none. */
static enum mc_answer is_cr4_state_on(enum mc_feature feature, const struct mc_feature_set *reported,
                                      const struct mc_os_view *os)
{
    switch (feature) {
    case MC_F_XSAVE:
    case MC_F_OSXSAVE:
    case MC_F_XSAVEOPT:
    case MC_F_XSAVEC:
    case MC_F_XGETBV1: /* CR4.OSXSAVE shows in CPUID: Intel SDM vol. 1, 13.3 */
        return mc_set_has(reported, MC_F_OSXSAVE) ? MC_ANSWER_YES : MC_ANSWER_NO;
    case MC_F_FSGSBASE:
        return os->fsgsbase;
    case MC_F_KL:
    case MC_F_WIDEKL: /* CR4.KL shows as AESKLE: Intel SDM vol. 1, 19 */
        return mc_set_has(reported, MC_F_AESKLE) ? MC_ANSWER_YES : MC_ANSWER_NO;
    case MC_F_AESKLE:
        return MC_ANSWER_YES;
    default:
        return MC_ANSWER_UNKNOWN;
    }
}

enum mc_answer mc_feature_usable(enum mc_feature feature, const struct mc_feature_set *reported,
                                 const struct mc_os_view *os)
{
    enum mc_os_state state = mc_features[feature].os;
    if (!mc_set_has(reported, feature))
        return MC_ANSWER_NO;
    if (state == MC_OS_NONE)
        return MC_ANSWER_YES;
    if (state == MC_OS_CR4)
        return is_cr4_state_on(feature, reported, os);
    if (!mc_set_has(reported, MC_F_OSXSAVE) || os->xcr0_known == MC_ANSWER_NO)
        return MC_ANSWER_NO;
    if (os->xcr0_known == MC_ANSWER_UNKNOWN)
        return MC_ANSWER_UNKNOWN;
    if (state == MC_OS_PKU && !mc_set_has(reported, MC_F_OSPKE))
        return MC_ANSWER_NO;
    uint64_t needed = mc_os_state_xcr0(state);
    return (os->xcr0 & needed) == needed ? MC_ANSWER_YES : MC_ANSWER_NO;
}

/* Features with instructions that the second one grants as well. */
static const struct {
    enum mc_feature feature, also_in;
} also_granted[] = {
    {MC_F_MMXEXT, MC_F_SSE}, /* AMD publication 22466, 2: the integer part of SSE */
};

static bool is_cpu_exception(int signal)
{
    return signal == SIGILL || signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGTRAP;
}

/* CR4.TSD by prctl(PR_SET_TSC): #GP at the instruction, whatever the CPU could do. */
static bool is_forbidden(enum mc_feature feature, const struct mc_trial_result *result)
{
    bool time = feature == MC_F_TSC || feature == MC_F_RDTSCP || feature == MC_F_RDPRU;
    return time && result->signal == SIGSEGV && result->fault_offset == 0;
}

static bool is_fault_conclusive(const struct mc_trials *trials, enum mc_feature feature)
{
    for (size_t i = 0; i < trials->count; i++) {
        const struct mc_trial_result *result = &trials->results[i];
        bool fault = result->outcome == MC_OUTCOME_FAULT || (result->outcome == MC_OUTCOME_WRONG && result->signal);
        if (mc_trial_feature(i) == feature && fault)
            return is_cpu_exception(result->signal) && !is_forbidden(feature, result);
    }
    return false;
}

/* Some instruction ran as something else that led to a CPU exception soon after. */
static bool has_crashed(const struct mc_trials *trials, enum mc_feature feature)
{
    for (size_t i = 0; i < trials->count; i++)
        if (mc_trial_feature(i) == feature && trials->results[i].outcome == MC_OUTCOME_WRONG &&
            is_cpu_exception(trials->results[i].signal))
            return true;
    return false;
}

static void set_untestable(struct mc_feature_trial *trial, const char *why)
{
    trial->outcome = MC_OUTCOME_UNTESTABLE;
    trial->ran = trial->ok = 0;
    if (why) {
        size_t length = strlen(why) < sizeof trial->why ? strlen(why) : sizeof trial->why - 1;
        memcpy(trial->why, why, length);
        trial->why[length] = '\0';
    }
}

struct mc_feature_trial mc_probe_weigh(const struct mc_trials *trials, enum mc_feature feature,
                                       const struct mc_feature_set *reported)
{
    struct mc_feature_trial trial = mc_trials_of_feature(trials, feature);
    for (size_t i = 0; i < sizeof also_granted / sizeof *also_granted; i++)
        if (also_granted[i].feature == feature && !mc_set_has(reported, feature) &&
            mc_set_has(reported, also_granted[i].also_in))
            set_untestable(&trial, "its instructions also belong to another feature, which is reported");
    if (mc_features[feature].level == MC_LEVEL_KERNEL && trial.ran == 0)
        set_untestable(&trial, trial.why[0] ? NULL : "only a kernel uses it");
    if (trial.outcome == MC_OUTCOME_WRONG && trial.ok == 0 && has_crashed(trials, feature))
        trial.outcome = MC_OUTCOME_FAULT;
    if (trial.outcome == MC_OUTCOME_FAULT && !is_fault_conclusive(trials, feature))
        set_untestable(&trial, NULL);
    return trial;
}

bool mc_trials_disturbed(const struct mc_trials *trials)
{
    for (size_t i = 0; i < trials->count; i++)
        if (trials->results[i].outcome == MC_OUTCOME_FAULT && !is_cpu_exception(trials->results[i].signal))
            return true;
    return false;
}

/* [outcome][reported]; MASKED for a mixture, and OS_OFF for a refusal with the state off, are decided below. */
static const enum mc_probe_verdict decisions[][2] = {
    [MC_OUTCOME_NOT_RUN] = {MC_PROBE_UNTESTED, MC_PROBE_UNTESTED},
    [MC_OUTCOME_OK] = {MC_PROBE_MASKED, MC_PROBE_OK},
    [MC_OUTCOME_UD] = {MC_PROBE_ABSENT, MC_PROBE_BROKEN},
    [MC_OUTCOME_ALIAS] = {MC_PROBE_ALIASED, MC_PROBE_WRONG},
    /* Unreported and another result than the feature's: the bytes are some other instruction here. */
    [MC_OUTCOME_WRONG] = {MC_PROBE_ALIASED, MC_PROBE_WRONG},
    [MC_OUTCOME_OS_OFF] = {MC_PROBE_ABSENT, MC_PROBE_OS_OFF},
    [MC_OUTCOME_FAULT] = {MC_PROBE_ABSENT, MC_PROBE_BROKEN}, /* see mc_probe_weigh */
    [MC_OUTCOME_UNTESTABLE] = {MC_PROBE_UNTESTABLE, MC_PROBE_UNTESTABLE},
};

enum mc_probe_verdict mc_probe_decide(bool reported, enum mc_answer usable, const struct mc_feature_trial *trial)
{
    /* Part of it runs: enough for a program that does not ask. Where others run with another result, most of them must
     * be right: else the bytes are older instructions, some of which cannot be told from the new ones. */
    bool other_results = trial->outcome == MC_OUTCOME_WRONG || trial->outcome == MC_OUTCOME_ALIAS;
    if (!reported && trial->ok > 0 && (!other_results || 2 * trial->ok > trial->ran))
        return MC_PROBE_MASKED;
    if (reported && trial->outcome == MC_OUTCOME_UD && usable == MC_ANSWER_NO)
        return MC_PROBE_OS_OFF;
    return decisions[trial->outcome][reported];
}

bool mc_probe_executable(bool reported, const struct mc_feature_trial *trial)
{
    if (trial->outcome == MC_OUTCOME_NOT_RUN || trial->outcome == MC_OUTCOME_UNTESTABLE)
        return reported;
    return trial->ok > 0 && trial->ok == trial->ran;
}

static const struct mc_dependency dependencies[] = {
#define MC_DEPENDENCY(feature, needs, source) {MC_F_##feature, MC_F_##needs, true},
#include "probe/dependencies.def"
#undef MC_DEPENDENCY
};

size_t mc_find_broken_dependencies(const struct mc_feature_set *reported, struct mc_dependency *ret, size_t capacity)
{
    size_t found = 0;
    for (size_t i = 0; i < sizeof dependencies / sizeof *dependencies; i++) {
        if (!mc_set_has(reported, dependencies[i].feature) || mc_set_has(reported, dependencies[i].needs))
            continue;
        if (found < capacity)
            ret[found] = dependencies[i];
        found++;
    }
    return found;
}
