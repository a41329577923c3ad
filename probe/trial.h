/* SPDX-License-Identifier: Apache-2.0 */
/* Trials: run one instruction, catch what it does, compare its result with a scalar model (design.md section 4).
 *
 * Order of calls: pin the thread to the CPU in question, mc_trials_run() once, then mc_trials_of_feature() for each
 * feature. The instructions run in forked children, one per feature, replaced after a fault, hang or corruption, so
 * nothing that an instruction does reaches the caller: no signal handler, no register, no memory of the calling process
 * changes. The rows stand in the trials_*.def tables; nothing here asks CPUID, so reported and executed stay two
 * independent answers.
 *
 * This file, the engine and the models use no library beyond what probe/static/ provides as well: they also make up the
 * static executable, in 64-bit and in 32-bit mode. */
#ifndef MC_PROBE_TRIAL_H
#define MC_PROBE_TRIAL_H

#include "base/error.h"
#include "isa/feature.h"

enum mc_outcome { /* what one trial, or all trials of a feature, came to; names as in the JSON of probe */
                  MC_OUTCOME_NOT_RUN = 0, /* no trial was made: filtered out, or a recorded dump */
                  MC_OUTCOME_OK,          /* ran, and every result equals the model's */
                  MC_OUTCOME_UD,          /* #UD: SIGILL exactly at the instruction (XGETBV with ECX 1: #GP) */
                  MC_OUTCOME_ALIAS,  /* ran as the older instruction with the same bytes (LZCNT as BSR, TZCNT as BSF) */
                  MC_OUTCOME_WRONG,  /* ran, and some result differs, or it left a state that cannot go on */
                  MC_OUTCOME_OS_OFF, /* #UD, and XCR0 (or CR4) lacks state that the feature needs, so it tells nothing
                                        of the CPU */
                  MC_OUTCOME_FAULT,  /* anything else: another signal at the instruction, a hang, a lost child */
                  MC_OUTCOME_UNTESTABLE, /* cannot be told, for the reason in `why` */
};
const char *mc_outcome_name(enum mc_outcome outcome); /* "ok", "ud", "os-off", "not-run" ... */

struct mc_trial; /* a row of the tables: probe/trial_table.h */

struct mc_trial_result {
    enum mc_outcome outcome;
    unsigned runs;          /* times the instruction was run: inputs x immediates */
    int signal, code;       /* of the fault, si_code included; 0 when there was none */
    uint64_t fault_address; /* si_addr as the kernel gave it */
    int64_t fault_offset;   /* the faulting instruction's address minus the trial instruction's, bytes; 0: at it */
    char why[112];          /* one sentence, "" for OK */
};

/* The rows of this mode (64-bit code has some that 32-bit code lacks), sorted by feature. */
size_t mc_trial_count(void);
enum mc_feature mc_trial_feature(size_t trial);
const char *mc_trial_text(size_t trial);                           /* "pmulld xmm1, xmm2" */
size_t mc_trial_bytes(size_t trial, uint8_t ret_bytes[static 16]); /* the instruction's length in bytes, 1..15 */
/* Why the feature has no trial ("privileged instruction"), or NULL when it has one or the catalogue calls it
 * kernel-only. */
const char *mc_trial_untestable(enum mc_feature feature);

struct mc_trials_options {
    const struct mc_feature_set *only; /* NULL: all */
    unsigned timeout_ms;               /* for one instruction; 0: 200 */
};

struct mc_trials {
    struct mc_trial_result *results; /* [mc_trial_count()], owned; mc_trials_free */
    size_t count;
    bool xcr0_known; /* XGETBV ran; else CR4.OSXSAVE is off or the CPU has no XSAVE */
    uint64_t xcr0;
    unsigned children; /* forked */
};

/* Runs the trials on the CPU the calling thread is pinned to. False and *ret_error when they could not be run for a
 * reason outside the CPU (no memory, fork or executable mapping refused): exit status 3 of the command. */
bool mc_trials_run(const struct mc_trials_options *options, struct mc_trials *ret, struct mc_error *ret_error);
void mc_trials_free(struct mc_trials *trials);

/* All trials of a feature as one answer. The outcome is the worst: WRONG, FAULT, ALIAS, UD, OS_OFF, OK in this order,
 * then UNTESTABLE, NOT_RUN. ok < ran tells a mixture; with ok > 0 the CPU does execute (part of) the feature. `why`
 * names the first trial with that outcome. A feature without trials is UNTESTABLE with its reason. */
struct mc_feature_trial {
    enum mc_outcome outcome;
    unsigned ran, ok; /* trials that came to an answer (all but UNTESTABLE and NOT_RUN); those of them that were OK */
    char why[160];    /* "" when OK */
};
struct mc_feature_trial mc_trials_of_feature(const struct mc_trials *trials, enum mc_feature feature);

#endif
