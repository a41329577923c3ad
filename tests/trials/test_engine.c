/* SPDX-License-Identifier: Apache-2.0 */
/* The engine against everything an instruction can do: rows with planted bytes and what each must come to. After every
 * bad one a good one must still be tried, and nothing may reach this process. */
#include "probe/trial_table.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

static void expect_no_change(struct mc_trial_view *view)
{
    (void)view;
}

static void expect_nonsense(struct mc_trial_view *view)
{
    view->expect->gpr[MC_RAX] ^= 1;
}

#define PLANT(state_, before_, hex_, after_, model_)                                                            \
    {                                                                                                           \
        .feature = MC_F_SSE2, .state = MC_TRIAL_##state_, .inputs = MC_IN_INT, .text = hex_, .before = before_, \
        .hex = hex_, .after = after_, .model = {                                                                \
            .state = (model_)                                                                                   \
        }                                                                                                       \
    }

static const struct {
    const char *what;
    struct mc_trial row;
    enum mc_outcome outcome;
    int signal;
    const char *why; /* part of it, or NULL */
} cases[] = {
    {"nop", PLANT(GPR, "", "90", "", expect_no_change), MC_OUTCOME_OK, 0, NULL},
    {"nop, vector state", PLANT(XMM, "", "90", "", expect_no_change), MC_OUTCOME_OK, 0, NULL},
    {"a wrong model", PLANT(GPR, "", "90", "", expect_nonsense), MC_OUTCOME_WRONG, 0, "register 0"},
    {"a register changed by stealth", PLANT(GPR, "", "40B501", "", expect_no_change), MC_OUTCOME_WRONG, 0,
     "register 5"},
    {"a flag changed by stealth", PLANT(GPR, "", "F5", "", expect_no_change), MC_OUTCOME_WRONG, 0, "flags"},
    {"memory changed by stealth", PLANT(GPR, "", "FE07", "", expect_no_change), MC_OUTCOME_WRONG, 0, "memory"},
    {"a vector changed by stealth", PLANT(XMM, "", "660FEFFF", "", expect_no_change), MC_OUTCOME_WRONG, 0,
     "vector register 7"},
    {"an mm register changed by stealth", PLANT(XMM, "", "0FEFFF", "", expect_no_change), MC_OUTCOME_WRONG, 0, "mm7"},
    {"ud2", PLANT(GPR, "", "0F0B", "", expect_no_change), MC_OUTCOME_UD, SIGILL, "#UD"},
    {"ud2, vector state", PLANT(XMM, "", "0F0B", "", expect_no_change), MC_OUTCOME_UD, SIGILL, "#UD"},
    {"ud2 behind the instruction", PLANT(GPR, "", "90", "0F0B", expect_no_change), MC_OUTCOME_WRONG, SIGILL,
     "something else"},
    {"hlt: #GP", PLANT(GPR, "", "F4", "", expect_no_change), MC_OUTCOME_FAULT, SIGSEGV, "at the instruction"},
    {"misaligned operand: #GP", PLANT(XMM, "", "0F284E01", "", expect_no_change), MC_OUTCOME_FAULT, SIGSEGV,
     "at the instruction"},
    {"no memory there: #PF", PLANT(GPR, "6A0058", "8A00", "", expect_no_change), MC_OUTCOME_FAULT, SIGSEGV,
     "at the instruction"},
    {"int3", PLANT(GPR, "", "CC", "", expect_no_change), MC_OUTCOME_WRONG, SIGTRAP, NULL},
    {"division by zero", PLANT(GPR, "6A0059", "F7F1", "", expect_no_change), MC_OUTCOME_FAULT, SIGFPE,
     "at the instruction"},
    {"jmp $", PLANT(GPR, "", "EBFE", "", expect_no_change), MC_OUTCOME_FAULT, SIGALRM, "in time"},
    {"a wild jump", PLANT(GPR, "6A0158", "FFE0", "", expect_no_change), MC_OUTCOME_WRONG, SIGSEGV, "something else"},
    {"the stack pointer lost", PLANT(GPR, "", "31E4", "50", expect_no_change), MC_OUTCOME_WRONG, SIGSEGV,
     "something else"},
    {"direction flag", PLANT(GPR, "", "FD", "", expect_no_change), MC_OUTCOME_OK, 0, NULL},
    {"rounding and exceptions of SSE changed", PLANT(XMM, "6A006A00", "0FAE1424", "488D642410", expect_no_change),
     MC_OUTCOME_OK, 0, NULL},
    {"exit_group: the child is lost", PLANT(GPR, "B8E7000000", "0F05", "", expect_no_change), MC_OUTCOME_FAULT, 0,
     "ended its process"},
    {"kill(getpid(), SIGKILL)", PLANT(GPR, "B8270000000F0589C7BE09000000B83E000000", "0F05", "", expect_no_change),
     MC_OUTCOME_FAULT, SIGKILL, "ended its process"},
};
enum { CASES = sizeof cases / sizeof *cases };

