/* SPDX-License-Identifier: Apache-2.0 */
/* The questions of `maskcheck baselines` that are about machines: --common, --explain, --admit. Each prints its report
 * to stdout and returns the exit status. */
#ifndef MC_CLI_BASELINES_HOSTS_H
#define MC_CLI_BASELINES_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

int mc_baselines_common(char *const *names, size_t count, bool json);
int mc_baselines_explain(char *const *names, size_t count, bool json);
/* names: the host, this machine when there is none. */
int mc_baselines_admit(const char *baseline, char *const *names, size_t count, bool json);

#endif
