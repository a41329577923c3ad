/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of compare: for people, and as schema maskcheck/compare/1. */
#ifndef MC_REPORT_COMPARE_H
#define MC_REPORT_COMPARE_H

#include "readiness/compare.h"

#include <stdio.h>

struct mc_compare_target {
    const char *name;
    const char *error;               /* why it could not be read, NULL when it was */
    struct mc_comparison comparison; /* meaningless with an error */
};

struct mc_compare_row { /* one source against its targets */
    const struct mc_profile *from;
    const struct mc_compare_target *targets;
    size_t count;
};

struct mc_compare_report {
    const char *version; /* of maskcheck */
    bool colour;
    bool matrix; /* several rows: every machine as a source, against all, itself included, in one order */
    const struct mc_compare_row *rows;
    size_t count;
    const struct mc_common *common; /* of all that could be read */
};

/* ---- for other reports ---- */
/* `label` in `indent` columns, then the names of what is missing, wrapped; nothing when there is none. used_by: only what
 * that user has, -1 all. */
void mc_print_lacks(FILE *stream, const char *label, size_t indent, const struct mc_lack *list, size_t count, int used_by);
/* The same names between blanks, without a newline. */
void mc_print_lack_names(FILE *stream, const struct mc_lack *list, size_t count);

void mc_compare_report_text(FILE *stream, const struct mc_compare_report *report);
/* One JSON object and a newline. With a matrix, "from" and "to" are its first row. */
void mc_compare_report_json(FILE *stream, const struct mc_compare_report *report);

#endif
