/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of audit: for people, and as schema maskcheck/audit/1. */
#ifndef MC_REPORT_AUDIT_H
#define MC_REPORT_AUDIT_H

#include "readiness/audit.h"
#include "report/scan.h"

struct mc_audit_report {
    const struct mc_report_options *options; /* version, command, baseline of the scan, colour, verbose, time */
    const struct mc_audit_input *input;
    const struct mc_audit *audit;
    const struct mc_probe *probe;
    const struct mc_scan_totals *totals;
    bool running;          /* processes were looked at */
    bool privileged;       /* by root: what could not be seen cannot be seen by anybody */
    const char *scan_json; /* the whole scan/1 document; only for JSON */
};

/* The answer first, what to do next, the programs in the way, what was not seen. With options->verbose every program
 * and every place. */
void mc_audit_report_text(FILE *stream, const struct mc_audit_report *report);
void mc_audit_report_json(FILE *stream, const struct mc_audit_report *report);

/* ---- words shared by both ---- */

/* Why the VM itself is outside the baseline, and what to do: a sentence without its full stop, then the features. */
void mc_audit_print_outside(FILE *stream, const struct mc_audit_report *report);
/* " (libfoo1)", " (deleted, still mapped)": to follow the file's name */
void mc_audit_print_owner(FILE *stream, const struct mc_audit_file *file);
/* "unguarded avx2 (inferred), 12 uses, one is vpaddd ymm0, ymm1, ymm2 at foo+0x12 (0x1234)" */
void mc_audit_print_use(FILE *stream, const struct mc_audit_blame *blame);
/* "libfoo.so.1 (libfoo1): unguarded avx2 ..." */
void mc_audit_print_blame(FILE *stream, const struct mc_audit_report *report, const struct mc_audit_blame *blame);
/* "pids 12, 13 (cron.service)"; nothing when it does not run. `limit` pids are named, 0 all. */
void mc_audit_print_pids(FILE *stream, const struct mc_audit_report *report, const struct mc_audit_program *program,
                         size_t limit);
/* The next step, as an order: "update or rebuild libfoo1, or stop cron.service before the move and start it after; ..."
 */
void mc_audit_print_step(FILE *stream, const struct mc_audit_report *report, const struct mc_audit_program *program);
/* "x86-64-v3, intel-haswell": the lowest baselines with these features, of the families of interest; "no named
 * baseline", and false, where there are none. stream NULL: only asks. */
bool mc_audit_print_enough(FILE *stream, const struct mc_audit_report *report, const struct mc_feature_set *missing);
const char *mc_audit_answer_word(enum mc_audit_answer answer); /* "ready-without" */

/* What could not be seen or judged, as sentences: calls `say` for each with its kind ("unread", "generated-code"). */
typedef void mc_audit_say(void *context, const char *kind, const char *text);
void mc_audit_unseen(const struct mc_audit_report *report, mc_audit_say *say, void *context);

#endif
