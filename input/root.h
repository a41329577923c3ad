/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of another system, such as a guest's disk that is mounted here. Its paths and symbolic links mean files of that
 * tree, wherever they lead. Symbolic links are read one by one: not all kernels can resolve a path so (openat2 is of 5.6). */
#ifndef MC_INPUT_ROOT_H
#define MC_INPUT_ROOT_H

#include "base/arena.h"

/* Where a path of the tree is on this system: the root, and the path without links. NULL (errno says why) when there is no
 * such file. Root "" is this system: the path as it is, whether or not it exists. */
const char *mc_root_resolve(const char *root, const char *path, struct mc_arena *arena);
/* A path that begins with the root is the tree's path behind it; every other one is of the tree already. */
const char *mc_root_inner(const char *root, const char *path);

#endif