/* Each planted row, and a good one behind it. */
Test(trial_engine, planted_rows)
{
    static const struct mc_trial good = PLANT(XMM, "", "90", "", expect_no_change);
    const struct mc_trial *rows[2 * CASES];
    static struct mc_trial_result results[2 * CASES];
    struct mc_trials trials = {0};
    struct mc_error error = {0};
    struct sigaction before, after;
    sigaction(SIGILL, NULL, &before);
    for (size_t i = 0; i < CASES; i++) {
        rows[2 * i] = &cases[i].row;
        rows[2 * i + 1] = &good;
    }
    cr_assert(mc_trials_run_rows(rows, 2 * CASES, 100, results, &trials, &error), "%s", error.text);
    for (size_t i = 0; i < CASES; i++) {
        const struct mc_trial_result *got = &results[2 * i];
        cr_expect(got->outcome == cases[i].outcome, "%s: expected %s, got %s (%s)", cases[i].what,
                  mc_outcome_name(cases[i].outcome), mc_outcome_name(got->outcome), got->why);
        cr_expect(got->signal == cases[i].signal, "%s: expected signal %d, got %d", cases[i].what, cases[i].signal,
                  got->signal);
        cr_expect(!cases[i].why || strstr(got->why, cases[i].why), "%s: expected \"%s\", got \"%s\"", cases[i].what,
                  cases[i].why, got->why);
        cr_expect(results[2 * i + 1].outcome == MC_OUTCOME_OK, "the good row after %s: %s (%s)", cases[i].what,
                  mc_outcome_name(results[2 * i + 1].outcome), results[2 * i + 1].why);
    }
    sigaction(SIGILL, NULL, &after);
    cr_expect(before.sa_handler == after.sa_handler, "a signal handler of this process changed");
}

Test(trial_engine, fault_address_is_kept)
{
    static const struct mc_trial row = PLANT(GPR, "", "0F0B", "", expect_no_change);
    const struct mc_trial *rows[] = {&row};
    struct mc_trial_result result;
    struct mc_trials trials = {0};
    cr_assert(mc_trials_run_rows(rows, 1, 0, &result, &trials, NULL));
    cr_expect(result.fault_address != 0 && result.fault_offset == 0 && result.code == ILL_ILLOPN,
              "address 0x%lx, offset %ld, code %d", (unsigned long)result.fault_address, (long)result.fault_offset,
              result.code);
}

static struct mc_feature_trial summarise(enum mc_feature feature, enum mc_outcome first, enum mc_outcome rest)
{
    static struct mc_trial_result results[2048];
    struct mc_trials trials = {.results = results, .count = mc_trial_count()};
    bool seen = false;
    memset(results, 0, sizeof results);
    for (size_t i = 0; i < trials.count; i++)
        if (mc_trial_feature(i) == feature) {
            results[i].outcome = seen ? rest : first;
            seen = true;
        }
    return mc_trials_of_feature(&trials, feature);
}

Test(trial_engine, worst_outcome_of_a_feature)
{
    static const struct {
        enum mc_outcome first, rest, answer;
    } rows[] = {
        {MC_OUTCOME_OK, MC_OUTCOME_OK, MC_OUTCOME_OK},
        {MC_OUTCOME_UD, MC_OUTCOME_OK, MC_OUTCOME_UD},
        {MC_OUTCOME_OK, MC_OUTCOME_WRONG, MC_OUTCOME_WRONG},
        {MC_OUTCOME_ALIAS, MC_OUTCOME_UD, MC_OUTCOME_ALIAS},
        {MC_OUTCOME_OS_OFF, MC_OUTCOME_OK, MC_OUTCOME_OS_OFF},
        {MC_OUTCOME_FAULT, MC_OUTCOME_UD, MC_OUTCOME_FAULT},
        {MC_OUTCOME_UNTESTABLE, MC_OUTCOME_OK, MC_OUTCOME_OK},
        {MC_OUTCOME_NOT_RUN, MC_OUTCOME_NOT_RUN, MC_OUTCOME_NOT_RUN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mc_feature_trial got = summarise(MC_F_SSSE3, rows[i].first, rows[i].rest);
        cr_expect(got.outcome == rows[i].answer, "%s, then %s: expected %s, got %s", mc_outcome_name(rows[i].first),
                  mc_outcome_name(rows[i].rest), mc_outcome_name(rows[i].answer), mc_outcome_name(got.outcome));
        cr_expect((got.why[0] != 0) == (got.outcome != MC_OUTCOME_OK && got.outcome != MC_OUTCOME_NOT_RUN),
                  "why: \"%s\"", got.why);
    }
    struct mc_feature_trial mixed = summarise(MC_F_SSSE3, MC_OUTCOME_UD, MC_OUTCOME_OK);
    cr_expect(mixed.ran == 64 && mixed.ok == 63, "ran %u, ok %u", mixed.ran, mixed.ok);
    cr_expect(mc_trials_of_feature(&(struct mc_trials){0}, MC_F_SHSTK).outcome == MC_OUTCOME_UNTESTABLE);
}

Test(trial_engine, only_the_wanted_features)
{
    struct mc_feature_set only = {0};
    struct mc_trials trials = {0};
    mc_set_add(&only, MC_F_SSE2);
    cr_assert(mc_trials_run(&(struct mc_trials_options){.only = &only}, &trials, NULL));
    for (size_t i = 0; i < trials.count; i++)
        cr_expect((trials.results[i].outcome != MC_OUTCOME_NOT_RUN) == (mc_trial_feature(i) == MC_F_SSE2), "%s",
                  mc_trial_text(i));
    cr_expect(trials.children == 2, "one for XCR0, one for SSE2; got %u", trials.children);
    mc_trials_free(&trials);
}
