/* SPDX-License-Identifier: Apache-2.0 */
/* Fingerprints of findings: the same for the same use in the next build of the same file, so that reports can be compared.
 *
 * A fingerprint is a hash of: the file's path (without a leading "./" and the version after ".so"), the function, the
 * feature, the rule, and the number of earlier findings of the file that agree in all of these. The function is its name
 * without what link-time optimisation appends, or, without a name, its instructions without displacements and addresses.
 * There are no addresses in it, and it does not depend on which findings a report lists. */
#ifndef MC_REPORT_FINGERPRINT_H
#define MC_REPORT_FINGERPRINT_H

#include "scanner/verdict.h"

#define MC_FINGERPRINT_SIZE 33 /* 32 hexadecimal digits and a NUL */

struct mc_fingerprints { /* of one file */
    const struct mc_file_result *result;
    char *file;        /* the path as it is hashed */
    uint64_t *groups;  /* by finding: file, function, feature and rule as a number */
    unsigned *numbers; /* by finding: how many of its group come before it */
};

void mc_fingerprints_open(struct mc_fingerprints *ret, const struct mc_file_result *result);
/* `finding` is one of the file's. */
void mc_fingerprint(const struct mc_fingerprints *prints, const struct mc_finding *finding, char ret[MC_FINGERPRINT_SIZE]);
void mc_fingerprints_close(struct mc_fingerprints *prints);

#endif
