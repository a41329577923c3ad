/* SPDX-License-Identifier: Apache-2.0 */
/* Where the separate debug file of a file may be, and whether a file is that. Two ways lead to it: the build-id, and the section
 * .gnu_debuglink, which has a name and a checksum. */
#ifndef MC_SCANNER_DEBUG_FILES_H
#define MC_SCANNER_DEBUG_FILES_H

#include "scanner/image.h"

#define MC_DEBUG_FOLDER "/usr/lib/debug"
#define MC_DEBUG_PLACES 4

bool mc_debug_info_within(const struct mc_image *image); /* it has debug information of its own */

/* In the order in which they are to be tried, paths in the arena: FOLDER/.build-id/ab/cdef.debug; then, with a debug link NAME, beside
 * the file, in .debug beside it, and in FOLDER at the file's own path (without the root that FOLDER has in front of MC_DEBUG_FOLDER).
 * Returns how many; 0 for files with debug information of their own, and for objects and kernel modules. */
size_t mc_debug_places(const struct mc_image *image, const char *folder, struct mc_arena *arena, const char *ret[MC_DEBUG_PLACES]);

/* Does what is open there have the checksum of the image's debug link? Reads all of it. */
bool mc_debug_link_fits(const struct mc_image *image, int file);

#endif
