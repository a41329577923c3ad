/* SPDX-License-Identifier: Apache-2.0 */
/* From PATH arguments to the list of files to scan.
 *
 *     struct mc_inputs inputs = {0};
 *     mc_inputs_add(&inputs, "/usr/bin");            a file, or a folder with all below it
 *     mc_inputs_add_list(&inputs, stdin, '\n', &e);  paths from a list
 *     mc_inputs_finish(&inputs);                     one item per file, sorted by path, classified
 *
 * With a root, paths are those of that tree, with or without the root before them, and items have the path at which this
 * system finds them.
 *
 * "outer!inner" names a member of a container or archive, as reports do (input/container.h).
 *
 * A path given by name is followed when it is a symbolic link. Inside folders, links to files are followed,
 * links to folders are not, and /proc and /sys are passed over. A folder that is a container image is one item.
 * A file met under several names (device and inode) is listed once, under a name that is not a link where it
 * has one. Nothing is printed: what could not be read is an item with an error. Paths are bytes; they may hold
 * newlines and bad UTF-8. Cost: one stat, one open and one read of 512 bytes per file, and one more small read
 * where these say nothing. */
#ifndef MC_INPUT_WALK_H
#define MC_INPUT_WALK_H

#include "base/arena.h"
#include "base/error.h"
#include "input/classify.h"
#include "input/identity.h"

#include <signal.h>
#include <stdio.h>
#include <sys/types.h>

struct mc_input {
    const char *path;
    const char *member; /* of a container or archive only this one, by its full path (outer!inner); NULL: all */
    enum mc_input_kind kind;
    bool named; /* given as a PATH, not met in a folder */
    bool link;  /* the path's last part is a symbolic link */
    mode_t mode;
    uint64_t device, inode;
    uint64_t size;                /* bytes */
    int64_t mtime, ctime;         /* nanoseconds since the epoch: input/identity.h */
    const struct mc_error *error; /* NULL unless kind is ERROR or SPECIAL */
};

struct mc_inputs {
    struct mc_arena arena;
    struct mc_input *items;
    size_t count, capacity;
    const char *root; /* the tree in which all paths lie (input/root.h); NULL: this system. Set before anything is added */
    bool plain;       /* folders that are laid out as container images are folders like others */
    const volatile sig_atomic_t *stop; /* not 0: nothing more is added, read or classified; NULL: never */
};

void mc_inputs_add(struct mc_inputs *inputs, const char *path);
/* Reads paths that end in `separator` ('\n' or '\0'); empty ones are skipped. False when reading the list fails. */
bool mc_inputs_add_list(struct mc_inputs *inputs, FILE *list, char separator, struct mc_error *ret_error);
void mc_inputs_finish(struct mc_inputs *inputs);
void mc_inputs_free(struct mc_inputs *inputs);

#endif
