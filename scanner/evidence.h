/* SPDX-License-Identifier: Apache-2.0 */
/* What a report shows of a finding besides the verdict: bytes, source line, whether it runs before main. Taken from the
 * image once, when the file is judged, so that a result says everything by itself and can be kept without its file. */
#ifndef MC_SCANNER_EVIDENCE_H
#define MC_SCANNER_EVIDENCE_H

#include "scanner/image.h"
#include "scanner/verdict.h"

struct mc_evidence_options {
    bool all_sources;         /* debug information is read for the findings that a report lists (it costs most), or for all */
    const char *debug_folder; /* of separate debug files, NULL: none */
};
/* Separate debug files that were looked for become dependencies of the result. */
void mc_evidence_add(const struct mc_image *image, const struct mc_entries *entries, const struct mc_evidence_options *options,
                     struct mc_file_result *result);
/* FNV-1a, 64 bits. */
#define MC_HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t mc_hash_bytes(uint64_t hash, const void *bytes, size_t size);
struct mc_code mc_code_at(const struct mc_image *image, uint64_t address); /* size 0 outside the file's bytes */

/* Walks the findings that a report lists: those that matter, a few per function, unless all are wanted. */
struct mc_finding_choice {
    const struct mc_file_result *result;
    bool all;
    size_t next;           /* index to look at */
    uint64_t function;     /* of the last one returned */
    unsigned in_function;  /* returned of it so far */
    size_t left_out;       /* of those that matter */
};
const struct mc_finding *mc_next_finding(struct mc_finding_choice *choice); /* NULL at the end */

#endif
