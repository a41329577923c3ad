/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/host_operand.h"

#include "probe/probe.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

bool mc_dump_this_machine(struct mc_dump *ret, struct mc_error *ret_error)
{
    const struct mc_probe_options views_only = {.skip_trials = true};
    struct mc_probe probe;
    if (!mc_probe_run(&views_only, &probe, ret_error))
        return false;
    *ret = (struct mc_dump){.format = MC_DUMP_CPUID_R};
    for (size_t i = 0; i < probe.cpu_count; i++)
        mc_dump_add_cpu(ret, probe.cpus[i]->cpu)->snapshot = probe.cpus[i]->snapshot;
    mc_probe_free(&probe);
    return true;
}

bool mc_host_operand(const char *text, struct mc_arena *arena, struct mc_profile *ret, struct mc_error *ret_error)
{
    struct mc_baseline baseline;
    struct mc_dump dump;
    const char *name = mc_arena_strdup(arena, text);
    bool path = strchr(text, '/') || strcmp(text, "-") == 0;
    if (strcasecmp(text, MC_THIS_MACHINE) == 0) {
        if (!mc_dump_this_machine(&dump, ret_error))
            return false;
    } else if (!path && mc_baseline_parse(text, &baseline, ret_error)) {
        /* A known name wins over a file of that name; "./NAME" means the file. */
        mc_profile_of_baseline(&baseline, ret);
        ret->name = name;
        return true;
    } else if (!path && access(text, F_OK) != 0) {
        return false; /* says what is wrong with the name */
    } else if (!mc_dump_read(text, &dump, ret_error)) {
        return false;
    }
    mc_profile_of_dump(&dump, name, ret);
    mc_dump_free(&dump);
    return true;
}
