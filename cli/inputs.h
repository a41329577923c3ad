/* SPDX-License-Identifier: Apache-2.0 */
/* The files a command works on: from PATH arguments (files, folders), and from lists read from a file or stdin. */
#ifndef MC_CLI_INPUTS_H
#define MC_CLI_INPUTS_H

#include "base/vector.h"
#include "cli/scan_jobs.h"

struct mc_inputs {
    struct mc_arena arena; /* owns the paths */
    MC_VECTOR(struct mc_scan_item) items;
};

/* What cannot be read becomes an item all the same, so that the scan says why. */
void mc_inputs_add_path(struct mc_inputs *inputs, const char *path);
/* One path per line, or per NUL byte when `zero`. "-" is stdin. */
bool mc_inputs_add_list(struct mc_inputs *inputs, const char *list, bool zero, struct mc_error *ret_error);
/* By path, each path once. */
void mc_inputs_sort(struct mc_inputs *inputs);
void mc_inputs_free(struct mc_inputs *inputs);

#endif
