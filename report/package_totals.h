/* SPDX-License-Identifier: Apache-2.0 */
/* The statement per package: what was scanned of it, and what was found. */
#ifndef MC_REPORT_PACKAGE_TOTALS_H
#define MC_REPORT_PACKAGE_TOTALS_H

#include "report/scan.h"

struct mc_package_totals {
    const char *name; /* NULL: files that no package owns */
    struct mc_scan_totals totals;
};

/* One for each owner of an analysed file, sorted by name, NULL last; in the arena. owners[i] and totals[i] are of item i. */
struct mc_package_totals *mc_package_totals_of(const char *const *owners, const struct mc_scan_totals *totals, size_t count,
                                               struct mc_arena *arena, size_t *ret_count);

#endif
