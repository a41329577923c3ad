/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/baseline_option.h"

#include "cli/host_operand.h"
#include "probe/dump.h"
#include "probe/probe.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

static bool take_this_machine(struct mc_baseline *ret, struct mc_error *ret_error)
{
    const struct mc_probe_options views_only = {.skip_trials = true};
    struct mc_probe probe;
    if (!mc_probe_run(&views_only, &probe, ret_error))
        return false;
    *ret = (struct mc_baseline){.name = MC_THIS_MACHINE, .family = MC_FAMILY_MODEL, .features = probe.reported};
    mc_probe_free(&probe);
    return true;
}

bool mc_baseline_option(const char *text, struct mc_baseline *ret, struct mc_error *ret_error)
{
    if (strcasecmp(text, MC_THIS_MACHINE) == 0)
        return take_this_machine(ret, ret_error);
    /* A known name wins over a file of that name; "./NAME" means the file. */
    if (!strchr(text, '/') && mc_baseline_parse(text, ret, ret_error))
        return true;
    if (!strchr(text, '/') && access(text, F_OK) != 0)
        return false;
    return mc_dump_baseline(text, ret, ret_error);
}
