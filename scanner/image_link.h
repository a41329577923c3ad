/* SPDX-License-Identifier: Apache-2.0 */
/* What the loader reads from a file, without the cost of a whole image: for mc_closure_find. */
#ifndef MC_SCANNER_IMAGE_LINK_H
#define MC_SCANNER_IMAGE_LINK_H

#include "input/closure.h"

bool mc_image_link_info(const char *path, struct mc_arena *arena, struct mc_link_info *ret, struct mc_error *ret_error);
/* The same of a file's bytes. */
bool mc_image_link_info_of(const uint8_t *bytes, size_t size, struct mc_arena *arena, struct mc_link_info *ret,
                           struct mc_error *ret_error);

/* Which of the names (sorted by strcmp) the file takes from other modules: undefined dynamic symbols. The list is the arena's,
 * its items are those of `names`. False when the file's dynamic symbols cannot be read. */
bool mc_image_link_imports(const char *path, const char *const *names, size_t name_count, struct mc_arena *arena, const char ***ret,
                           size_t *ret_count);

#endif
