/* SPDX-License-Identifier: Apache-2.0 */
/* What to say when explain finds no use where it was told to look. */
#ifndef MC_CLI_EXPLAIN_MISS_H
#define MC_CLI_EXPLAIN_MISS_H

#include "scanner/explain.h"

struct mc_explain_miss {
    struct mc_arena arena;
    const char *text; /* one line, clean; NULL: nothing was missed so far */
};

/* The first result (member of an archive) that has something useful to say decides. Needs result->explained. */
void mc_explain_note_miss(struct mc_explain_miss *miss, const struct mc_file_result *result);

#endif
