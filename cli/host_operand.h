/* SPDX-License-Identifier: Apache-2.0 */
/* A machine named on the command line: a file (probe report, CPUID dump), this-machine, or a baseline or CPU model. */
#ifndef MC_CLI_HOST_OPERAND_H
#define MC_CLI_HOST_OPERAND_H

#include "readiness/profile.h"

#define MC_THIS_MACHINE "this-machine"

/* The profile's name is `text`, kept in the arena. The error's kind is MC_ERROR_USAGE where the text is neither a name
 * nor a file (the nearest name is suggested); others speak of the file. */
bool mc_host_operand(const char *text, struct mc_arena *arena, struct mc_profile *ret, struct mc_error *ret_error);

/* The same for a list. Files that cannot be read are named on stderr and stand in `errors`, whose items are NULL for
 * the others. -1: go on; else the exit status: a name is unknown, which was said. */
struct mc_host_list {
    struct mc_profile *profiles;
    const char **errors;
    size_t count, failed;
};
int mc_host_operands(const char *command, char *const *names, size_t count, struct mc_arena *arena,
                     struct mc_host_list *ret);

#endif
