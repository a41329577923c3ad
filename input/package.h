/* SPDX-License-Identifier: Apache-2.0 */
/* Which package owns a file, by dpkg's lists, and by rpm's database where dpkg knows no owner. One call answers for many files: it
 * reads every list once and looks each line up among the wanted paths, which costs less memory and time than an index of the whole
 * system. */
#ifndef MC_INPUT_PACKAGE_H
#define MC_INPUT_PACKAGE_H

#include "base/arena.h"

/* ret_owners[i] is the package of paths[i] without its architecture ("libc6"), in the arena, or NULL when unknown.
 * `root` is the tree the paths lie in ("" or "/" for this system); paths include it. /bin, /sbin and /lib* mean the
 * same as below /usr. Symbolic links in the paths are resolved. */
void mc_package_owners(const char *root, const char *const *paths, size_t count, const char **ret_owners,
                       struct mc_arena *arena);
/* `visit` gets the name of every package that rpm knows, with each of its files. Nothing happens where there is no database, or no
 * rpm to read it. */
typedef void mc_package_visit(void *context, const char *package, const char *path);
void mc_package_rpm_files(const char *root, mc_package_visit *visit, void *context, struct mc_arena *arena);

const char *mc_package_owner(const char *root, const char *path, struct mc_arena *arena);

#endif
