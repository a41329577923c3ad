/* SPDX-License-Identifier: Apache-2.0 */
/* Reports around baselines: what a pool of hosts has in common, how two differ, whether a host may join a cluster. For
 * people, and as schemas maskcheck/pool/1, maskcheck/difference/1 and maskcheck/admission/1, each one JSON object and a
 * newline. */
#ifndef MC_REPORT_POOL_H
#define MC_REPORT_POOL_H

#include "readiness/admission.h"
#include "readiness/pool.h"

#include <stdio.h>

struct mc_pool_report {
    const char *version; /* of maskcheck */
    bool colour;
    const char *const *unread, *const *errors; /* files that could not be read, and why */
    size_t unread_count;
};
void mc_pool_report_text(FILE *stream, const struct mc_pool *pool, const struct mc_pool_report *report);
void mc_pool_report_json(FILE *stream, const struct mc_pool *pool, const struct mc_pool_report *report);

/* What the second has beyond the first (adds: compared from it to the first) and the other way round (drops). */
void mc_difference_report_text(FILE *stream, const struct mc_comparison *adds, const struct mc_comparison *drops);
void mc_difference_report_json(FILE *stream, const struct mc_comparison *adds, const struct mc_comparison *drops,
                               const char *version);

void mc_admission_report_text(FILE *stream, const struct mc_admission *admission, bool colour);
void mc_admission_report_json(FILE *stream, const struct mc_admission *admission, const char *version);

/* "Penryn,+aes,-nx" for QEMU's -cpu; libvirt's <cpu> element, with newlines. */
void mc_print_qemu_cpu(FILE *stream, const struct mc_guest_cpu *cpu);
void mc_print_libvirt_cpu(FILE *stream, const struct mc_guest_cpu *cpu);

#endif
