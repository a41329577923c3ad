/* SPDX-License-Identifier: Apache-2.0 */
/* May a host join a cluster of an EVC baseline? Three conditions, all of which must hold. Pure. */
#ifndef MC_READINESS_ADMISSION_H
#define MC_READINESS_ADMISSION_H

#include "readiness/profile.h"

enum mc_admission_condition {
    MC_ADMISSION_LINE,     /* vendor, family and model belong to the baseline's line of CPUs */
    MC_ADMISSION_FEATURES, /* it has every feature of the baseline */
    MC_ADMISSION_HIDING,   /* it is exactly that generation, or its hardware can hide the rest */
    MC_ADMISSION_CONDITIONS
};
const char *mc_admission_name(enum mc_admission_condition condition); /* "line", "features", "hiding" */

struct mc_admission {
    const struct mc_profile *host;
    const struct mc_baseline *baseline;
    bool admitted;
    bool holds[MC_ADMISSION_CONDITIONS];
    char text[MC_ADMISSION_CONDITIONS][160]; /* why, a sentence without a full stop */
    struct mc_feature_set missing;
    const struct mc_baseline *generation; /* the one that the CPU is, NULL when it is in no row */
    const char *advice; /* what may mend it, NULL none: firmware that disables features, for instance */
};

/* The baseline must be of an EVC family, and the host recorded: *ret_error (USAGE) says so otherwise. What the hardware
 * can hide is taken from host->machine.masking: by model, or by MSR where those were read. */
bool mc_admission_judge(const struct mc_profile *host, const struct mc_baseline *baseline, struct mc_admission *ret,
                        struct mc_error *ret_error);

/* The EVC baseline that a CPU is the generation of, NULL when it is in no row. */
const struct mc_baseline *mc_generation_of(enum mc_cpu_vendor vendor, const struct mc_machine *machine);

#endif
