/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/set_aside.h"

#include "cli/command.h"
#include "report/fingerprint.h"

int mc_set_aside_open(struct mc_set_aside *aside, const char *command, time_t now)
{
    struct mc_error error;
    if (aside->since && !mc_earlier_open(aside->since, &aside->earlier, &error))
        return mc_usage_error(command, "--since %s: %s", aside->since, error.text);
    if (aside->waiver_file && !mc_waivers_open(aside->waiver_file, now, &aside->waivers, &error))
        return mc_usage_error(command, "--waivers %s: %s", aside->waiver_file, error.text);
    return -1;
}

static void set_known(const struct mc_set_aside *aside, struct mc_file_result *result)
{
    struct mc_fingerprints prints;
    mc_fingerprints_open(&prints, result);
    for (size_t i = 0; i < result->finding_count; i++) {
        char fingerprint[MC_FINGERPRINT_SIZE];
        mc_fingerprint(&prints, &result->findings[i], fingerprint);
        result->findings[i].set_aside = mc_earlier_has(&aside->earlier, fingerprint);
    }
    mc_fingerprints_close(&prints);
}

static size_t set_waived(struct mc_set_aside *aside, const struct mc_scan_options *options, struct mc_file_result *result)
{
    char build_id[2 * sizeof result->build_id + 1] = "";
    size_t waived = 0;
    for (size_t i = 0; i < result->build_id_size; i++)
        snprintf(build_id + 2 * i, 3, "%02x", result->build_id[i]);
    if (!mc_waivers_meet(&aside->waivers, result->path, *build_id ? build_id : NULL))
        return 0;
    for (size_t i = 0; i < result->finding_count; i++) {
        struct mc_finding *finding = &result->findings[i];
        struct mc_feature_set needs = mc_set_minus(finding->needs, &options->baseline.features);
        struct mc_waived_use use = {result->path, *build_id ? build_id : NULL, finding->function, finding->use.address,
                                    mc_set_empty(&finding->missing) ? &needs : &finding->missing};
        bool matters = finding->verdict > MC_VERDICT_GUARDED || finding->severity != MC_NOTE;
        if (finding->set_aside || !matters || !mc_waivers_allow(&aside->waivers, &use))
            continue;
        finding->set_aside = true;
        waived++;
    }
    return waived;
}

size_t mc_set_aside(struct mc_set_aside *aside, const struct mc_scan_options *options, struct mc_file_result *result)
{
    bool matters = mc_result_has_findings(result);
    size_t waived = 0;
    if (aside->since && matters)
        set_known(aside, result);
    if (aside->waiver_file)
        waived = set_waived(aside, options, result);
    if (matters && (aside->since || aside->waiver_file))
        mc_result_sum_up(result, options);
    return waived;
}

void mc_set_aside_report(const struct mc_set_aside *aside)
{
    for (size_t i = 0; i < aside->waivers.list.count; i++) {
        const struct mc_waiver *waiver = &aside->waivers.list.items[i];
        struct mc_error error;
        if (waiver->expired)
            mc_fail(&error, MC_ERROR_UNSUPPORTED, MC_NO_OFFSET, "line %u: this waiver expired on %s and waives nothing",
                    waiver->line, waiver->expires);
        else if (!waiver->met)
            mc_fail(&error, MC_ERROR_UNSUPPORTED, MC_NO_OFFSET, "line %u: stale: no such file was scanned", waiver->line);
        else if (!waiver->used)
            mc_fail(&error, MC_ERROR_UNSUPPORTED, MC_NO_OFFSET, "line %u: stale: the file has nothing that it waives",
                    waiver->line);
        else
            continue;
        mc_diagnose(aside->waiver_file, &error);
    }
}

void mc_set_aside_close(struct mc_set_aside *aside)
{
    mc_earlier_free(&aside->earlier);
    mc_waivers_free(&aside->waivers);
}
