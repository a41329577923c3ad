/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/baseline_option.h"

#include "probe/dump.h"

#include <string.h>
#include <unistd.h>

bool mc_baseline_option(const char *text, struct mc_baseline *ret, struct mc_error *ret_error)
{
    /* A known name wins over a file of that name; "./NAME" means the file. */
    if (!strchr(text, '/') && mc_baseline_parse(text, ret, ret_error))
        return true;
    if (!strchr(text, '/') && access(text, F_OK) != 0)
        return false;
    return mc_dump_baseline(text, ret, ret_error);
}
