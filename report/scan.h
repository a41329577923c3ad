/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of scan. A report is written as: begin, then one chunk per result, then end, all to one stream; chunks may be
 * rendered by several threads into memory and put together in order, with `between` in between. */
#ifndef MC_REPORT_SCAN_H
#define MC_REPORT_SCAN_H

#include "report/words.h"
#include "scanner/evidence.h"

#include <time.h>

struct mc_report_options {
    const char *version;              /* of maskcheck */
    char *const *command;             /* the command line, NULL-terminated */
    const char *folder;               /* the current one; absolute, NULL when unknown */
    const struct mc_baseline *baseline;
    bool baseline_is_default;
    bool all_uses;                    /* list every use, not only what matters */
    bool verbose;                     /* text: name clean and skipped files too */
    bool quiet;                       /* text: a line per unsafe file and nothing else */
    bool summary;                     /* text: the numbers and the answer only */
    bool hashes;                      /* text: the SHA-256 of the files that are listed */
    bool colour;                      /* text: with ANSI colours */
    time_t generated;                 /* seconds since the epoch */
};

struct mc_scan_totals { /* the summary; `verdicts` counts files, indexed by enum mc_verdict */
    size_t files, verdicts[MC_VERDICT_UNGUARDED + 1], partial, skipped, errors;
    size_t partial_safe; /* of `partial`, those without an unsafe use */
    size_t dead_uses, set_aside, waived; /* uses; those set aside that are waived */
    size_t fatal;                /* files with a finding of --fail-on */
    size_t with_uses;            /* files */
    size_t uses, proved, inferred, warnings; /* uses, those that are set aside left out; warnings among them */
    size_t not_scanned;          /* items that were left when the user interrupted the scan */
    const struct mc_package_totals *packages; /* NULL: nobody asked who owns the files */
    size_t package_count;
    double seconds;
};

void mc_scan_totals_add(struct mc_scan_totals *totals, const struct mc_file_result *result);
size_t mc_unsafe_files(const struct mc_scan_totals *totals);
void mc_scan_totals_merge(struct mc_scan_totals *totals, const struct mc_scan_totals *more);

struct mc_scan_format {
    const char *name, *between;
    bool shows_code; /* beyond the findings' own instructions: needs result->image, which a result from a cache has not */
    bool states_packages; /* in `end`: totals->packages are wanted where there are several files */
    bool answer_first; /* what begin writes needs the totals: the caller calls it last and puts it in front */
    /* `totals` is NULL unless answer_first. */
    void (*begin)(FILE *stream, const struct mc_report_options *options, const struct mc_scan_totals *totals);
    /* May write nothing (text: a clean file); then `between` is left out. `named`: the user named this file itself. */
    void (*file)(FILE *stream, const struct mc_report_options *options, const struct mc_file_result *result, bool named);
    void (*end)(FILE *stream, const struct mc_report_options *options, const struct mc_scan_totals *totals);
};
const struct mc_scan_format *mc_scan_format_find(const char *name); /* NULL when unknown */
const char *mc_scan_format_names(void);                            /* "text, json, ..." */

#define MC_INSTRUCTION_TEXT 160 /* bytes, NUL included */
/* The instruction as an assembler would write it; its mnemonic only when there are no bytes or the disassembler does not
 * know them. `need` 0 when there is none. */
void mc_instruction_text(enum mc_mode mode, const struct mc_code *code, uint64_t address, uint16_t need,
                         char ret[MC_INSTRUCTION_TEXT]);

#endif
