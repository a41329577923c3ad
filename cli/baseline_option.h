/* SPDX-License-Identifier: Apache-2.0 */
/* The option --baseline, which means the same in every command. */
#ifndef MC_CLI_BASELINE_OPTION_H
#define MC_CLI_BASELINE_OPTION_H

#include "isa/baseline.h"

#define MC_DEFAULT_BASELINE "x86-64-v1"

/* NAME; NAME,+f,-f; this-machine; or FILE (a probe report or CPUID dump: the host to move to). */
bool mc_baseline_option(const char *text, struct mc_baseline *ret, struct mc_error *ret_error);

#endif
