/* SPDX-License-Identifier: Apache-2.0 */
/* Which files of the layers of container images can be seen: a later layer replaces and deletes files of those below it
 * (OCI image specification 1.1, "Image Layer Filesystem Changeset"). Names are those of tar members without a leading "./" or
 * "/", folders without a trailing "/". */
#ifndef MC_INPUT_LAYERS_H
#define MC_INPUT_LAYERS_H

#include "base/arena.h"

#include <stdbool.h>

struct mc_layer;  /* one layer, whichever images have it */
struct mc_layers { /* the layers of all images of one file */
    struct mc_arena arena;
    struct mc_layer *items, *last;
};

/* The layer of that name, made when there is none. */
struct mc_layer *mc_layers_add(struct mc_layers *layers, const char *name);
struct mc_layer *mc_layers_find(const struct mc_layers *layers, const char *name); /* NULL when there is none */
/* An image: its layers from the lowest to the uppermost. */
void mc_layers_stack(struct mc_layers *layers, struct mc_layer *const *stack, size_t count);
/* What one layer holds: a member and whether it is a folder. Whiteouts are members like others. */
void mc_layer_note(struct mc_layers *layers, struct mc_layer *layer, const char *name, bool folder);
/* In at least one image nothing above hides the file. Whiteouts themselves are never seen. */
bool mc_layer_shows(const struct mc_layer *layer, const char *name);
void mc_layers_free(struct mc_layers *layers);

#endif
