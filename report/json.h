/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the JSON reports: small values built with jansson and written at once, so that no report is held in memory as a
 * whole. Arrays of millions of items are written item by item between mc_json_* calls of the caller's own. */
#ifndef MC_REPORT_JSON_H
#define MC_REPORT_JSON_H

#include "readiness/compare.h"
#include "report/scan.h"

#include <jansson.h>
#include <stdio.h>

json_t *mc_json_text(const char *text); /* invalid UTF-8 becomes U+FFFD; NULL gives null */
/* Members "function", the symbol as it is in the file, and "demangled", null where it is not mangled. */
void mc_json_set_function(json_t *object, const char *symbol);
/* Members "source", "source_path", "unit" and "comdat". */
void mc_json_set_origin(json_t *object, const struct mc_finding *finding);
json_t *mc_json_address(uint64_t address); /* "0x401136" */
json_t *mc_json_features(const struct mc_feature_set *set);
json_t *mc_json_enough(const struct mc_feature_set *needed); /* {"psabi","intel","amd"}, null where no baseline is enough */
json_t *mc_json_tool(const char *version); /* {"name","version","catalogue"} */
json_t *mc_json_baseline(const struct mc_baseline *baseline, bool is_default);
json_t *mc_json_lacks(const struct mc_lack *list, size_t count); /* [{"feature","used_by"[,"from","to","unit"]}] */
json_t *mc_json_command(char *const *command);
json_t *mc_json_time(time_t when); /* "2026-11-23T14:00:00Z" */

json_t *mc_json_scan_summary(const struct mc_scan_totals *totals);

/* Writes `value` in compact form and drops the reference to it. */
void mc_json_write(FILE *stream, json_t *value);
/* The same after `"key":`, with a comma before unless it is the first member. */
void mc_json_member(FILE *stream, bool *first, const char *key, json_t *value);

#endif
