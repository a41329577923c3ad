/* SPDX-License-Identifier: Apache-2.0 */
#include "report/package_totals.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
    const struct mc_package_totals *x = a, *y = b;
    if (!x->name || !y->name)
        return !x->name - !y->name;
    return strcmp(x->name, y->name);
}

struct mc_package_totals *mc_package_totals_of(const char *const *owners, const struct mc_scan_totals *totals, size_t count,
                                               struct mc_arena *arena, size_t *ret_count)
{
    struct mc_package_totals *list = MC_NEW_ARRAY(arena, count + 1, struct mc_package_totals);
    size_t used = 0, kept = 0;
    for (size_t i = 0; i < count; i++)
        if (totals[i].files > totals[i].skipped)
            list[used++] = (struct mc_package_totals){owners[i], totals[i]};
    if (used)
        qsort(list, used, sizeof *list, by_name);
    for (size_t i = 0; i < used; i++)
        if (kept && by_name(&list[kept - 1], &list[i]) == 0)
            mc_scan_totals_merge(&list[kept - 1].totals, &list[i].totals);
        else
            list[kept++] = list[i];
    *ret_count = kept;
    return list;
}
