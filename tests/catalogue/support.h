/* SPDX-License-Identifier: Apache-2.0 */
/* What the catalogue's tests share: running a command for its output, and CPUID dumps of an emulated CPU. */
#ifndef MC_TESTS_CATALOGUE_SUPPORT_H
#define MC_TESTS_CATALOGUE_SUPPORT_H

#include "isa/feature.h"

#include <stdbool.h>
#include <stdint.h>

/* Standard output of a shell command, freed by the caller; NULL when it could not be started or failed. */
char *run_for_output(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool have_program(const char *name);

/* A line for the reader of the log. Criterion's own log functions make the program fail from level "warn" on. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct dump {
    struct {
        uint32_t leaf, subleaf, regs[4];
    } leaves[256];
    size_t count;
};

/* CPUID as a program sees it under `emulator -cpu cpu`; false when QEMU refuses the CPU. */
bool dump_under_qemu(const char *emulator, const char *program, const char *cpu, struct dump *ret);
/* One register; 0 where the dump has no such leaf. */
uint32_t dump_register(const struct dump *dump, uint32_t leaf, uint32_t subleaf, enum mc_register reg);
struct mc_feature_set dump_features(const struct dump *dump);

/* The names of a set, separated by spaces; a static buffer, one per call of four. */
const char *set_text(const struct mc_feature_set *set);
/* Features by catalogue name, separated by spaces; the test fails on an unknown one. */
struct mc_feature_set set_of(const char *names);

#endif
