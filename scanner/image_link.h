/* SPDX-License-Identifier: Apache-2.0 */
/* What the loader reads from a file, without the cost of a whole image: for mc_closure_find. */
#ifndef MC_SCANNER_IMAGE_LINK_H
#define MC_SCANNER_IMAGE_LINK_H

#include "input/closure.h"

bool mc_image_link_info(const char *path, struct mc_arena *arena, struct mc_link_info *ret, struct mc_error *ret_error);

#endif
