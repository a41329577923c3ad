/* SPDX-License-Identifier: Apache-2.0 */
/* A machine named on the command line: a file (probe report, CPUID dump), this-machine, or a baseline or CPU model. */
#ifndef MC_CLI_HOST_OPERAND_H
#define MC_CLI_HOST_OPERAND_H

#include "readiness/profile.h"

#define MC_THIS_MACHINE "this-machine"

/* The profile's name is `text`, kept in the arena. The error's kind is MC_ERROR_USAGE where the text is neither a name
 * nor a file (the nearest name is suggested); others speak of the file. */
bool mc_host_operand(const char *text, struct mc_arena *arena, struct mc_profile *ret, struct mc_error *ret_error);

/* This machine's CPUID on every CPU, as if read from a dump; freed with mc_dump_free. */
bool mc_dump_this_machine(struct mc_dump *ret, struct mc_error *ret_error);

#endif
