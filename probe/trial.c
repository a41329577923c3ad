/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/trial_table.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define ROWS_MAX 2048

/* The rows of this mode, by feature. */
static const struct mc_trial *sorted[ROWS_MAX];
static size_t sorted_count;
static pthread_once_t sorted_once = PTHREAD_ONCE_INIT;

static const struct {
    enum mc_feature feature;
    const char *reason;
} untestable[] = {
#define MC_UNTESTABLE(feature, reason) {MC_F_##feature, reason},
#include "probe/untestable.def"
#undef MC_UNTESTABLE
};

const char *mc_outcome_name(enum mc_outcome outcome)
{
    static const char *const names[] = {"not-run", "ok", "ud", "alias", "wrong", "os-off", "fault", "untestable"};

    return names[outcome];
}

const uint8_t *mc_trial_immediates(enum mc_immediates set, size_t *ret_count)
{
    static const uint8_t none[] = {0}, round[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                         select[] = {0x00, 0x01, 0x1B, 0x33, 0x4E, 0x55, 0x7F, 0xB1, 0xD2, 0xE4, 0xF1, 0xFF},
                         count[] = {0, 1, 4, 7, 8, 9, 15, 16, 17, 31, 32, 255}, small[] = {0, 1, 2, 3, 4, 5, 6, 7},
                         string[] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A,
                                     0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x10, 0x14, 0x18, 0x1A, 0x1D, 0x30,
                                     0x34, 0x38, 0x3B, 0x3D, 0x40, 0x44, 0x48, 0x4B, 0x4C, 0x72, 0x7F};
    static const struct {
        const uint8_t *values;
        size_t size;
    } sets[MC_IMM_SETS] = {[MC_IMM_NONE] = {none, sizeof none},       [MC_IMM_ROUND] = {round, sizeof round},
                           [MC_IMM_SELECT] = {select, sizeof select}, [MC_IMM_COUNT] = {count, sizeof count},
                           [MC_IMM_SMALL] = {small, sizeof small},    [MC_IMM_STRING] = {string, sizeof string}};
    *ret_count = sets[set].size;
    return sets[set].values;
}

static unsigned digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'A' + 10);
}

size_t mc_trial_hex(const char *hex, uint8_t ret[static 32])
{
    size_t count = 0;
    for (; hex[0] && count < 32; hex += 2) {
        while (*hex == ' ')
            hex++;
        ret[count++] = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
    }
    return count;
}

/* Insertion by feature, stable, so that the order of the tables stays within a feature. */
static void sort_rows(void)
{
    size_t count = 0;
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++)
        for (size_t list = 0; list < mc_trial_list_count; list++)
            for (size_t i = 0; i < mc_trial_lists[list].count && count < ROWS_MAX; i++) {
                const struct mc_trial *row = &mc_trial_lists[list].rows[i];
                if (row->feature == feature && (sizeof(void *) == 8 || row->modes == MC_TRIAL_BOTH))
                    sorted[count++] = row;
            }
    sorted_count = count;
}

size_t mc_trial_count(void)
{
    pthread_once(&sorted_once, sort_rows);
    return sorted_count;
}

const struct mc_trial *mc_trial_row(size_t trial)
{
    return trial < mc_trial_count() ? sorted[trial] : NULL;
}

enum mc_feature mc_trial_feature(size_t trial)
{
    return mc_trial_row(trial)->feature;
}

const char *mc_trial_text(size_t trial)
{
    return mc_trial_row(trial)->text;
}

size_t mc_trial_bytes(size_t trial, uint8_t ret_bytes[static 16])
{
    uint8_t bytes[32];
    size_t size = mc_trial_hex(mc_trial_row(trial)->hex, bytes);
    size = size > 15 ? 15 : size;
    memcpy(ret_bytes, bytes, size);
    return size;
}

static bool has_trial(enum mc_feature feature)
{
    for (size_t i = 0; i < mc_trial_count(); i++)
        if (sorted[i]->feature == feature)
            return true;
    return false;
}

const char *mc_trial_untestable(enum mc_feature feature)
{
    for (size_t i = 0; i < sizeof untestable / sizeof *untestable; i++)
        if (untestable[i].feature == feature)
            return untestable[i].reason;
    if (has_trial(feature))
        return NULL;
    return mc_features[feature].level == MC_LEVEL_KERNEL ? NULL : "no instruction of its own in this mode";
}

bool mc_trials_run(const struct mc_trials_options *options, struct mc_trials *ret, struct mc_error *ret_error)
{
    size_t count = mc_trial_count(), picked = 0, size = count * sizeof(struct mc_trial_result);
    static const struct mc_trial *rows[ROWS_MAX];
    struct mc_trial_result *results = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (results == MAP_FAILED)
        return mc_fail(ret_error, MC_ERROR_MEMORY, MC_NO_OFFSET, "no memory for the trials");
    *ret = (struct mc_trials){.results = results, .count = count};
    for (size_t i = 0; i < count; i++)
        if (!options->only || mc_set_has(options->only, sorted[i]->feature))
            rows[picked++] = sorted[i];
    if (!mc_trials_run_rows(rows, picked, options->timeout_ms, results + count, ret, ret_error)) {
        mc_trials_free(ret);
        return false;
    }
    for (size_t i = 0, next = 0; i < count && next < picked; i++)
        if (sorted[i] == rows[next])
            results[i] = results[count + next++];
    return true;
}

void mc_trials_free(struct mc_trials *trials)
{
    if (trials->results)
        munmap(trials->results, 2 * trials->count * sizeof *trials->results);
    *trials = (struct mc_trials){0};
}

struct mc_feature_trial mc_trials_of_feature(const struct mc_trials *trials, enum mc_feature feature)
{
    /* Worst first; what stands at the end counts only when nothing else does */
    static const uint8_t badness[] = {
        [MC_OUTCOME_WRONG] = 7,  [MC_OUTCOME_FAULT] = 6, [MC_OUTCOME_ALIAS] = 5,      [MC_OUTCOME_UD] = 4,
        [MC_OUTCOME_OS_OFF] = 3, [MC_OUTCOME_OK] = 2,    [MC_OUTCOME_UNTESTABLE] = 1, [MC_OUTCOME_NOT_RUN] = 0};
    struct mc_feature_trial answer = {.outcome = MC_OUTCOME_NOT_RUN};
    const char *reason = mc_trial_untestable(feature);
    if (reason) {
        answer.outcome = MC_OUTCOME_UNTESTABLE;
        snprintf(answer.why, sizeof answer.why, "%s", reason);
        return answer;
    }
    for (size_t i = 0; i < trials->count; i++) {
        const struct mc_trial_result *result = &trials->results[i];
        if (sorted[i]->feature != feature)
            continue;
        answer.ran += result->outcome != MC_OUTCOME_NOT_RUN && result->outcome != MC_OUTCOME_UNTESTABLE;
        answer.ok += result->outcome == MC_OUTCOME_OK;
        if (badness[result->outcome] <= badness[answer.outcome])
            continue;
        answer.outcome = result->outcome;
        answer.why[0] = 0;
        if (result->outcome != MC_OUTCOME_OK)
            snprintf(answer.why, sizeof answer.why, "%s: %s", sorted[i]->text, result->why);
    }
    return answer;
}
