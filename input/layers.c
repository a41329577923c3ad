/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memrchr */
#include "input/layers.h"

#include <stdlib.h>
#include <string.h>

#define uthash_fatal(message) mc_out_of_memory()
#include <uthash.h>

#define WHITEOUT ".wh."        /* + name: deletes that name below */
#define OPAQUE ".wh..wh..opq" /* deletes all that is in the folder below */

enum mark {
    MARK_FOLDER = 1,
    MARK_FILE = 2,    /* anything but a folder */
    MARK_DELETED = 4, /* a whiteout names it */
    MARK_OPAQUE = 8,
};

struct marked {
    const char *name;
    unsigned marks;
    UT_hash_handle hh;
};

struct image {           /* one image that has the layer */
    struct mc_layer **above; /* the layers over it */
    size_t above_count;
    struct image *next;
};

struct mc_layer {
    const char *name;
    struct marked *table;
    struct image *images;
    struct mc_layer *next;
};

struct mc_layer *mc_layers_find(const struct mc_layers *layers, const char *name)
{
    for (struct mc_layer *layer = layers->items; layer; layer = layer->next) /* an image has at most 127 or so */
        if (!strcmp(layer->name, name))
            return layer;
    return NULL;
}

struct mc_layer *mc_layers_add(struct mc_layers *layers, const char *name)
{
    struct mc_layer *layer = mc_layers_find(layers, name);
    if (layer)
        return layer;
    layer = MC_NEW(&layers->arena, struct mc_layer);
    layer->name = mc_arena_strdup(&layers->arena, name);
    *(layers->last ? &layers->last->next : &layers->items) = layer;
    layers->last = layer;
    return layer;
}

void mc_layers_stack(struct mc_layers *layers, struct mc_layer *const *stack, size_t count)
{
    struct mc_layer **copy = MC_NEW_ARRAY(&layers->arena, count + 1, struct mc_layer *);
    for (size_t i = 0; i < count; i++)
        copy[i] = stack[i];
    for (size_t i = 0; i < count; i++) {
        struct image *image = MC_NEW(&layers->arena, struct image);
        *image = (struct image){copy + i + 1, count - i - 1, stack[i]->images};
        stack[i]->images = image;
    }
}

static struct marked *find(const struct mc_layer *layer, const char *name, size_t length)
{
    struct marked *found;
    HASH_FIND(hh, layer->table, name, length, found);
    return found;
}

static void mark(struct mc_layers *layers, struct mc_layer *layer, const char *name, size_t length, unsigned marks)
{
    struct marked *found = find(layer, name, length);
    if (!found) {
        found = MC_NEW(&layers->arena, struct marked);
        found->name = mc_arena_strndup(&layers->arena, name, length);
        HASH_ADD_KEYPTR(hh, layer->table, found->name, length, found);
    }
    found->marks |= marks;
}

/* "usr/bin/.wh.ls": 8 for the folder with its slash. */
static size_t folder_length(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? (size_t)(slash - name) + 1 : 0;
}

void mc_layer_note(struct mc_layers *layers, struct mc_layer *layer, const char *name, bool folder)
{
    size_t lead = folder_length(name), length = strlen(name);
    const char *last = name + lead;
    if (!strcmp(last, OPAQUE)) {
        mark(layers, layer, name, lead ? lead - 1 : 0, MARK_OPAQUE);
    } else if (!strncmp(last, WHITEOUT, strlen(WHITEOUT))) {
        char *target = mc_arena_printf(&layers->arena, "%.*s%s", (int)lead, name, last + strlen(WHITEOUT));
        mark(layers, layer, target, strlen(target), MARK_DELETED);
    } else {
        mark(layers, layer, name, length, folder ? MARK_FOLDER : MARK_FILE);
    }
}

/* Something of that name, or of a folder above it, takes the place of the file. */
static bool hides(const struct mc_layer *layer, const char *name)
{
    const struct marked *found = find(layer, name, strlen(name));
    if (found && found->marks & (MARK_FILE | MARK_FOLDER | MARK_DELETED))
        return true;
    for (const char *slash = strrchr(name, '/'); slash; slash = memrchr(name, '/', (size_t)(slash - name))) {
        found = find(layer, name, (size_t)(slash - name));
        if (found && found->marks & (MARK_FILE | MARK_DELETED | MARK_OPAQUE))
            return true;
    }
    found = find(layer, "", 0);
    return found && found->marks & MARK_OPAQUE;
}

static bool seen_in(const struct image *image, const char *name)
{
    for (size_t i = 0; i < image->above_count; i++)
        if (hides(image->above[i], name))
            return false;
    return true;
}

bool mc_layer_shows(const struct mc_layer *layer, const char *name)
{
    if (!strncmp(name + folder_length(name), WHITEOUT, strlen(WHITEOUT)))
        return false;
    for (const struct image *image = layer->images; image; image = image->next)
        if (seen_in(image, name))
            return true;
    return false;
}

void mc_layers_free(struct mc_layers *layers)
{
    for (struct mc_layer *layer = layers->items; layer; layer = layer->next)
        HASH_CLEAR(hh, layer->table);
    mc_arena_free(&layers->arena);
    *layers = (struct mc_layers){0};
}
