/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/host_operand.h"

#include "cli/command.h"
#include "probe/probe.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

static bool profile_this_machine(const char *name, struct mc_profile *ret, struct mc_error *ret_error)
{
    const struct mc_probe_options views_only = {.skip_trials = true};
    struct mc_probe probe;
    if (!mc_probe_run(&views_only, &probe, ret_error))
        return false;
    mc_profile_of_probe(&probe, name, ret);
    mc_probe_free(&probe);
    return true;
}

/* No machine has CPUs of two vendors: such a file holds the dumps of several machines. */
static bool check_one_machine(const struct mc_dump *dump, struct mc_error *ret_error)
{
    char first[13], other[13];
    mc_snapshot_vendor(&dump->cpus[0].snapshot, first);
    for (size_t i = 1; i < dump->count; i++) {
        mc_snapshot_vendor(&dump->cpus[i].snapshot, other);
        if (strcmp(first, other) != 0)
            return mc_fail(ret_error, MC_ERROR_FORMAT, MC_NO_OFFSET,
                           "CPU %u is of %s, CPU %u of %s; expected the CPUs of one machine in one file",
                           dump->cpus[0].cpu, first, dump->cpus[i].cpu, other);
    }
    return true;
}

bool mc_host_operand(const char *text, struct mc_arena *arena, struct mc_profile *ret, struct mc_error *ret_error)
{
    struct mc_baseline baseline;
    struct mc_dump dump;
    const char *name = mc_arena_strdup(arena, text);
    bool path = strchr(text, '/') || strcmp(text, "-") == 0;
    if (strcasecmp(text, MC_THIS_MACHINE) == 0)
        return profile_this_machine(name, ret, ret_error);
    if (!path && mc_baseline_parse(text, &baseline, ret_error)) {
        /* A known name wins over a file of that name; "./NAME" means the file. */
        mc_profile_of_baseline(&baseline, ret);
        ret->name = name;
        return true;
    }
    if (!path && access(text, F_OK) != 0)
        return strstr(ret_error->text, "unknown baseline") && !mc_baseline_nearest(text)
                   ? mc_fail(ret_error, MC_ERROR_USAGE, MC_NO_OFFSET,
                             "'%s' is neither a file nor a known baseline or CPU model", text)
                   : false; /* *ret_error says what is wrong with the name */
    if (!mc_dump_read(text, &dump, ret_error))
        return false;
    bool good = check_one_machine(&dump, ret_error);
    if (good)
        mc_profile_of_dump(&dump, name, ret);
    mc_dump_free(&dump);
    return good;
}

int mc_host_operands(const char *command, char *const *names, size_t count, struct mc_arena *arena,
                     struct mc_host_list *ret)
{
    ret->profiles = MC_NEW_ARRAY(arena, count, struct mc_profile);
    ret->errors = MC_NEW_ARRAY(arena, count, const char *);
    ret->count = count;
    ret->failed = 0;
    for (size_t i = 0; i < count; i++) {
        struct mc_error error;
        if (mc_host_operand(names[i], arena, &ret->profiles[i], &error))
            continue;
        if (error.kind == MC_ERROR_USAGE)
            return mc_usage_error(command, "%s", error.text);
        mc_diagnose(names[i], &error);
        ret->profiles[i].name = names[i];
        ret->errors[i] = mc_arena_strdup(arena, error.text);
        ret->failed++;
    }
    return -1;
}
