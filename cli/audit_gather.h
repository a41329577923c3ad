/* SPDX-License-Identifier: Apache-2.0 */
/* What audit looks at: the files of PATHs, the executable mappings of processes, and all that ld.so would load for
 * either, each file once (device and inode). */
#ifndef MC_CLI_AUDIT_GATHER_H
#define MC_CLI_AUDIT_GATHER_H

#include "input/processes.h"
#include "input/walk.h"
#include "readiness/audit.h"

struct mc_gathered {
    struct mc_arena arena;       /* owns what follows, names and lists included */
    struct mc_inputs inputs;     /* to scan, sorted by path */
    struct mc_audit_file *files; /* by the same index; not condensed yet */
    struct mc_processes system;  /* names and paths of `processes` live here */
    struct mc_audit_process *processes;
    size_t process_count;
};

/* root: the tree of PATHs and of what they load, "" for this system. proc: NULL when processes are not asked for. False only when `proc` itself cannot be read. */
bool mc_gather(const char *root, char *const *paths, size_t path_count, const char *proc, struct mc_gathered *ret,
               struct mc_error *ret_error);
void mc_gathered_free(struct mc_gathered *gathered);

/* After the scan: which of the functions that are doors of some cause each file imports. */
void mc_gather_imports(struct mc_gathered *gathered);

#endif
