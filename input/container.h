/* SPDX-License-Identifier: Apache-2.0 */
/* What is inside packages, archives, images and compressed files, without writing anything to a disk.
 *
 * Every member is given to a callback under a path of its own: outer!inner, and so on for archives within archives.
 * A compressed file is what is compressed, under its own name; so are the files of the data.tar of a Debian package and the
 * payload of an RPM, which are named as if they stood in the package itself. Leading "./" and "/" of members' names are
 * left out; members of the same name are told apart by a number: name(2). Folders, symbolic links and hard links to
 * another member are passed over. In container images only what no later layer replaces or deletes is given.
 *
 * What cannot be read is a member of kind ERROR, with the path of the archive or the member, and reading goes on where it
 * can. Thread-safe: no shared state. */
#ifndef MC_INPUT_CONTAINER_H
#define MC_INPUT_CONTAINER_H

#include "base/error.h"
#include "input/walk.h"

/* Bounds, so that a small file cannot cost any amount of memory and time. What they stop is said (MC_ERROR_LIMIT). */
#define MC_CONTAINER_DEPTH 8                          /* containers and compressions within one another */
#define MC_CONTAINER_MEMBER (UINT64_C(2) << 30)       /* bytes of one member that is looked into */
#define MC_CONTAINER_MEMBERS 1000000                  /* members of one file, in all depths */
#define MC_CONTAINER_TOTAL (UINT64_C(1) << 30)        /* bytes unpacked from one file ... */
#define MC_CONTAINER_RATIO 200                        /* ... and that many times its size */
#define MC_CONTAINER_NAME 4096                        /* bytes of a member's name: PATH_MAX of Linux */

/* A container image that had to be unpacked into memory, while its members are visited. */
struct mc_held {
    const char *path;
    const uint8_t *bytes;
    size_t size;
    unsigned depth;
};

struct mc_member {
    const char *path;
    enum mc_input_kind kind; /* never a container */
    const uint8_t *bytes;    /* of ELF files and ar archives: all of it; else NULL */
    size_t size;
    const struct mc_error *error; /* of ERROR and SPECIAL; else NULL */
    bool empty;                   /* of OTHER: no bytes at all */
    const struct mc_held *held;   /* the image that it is in; NULL: none, or not in memory */
    const char *package;          /* of ELF files and ar archives: the package that they are in, as it calls itself; else NULL */
};

/* All pointers end with the call. */
typedef void mc_member_visit(void *context, const struct mc_member *member);

/* Whether a path is asked for by `wanted`, or leads to it, or lies within it. NULL: everything is. */
bool mc_member_is_wanted(const char *wanted, const char *path);

/* Of "outer!inner": where the file `outer` of the tree (input/root.h; root "" for this system) is, and in *ret_length how much
 * of the path names it; the longest when several do. NULL: none does. */
const char *mc_member_outer(const char *root, const char *path, struct mc_arena *arena, size_t *ret_length);

/* `input` is a container. `wanted`: only this path and what is inside it; NULL: all. */
void mc_container_read(const struct mc_input *input, const char *wanted, mc_member_visit *visit, void *context);
/* All of it once more, from within a visit: `held` is what its member had. Where that is all of the container it is not unpacked
 * again. */
void mc_container_read_again(const struct mc_input *input, const struct mc_held *held, mc_member_visit *visit, void *context);

#endif
