/* SPDX-License-Identifier: Apache-2.0 */
/* Where an instruction comes from: source line, compilation unit, and how that was compiled. From the file's own DWARF, or from the
 * separate debug file that belongs to its build-id or debug link. For objects and members of archives too.
 *
 * The one door to libdw, which is large and rarely needed: it is loaded (libdw.so.1) when the first question is asked of a file that
 * has debug information. Where it is not installed nothing is known. A struct mc_debug_info belongs to one thread. */
#ifndef MC_SCANNER_DEBUG_INFO_H
#define MC_SCANNER_DEBUG_INFO_H

#include "input/identity.h"
#include "scanner/image.h"

struct mc_debug_info;

/* What DWARF says of an address; members are NULL (0) where it does not. */
struct mc_origin {
    const char *path;     /* of the source file, absolute where the compiler's folder is known; without "." and ".." */
    unsigned line;
    const char *unit;     /* the compilation unit: path of its main source file */
    const char *producer; /* DW_AT_producer without options: "GNU C17 12.2.0" */
    const char *options;  /* its -m options, as they are recorded: "-mavx2 -march=x86-64" */
};

/* `separate` is one of mc_debug_places (scanner/debug_files.h), NULL for the image's own; *ret_identity is of that file when it was opened, else
 * zeros. NULL when there is no usable debug information or libdw is not there. The image must outlive it. */
struct mc_debug_info *mc_debug_info_open(const struct mc_image *image, const char *separate, struct mc_identity *ret_identity);
/* One arena for all calls: what is known of a unit is kept there. The line is that of the function itself where the compiler's own intrinsics were inlined into it (DW_AT_artificial).
 * Strings are in the arena. `info` may be NULL. */
struct mc_origin mc_debug_origin(struct mc_debug_info *info, uint64_t address, struct mc_arena *arena);
void mc_debug_info_close(struct mc_debug_info *info); /* accepts NULL */

#endif
