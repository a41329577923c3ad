/* SPDX-License-Identifier: Apache-2.0 */
/* From the words of a command line to the list of files to scan: paths, pid:N, lists, running processes. */
#ifndef MC_CLI_SCAN_INPUTS_H
#define MC_CLI_SCAN_INPUTS_H

#include "input/walk.h"

struct mc_sources {
    char *const *words; /* PATH arguments: files, folders, pid:N, - */
    int count;
    const char *list;   /* --files-from, NULL when not given */
    const char *root;   /* --root: the tree in which the paths lie; NULL: this system */
    bool zero;          /* lists are separated by NUL */
    bool running;       /* all processes too */
    size_t unread;      /* result: processes and mapped files that could not be read, named on stderr */
};

/* Fills and finishes *inputs. -1, or the exit status to end with after a message. */
int mc_gather_inputs(struct mc_sources *sources, const char *command, struct mc_inputs *inputs);

#endif
