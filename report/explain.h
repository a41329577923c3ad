/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of explain: what the proof believed, of a result with `explained`. */
#ifndef MC_REPORT_EXPLAIN_H
#define MC_REPORT_EXPLAIN_H

#include "report/scan.h"
#include "scanner/explain.h"

/* A result whose place has uses, or is the whole file: text for people; `json` is one document for all results. */
void mc_explain_text_begin(FILE *stream, const struct mc_report_options *options);
void mc_explain_text(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result);
void mc_explain_json_begin(FILE *stream, const struct mc_report_options *options);
void mc_explain_json(FILE *stream, const struct mc_file_result *result, bool first);
void mc_explain_json_end(FILE *stream);

/* For both: the uses of one function, as an overview tells them. */
struct mc_function_uses {
    const struct mc_finding *worst; /* the first of those with the worst verdict */
    size_t uses, unsafe;
    struct mc_feature_set features; /* that the uses with the worst verdict lack, or need beyond the baseline */
};
/* One for each function with uses: unsafe ones first, then by address. Heap memory for the caller to free; NULL for
 * none. */
struct mc_function_uses *mc_functions_with_uses(const struct mc_file_result *result, size_t *ret_count);
/* What to give to explain to learn more of the function: its name when the shell and the symbols leave no doubt, else
 * an address. In the arena. */
const char *mc_function_word(const struct mc_file_result *result, const struct mc_function_uses *uses,
                             struct mc_arena *arena);

#endif
