/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fail_on.h"

#include "report/rule_pages.h"

#include <string.h>

static bool take_level(const char *word, struct mc_fail_on *ret)
{
    static const struct {
        const char *word;
        enum mc_severity level;
    } levels[] = {{"error", MC_ERROR}, {"warning", MC_WARNING}, {"note", MC_NOTE}};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (strcmp(levels[i].word, word) != 0)
            continue;
        if (!ret->has_level || levels[i].level < ret->level)
            ret->level = levels[i].level;
        return ret->has_level = true;
    }
    return false;
}

static bool take_rule(const char *word, struct mc_fail_on *ret)
{
    size_t index = mc_rule_index(word);
    if (index == mc_rule_count())
        return false;
    ret->rules |= UINT64_C(1) << index;
    return true;
}

bool mc_fail_on_parse(const char *text, struct mc_fail_on *ret, const char **ret_word, int *ret_length)
{
    char word[16];
    ret->given = true;
    for (const char *at = text;; at++) {
        size_t length = strcspn(at, ",");
        *ret_word = at;
        *ret_length = (int)length;
        if (length >= sizeof word)
            return false;
        memcpy(word, at, length);
        word[length] = 0;
        if (!take_level(word, ret) && !take_rule(word, ret))
            return false;
        at += length;
        if (!*at)
            return true;
    }
}

bool mc_fail_on_matches(const struct mc_fail_on *fail_on, const struct mc_file_result *result)
{
    for (size_t i = 0; i < result->finding_count; i++) {
        const struct mc_finding *finding = &result->findings[i];
        if (finding->set_aside)
            continue;
        if (fail_on->has_level && finding->severity >= fail_on->level)
            return true;
        if (finding->rule && fail_on->rules & UINT64_C(1) << mc_rule_index(finding->rule))
            return true;
    }
    return false;
}
