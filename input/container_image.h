/* SPDX-License-Identifier: Apache-2.0 */
/* Container images: OCI image layouts (OCI image specification 1.1, image-layout.md) and what docker save writes
 * (manifest.json), as a tar or as a folder. Their layers are opened so that only what no later layer hides is seen. */
#ifndef MC_INPUT_CONTAINER_IMAGE_H
#define MC_INPUT_CONTAINER_IMAGE_H

#include "input/container_build.h"

/* The first bytes of a tar name what such images begin with. May be wrong in both directions at no harm: a tar that looks so is
 * taken into memory, and read as any other when it holds no image. */
bool mc_image_looks_like(const uint8_t *bytes, size_t size);
/* A tar in memory; when it holds no image, its members like those of any other. */
void mc_image_open_tar(struct mc_reading *reading, const char *path, struct mc_stream *whole, unsigned depth);
void mc_image_open_folder(struct mc_reading *reading, const char *path);
/* Whether the folder is laid out as an image: with oci-layout and index.json, or a manifest.json that lists layers. */
bool mc_image_is_folder(const char *path);

#endif
