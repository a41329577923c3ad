/* SPDX-License-Identifier: Apache-2.0 */
/* The guard proof (design.md 5.3): for each use, is its feature known on every way to it? */
#ifndef MC_SCANNER_PROOF_H
#define MC_SCANNER_PROOF_H

#include "scanner/explain.h"
#include "scanner/providers.h"

struct mc_proof_options {
    const struct mc_feature_set *baseline;
    bool strict_conformance, strict_proof;
    struct mc_providers *providers; /* NULL: what other files say is not known */
    const char *asker; /* path of the module that is asked itself; NULL */
    bool explain; /* the uses that result->explained->place means */
};

/* Judges every use; TZCNT that works as BSF is none. Findings (in the order of the uses) and new gaps go to `result`, allocated
 * from result->arena. The entries may be extended by the sweep of references. With `explain`,
 * result->explained must be there; its place is looked up anew, since more functions are known then. */
void mc_proof_run(const struct mc_image *image, struct mc_entries *entries, const struct mc_uses *uses,
                  const struct mc_proof_options *options, struct mc_file_result *result);

#endif
