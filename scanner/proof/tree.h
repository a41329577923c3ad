/* SPDX-License-Identifier: Apache-2.0 */
/* The libraries within a container, for its members' questions. No loader is there to ask: DT_NEEDED is looked up by soname among all
 * members of the container; one in the asker's own archive and folder is preferred, then one in a loader's default folders. Where
 * others of the same name are left, none is taken. Symbolic links and run paths are not looked at. */
#ifndef MC_SCANNER_PROOF_TREE_H
#define MC_SCANNER_PROOF_TREE_H

#include "input/container.h"

#define MC_TREE_BYTES ((size_t)512 << 20) /* of libraries that may ask CPUID: more are not kept */

struct mc_tree;

/* Reads the container once more, from within a visit of a member with this `held`. Never NULL. */
struct mc_tree *mc_tree_read(const struct mc_input *container, const struct mc_held *held);
void mc_tree_free(struct mc_tree *tree); /* accepts NULL */
bool mc_tree_is_cut(const struct mc_tree *tree); /* a library was not kept */

/* Paths of the members that are loaded with the member `path`, in the order in which symbols are looked up. In the arena, but the
 * paths are the tree's. */
const char **mc_tree_closure(const struct mc_tree *tree, const char *path, struct mc_arena *arena, size_t *ret_count);
/* The bytes of a library that may ask CPUID; NULL for others. */
const uint8_t *mc_tree_bytes(const struct mc_tree *tree, const char *path, size_t *ret_size);

#endif
