/* SPDX-License-Identifier: Apache-2.0 */
#include "readiness/admission.h"

#include <stdio.h>
#include <string.h>

const char *mc_admission_name(enum mc_admission_condition condition)
{
    static const char *const names[] = {"line", "features", "hiding"};
    return names[condition];
}

const struct mc_baseline *mc_generation_of(enum mc_cpu_vendor vendor, const struct mc_machine *machine)
{
    static const struct {
        enum mc_cpu_vendor vendor;
        unsigned family, first_model, last_model, first_stepping, last_stepping;
        const char *baseline;
    } rows[] = {
#define MC_GENERATION(vendor, family, first_model, last_model, first_stepping, last_stepping, baseline, source) \
    {MC_VENDOR_##vendor, family, first_model, last_model, first_stepping, last_stepping, baseline},
#include "isa/generations.def"
#undef MC_GENERATION
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].vendor == vendor && rows[i].family == machine->family && rows[i].first_model <= machine->model &&
            machine->model <= rows[i].last_model && rows[i].first_stepping <= machine->stepping &&
            machine->stepping <= rows[i].last_stepping)
            return mc_baseline_find(rows[i].baseline);
    return NULL;
}

/* A model of the vendor's line that came after the table: recent families are taken for later generations. */
static bool is_newer(enum mc_cpu_vendor vendor, const struct mc_machine *machine)
{
    if (vendor == MC_VENDOR_AMD)
        return machine->family > 0x19;
    return vendor == MC_VENDOR_INTEL && (machine->family > 0x0F || (machine->family == 6 && machine->model > 0xA7));
}

static void judge_line(struct mc_admission *ret)
{
    const struct mc_machine *machine = &ret->host->machine;
    enum mc_cpu_vendor vendor = mc_profile_vendor_id(ret->host), wanted = mc_baseline_vendor(ret->baseline);
    char *text = ret->text[MC_ADMISSION_LINE];
    const size_t size = sizeof ret->text[0];
    ret->generation = mc_generation_of(vendor, machine);
    ret->holds[MC_ADMISSION_LINE] = vendor == wanted && (ret->generation || is_newer(vendor, machine));
    if (vendor != wanted)
        snprintf(text, size, "the CPU is of %s, the baseline of %s", mc_profile_vendor(ret->host),
                 mc_vendors[wanted].name);
    else if (ret->generation)
        snprintf(text, size, "family 0x%x model 0x%x stepping %u is of the generation %s", machine->family,
                 machine->model, machine->stepping, ret->generation->name);
    else
        snprintf(text, size, "family 0x%x model 0x%x is %s", machine->family, machine->model,
                 ret->holds[MC_ADMISSION_LINE] ? "newer than the known generations" : "in no generation of the line");
}

static size_t append_names(char *text, size_t size, size_t length, const char *label, const struct mc_feature_set *set)
{
    if (mc_set_empty(set) || length >= size)
        return length;
    length += (size_t)snprintf(text + length, size - length, "%s%s", length ? "; " : "", label);
    for (int feature = mc_set_next(set, 0); feature >= 0 && length < size; feature = mc_set_next(set, feature + 1))
        length += (size_t)snprintf(text + length, size - length, " %s", mc_features[feature].name);
    return length;
}

/* Kernel-only features of the baseline count, too: the guest's kernel has chosen by them. */
static void judge_features(struct mc_admission *ret)
{
    struct mc_feature_set needed = ret->baseline->features;
    char *text = ret->text[MC_ADMISSION_FEATURES];
    const size_t size = sizeof ret->text[0];
    for (int feature = mc_set_next(&needed, 0); feature >= 0; feature = mc_set_next(&needed, feature + 1))
        if (mc_features[feature].dynamic)
            mc_set_remove(&needed, (enum mc_feature)feature);
    ret->missing = mc_set_minus(needed, &ret->host->features);
    ret->holds[MC_ADMISSION_FEATURES] = mc_set_empty(&ret->missing);
    struct mc_feature_set lacked = mc_set_and(ret->missing, &ret->host->defined);
    struct mc_feature_set untold = mc_set_minus(ret->missing, &ret->host->defined);
    size_t length = append_names(text, size, 0, "it lacks", &lacked);
    append_names(text, size, length, "the dump does not tell", &untold);
    if (ret->holds[MC_ADMISSION_FEATURES])
        snprintf(text, size, "it has all of them");
}

static void judge_hiding(struct mc_admission *ret)
{
    const struct mc_machine *machine = &ret->host->machine;
    char *text = ret->text[MC_ADMISSION_HIDING];
    const size_t size = sizeof ret->text[0];
    bool same = ret->generation && strcmp(ret->generation->name, ret->baseline->name) == 0;
    const char *by = machine->masking_from_msr ? "its registers" : "its model";
    ret->holds[MC_ADMISSION_HIDING] = same || machine->masking;
    if (same) {
        snprintf(text, size, "it is exactly that generation");
        return;
    }
    for (int i = 0; i < MC_MASKING_COUNT && machine->masking; i++)
        if (machine->masking & mc_maskings[i].bit) {
            snprintf(text, size, "%s, told by %s, can hide what it has beyond the baseline", mc_maskings[i].name, by);
            return;
        }
    snprintf(text, size, "it is another generation, and told by %s it cannot hide what it has beyond the baseline", by);
}

bool mc_admission_judge(const struct mc_profile *host, const struct mc_baseline *baseline, struct mc_admission *ret,
                        struct mc_error *ret_error)
{
    if (baseline->family != MC_FAMILY_INTEL && baseline->family != MC_FAMILY_AMD)
        return mc_fail(ret_error, MC_ERROR_USAGE, MC_NO_OFFSET,
                       "'%s' is no EVC baseline; expected one such as intel-merom", baseline->name);
    if (!host->recorded)
        return mc_fail(ret_error, MC_ERROR_USAGE, MC_NO_OFFSET,
                       "'%s' is a name, not a CPU; expected a CPUID dump, a probe report or this-machine", host->name);
    *ret = (struct mc_admission){.host = host, .baseline = baseline};
    judge_line(ret);
    judge_features(ret);
    judge_hiding(ret);
    ret->admitted = true;
    for (int i = 0; i < MC_ADMISSION_CONDITIONS; i++)
        ret->admitted &= ret->holds[i];
    if (ret->holds[MC_ADMISSION_LINE] && !ret->holds[MC_ADMISSION_FEATURES] && ret->generation &&
        mc_set_within(&baseline->features, &ret->generation->features))
        ret->advice =
            "CPUs of its generation have these features: look for a setting of the firmware (AES, NX, VT) or a mask";
    struct mc_feature_set lacked = mc_set_and(ret->missing, &host->defined);
    if (!ret->holds[MC_ADMISSION_FEATURES] && mc_set_empty(&lacked))
        ret->advice = "Take a dump of the host with a current cpuid(1), or a probe report: this one leaves registers out";
    if (host->machine.hypervisor)
        ret->advice = "That CPUID is a virtual machine's: it says what the hypervisor shows, not what the host is";
    return true;
}
