/* SPDX-License-Identifier: Apache-2.0 */
/* The source line of an instruction, from the file's own debug information. The one door to libdw, which is large and
 * rarely needed: it is loaded (libdw.so.1) when the first line is asked of a file that has .debug_info. Where it is not
 * installed there are no source lines. Not for objects, whose addresses are made by us, and not from separate debug files.
 * A struct mc_source_lines belongs to one thread. */
#ifndef MC_SCANNER_SOURCE_LINE_H
#define MC_SCANNER_SOURCE_LINE_H

#include "scanner/image.h"

struct mc_source_lines;

/* NULL when the image has no usable debug information or libdw is not there. The image must outlive it. */
struct mc_source_lines *mc_source_lines_open(const struct mc_image *image);
/* "blend.c:57", in the arena: the file's name without its folders. NULL when unknown. `lines` may be NULL. */
const char *mc_source_line(struct mc_source_lines *lines, uint64_t address, struct mc_arena *arena);
void mc_source_lines_close(struct mc_source_lines *lines); /* accepts NULL */

#endif
