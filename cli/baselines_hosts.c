/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/baselines_hosts.h"

#include "cli/command.h"
#include "cli/host_operand.h"
#include "report/pool.h"

#define COMMAND "baselines"

static int judge_pool(const struct mc_host_list *hosts, char *const *names, bool json, struct mc_arena *arena)
{
    const struct mc_profile **readable = MC_NEW_ARRAY(arena, hosts->count, const struct mc_profile *);
    const char **unread = MC_NEW_ARRAY(arena, hosts->count, const char *);
    const char **errors = MC_NEW_ARRAY(arena, hosts->count, const char *);
    struct mc_pool_report report = {mc_version, mc_want_colour(stdout), unread, errors, 0};
    struct mc_pool pool;
    size_t count = 0;
    for (size_t i = 0; i < hosts->count; i++) {
        if (!hosts->errors[i]) {
            readable[count++] = &hosts->profiles[i];
            continue;
        }
        unread[report.unread_count] = names[i];
        errors[report.unread_count++] = hosts->errors[i];
    }
    if (!count)
        return MC_EXIT_INCOMPLETE; /* said why already */
    mc_pool_judge(readable, count, arena, &pool);
    if (json)
        mc_pool_report_json(stdout, &pool, &report);
    else
        mc_pool_report_text(stdout, &pool, &report);
    if (!mc_finish_output(stdout, NULL))
        return MC_EXIT_USAGE;
    return hosts->failed ? MC_EXIT_INCOMPLETE : MC_EXIT_SAFE;
}

int mc_baselines_common(char *const *names, size_t count, bool json)
{
    struct mc_arena arena = {0};
    struct mc_host_list hosts;
    if (!count)
        return mc_usage_error(COMMAND, "--common needs at least one FILE");
    int status = mc_host_operands(COMMAND, names, count, &arena, &hosts);
    if (status < 0)
        status = judge_pool(&hosts, names, json, &arena);
    mc_arena_free(&arena);
    return status;
}

int mc_baselines_explain(char *const *names, size_t count, bool json)
{
    struct mc_arena arena = {0};
    struct mc_host_list hosts;
    struct mc_comparison adds, drops;
    if (count != 2)
        return mc_usage_error(COMMAND, "--explain needs two: A B, got %zu", count);
    int status = mc_host_operands(COMMAND, names, count, &arena, &hosts);
    if (status < 0 && hosts.failed)
        status = MC_EXIT_INCOMPLETE;
    if (status < 0) {
        mc_compare(&hosts.profiles[1], &hosts.profiles[0], false, &arena, &adds);
        mc_compare(&hosts.profiles[0], &hosts.profiles[1], false, &arena, &drops);
        if (json)
            mc_difference_report_json(stdout, &adds, &drops, mc_version);
        else
            mc_difference_report_text(stdout, &adds, &drops);
        status = mc_finish_output(stdout, NULL) ? MC_EXIT_SAFE : MC_EXIT_USAGE;
    }
    mc_arena_free(&arena);
    return status;
}

int mc_baselines_admit(const char *baseline, char *const *names, size_t count, bool json)
{
    static char this_machine[] = MC_THIS_MACHINE;
    char *const itself[] = {this_machine};
    struct mc_arena arena = {0};
    struct mc_host_list hosts;
    struct mc_baseline chosen;
    struct mc_admission admission;
    struct mc_error error;
    if (count > 1)
        return mc_usage_error(COMMAND, "--admit judges one host at a time, got '%s' too", names[1]);
    if (!mc_baseline_parse(baseline, &chosen, &error))
        return mc_usage_error(COMMAND, "%s", error.text);
    int status = mc_host_operands(COMMAND, count ? names : itself, 1, &arena, &hosts);
    if (status < 0 && hosts.failed)
        status = MC_EXIT_INCOMPLETE;
    if (status < 0 && !mc_admission_judge(&hosts.profiles[0], &chosen, &admission, &error))
        status = mc_usage_error(COMMAND, "%s", error.text);
    if (status < 0) {
        if (json)
            mc_admission_report_json(stdout, &admission, mc_version);
        else
            mc_admission_report_text(stdout, &admission, mc_want_colour(stdout));
        status = !mc_finish_output(stdout, NULL) ? MC_EXIT_USAGE : admission.admitted ? MC_EXIT_SAFE : MC_EXIT_UNSAFE;
    }
    mc_arena_free(&arena);
    return status;
}
