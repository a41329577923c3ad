/* SPDX-License-Identifier: Apache-2.0 */
/* --fail-on RULE|LEVEL,...: which findings make the exit status 1. */
#ifndef MC_CLI_FAIL_ON_H
#define MC_CLI_FAIL_ON_H

#include "scanner/verdict.h"

struct mc_fail_on {
    bool given;              /* false: unsafe files do, whatever follows */
    enum mc_severity level;  /* findings of this level and above, when has_level */
    bool has_level;
    uint64_t rules;          /* bits by mc_rule_index */
};

/* Adds to *ret. False: a word is no rule and no level; *ret_word is it, *ret_length its length. */
bool mc_fail_on_parse(const char *text, struct mc_fail_on *ret, const char **ret_word, int *ret_length);
/* Some finding of the file is among them. */
bool mc_fail_on_matches(const struct mc_fail_on *fail_on, const struct mc_file_result *result);

#endif
