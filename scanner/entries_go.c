/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/entries_build.h"

void mc_entries_from_go(struct mc_entry_finder *finder)
{
    (void)finder;
}
