/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/baseline_option.h"

#include "probe/dump.h"

#include <string.h>
#include <unistd.h>

bool mc_baseline_option(const char *text, struct mc_baseline *ret, struct mc_error *ret_error)
{
    if (mc_baseline_parse(text, ret, ret_error))
        return true;
    /* Names come first, so that a file called like a baseline does not change what a name means. */
    if (!strchr(text, '/') && access(text, F_OK) != 0)
        return false;
    return mc_dump_baseline(text, ret, ret_error) || mc_fail_context(ret_error, "%s", text);
}
