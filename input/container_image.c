/* SPDX-License-Identifier: Apache-2.0 */
/* Order of work, since the members of an image come in any order: read what is JSON; from it, which members are layers and
 * how they lie on one another; note what each layer holds; then hand over what can be seen. */
#include "input/container_image.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/vector.h"
#include "input/mapping.h"

#define uthash_fatal(message) mc_out_of_memory()
#include <uthash.h>

#define JSON_LIMIT ((uint64_t)4 << 20)        /* bytes of one description; the specification's own bound for manifests */
#define JSON_TOTAL_LIMIT ((uint64_t)64 << 20) /* bytes of all of them */
#define INDEX_DEPTH 4                         /* indexes within indexes */

struct described { /* a member that is there */
    const char *name;
    const char *json; /* its bytes when they begin like JSON; else NULL */
    size_t size;
    const char *target; /* of a link: the member that it means; else NULL */
    UT_hash_handle hh;
};

struct image {
    struct mc_reading *reading;
    const char *path;
    unsigned depth;
    struct mc_stream *tar;           /* NULL: a folder */
    const struct mc_inputs *files; /* of a folder */
    struct mc_arena arena;
    struct described *members;
    uint64_t json_bytes;
    struct mc_layers layers;
    size_t noted;            /* members of layers */
    const char *missing;     /* the first layer that is not there */
    struct mc_layer *noting; /* the layer whose members are noted */
    struct mc_level *level;  /* while members are handed over */
};

/* ---- tar or folder ---- */

static void each_file(struct image *image, const struct mc_archive_walk *walk)
{
    size_t lead = strlen(image->path) + (image->path[strlen(image->path) - 1] != '/');
    for (size_t i = 0; i < image->files->count && walk->go_on(walk->context); i++) {
        const struct mc_input *item = &image->files->items[i];
        struct mc_mapping mapping;
        struct mc_error error;
        if (item->kind == MC_INPUT_SPECIAL)
            continue;
        if (item->kind == MC_INPUT_ERROR || !mc_mapping_open(item->path, &mapping, &error)) {
            if (image->level)
                mc_reading_fail(image->reading, item->path, item->kind == MC_INPUT_ERROR ? item->error : &error);
            continue;
        }
        struct mc_stream stream = {.bytes = mapping.bytes, .size = mapping.size, .declared = mapping.size};
        walk->open(walk->context, item->path + lead, &stream);
        mc_mapping_close(&mapping);
    }
}

static bool each_member(struct image *image, const struct mc_archive_walk *walk, struct mc_error *ret_error)
{
    if (!image->tar) {
        each_file(image, walk);
        return true;
    }
    struct mc_stream again = *image->tar;
    return mc_archive_members(image->reading, &again, MC_INPUT_TAR, walk, ret_error);
}

static bool goes_on(void *context)
{
    const struct image *image = context;
    return !image->reading->stopped && image->noted < MC_CONTAINER_MEMBERS;
}

/* ---- what is there ---- */

static struct described *describe(struct image *image, const char *name)
{
    struct described *found;
    name = mc_name_without_lead(name);
    HASH_FIND_STR(image->members, name, found);
    if (found)
        return found;
    found = MC_NEW(&image->arena, struct described);
    found->name = mc_arena_strdup(&image->arena, name);
    HASH_ADD_KEYPTR(hh, image->members, found->name, strlen(found->name), found);
    return found;
}

static void index_member(void *context, const char *name, struct mc_stream *stream)
{
    struct image *image = context;
    struct described *member = describe(image, name);
    const uint8_t *bytes;
    uint8_t *heap;
    size_t size;
    if (!mc_stream_look_ahead(stream, NULL) || !stream->size || (*stream->bytes != '{' && *stream->bytes != '['))
        return;
    if (image->json_bytes > JSON_TOTAL_LIMIT || !mc_stream_take_all(stream, JSON_LIMIT, &bytes, &size, &heap, NULL))
        return;
    image->json_bytes += size;
    member->json = mc_arena_strndup(&image->arena, (const char *)bytes, size);
    member->size = size;
    free(heap);
}

/* "a/b/layer.tar" -> "../c/layer.tar" means a/c/layer.tar. */
static const char *resolve(struct image *image, const char *name, const char *target)
{
    const char *slash = strrchr(name, '/');
    int folder = *target != '/' && slash ? (int)(slash - name) : 0;
    while (!strncmp(target, "../", 3)) {
        target += 3;
        while (folder && name[--folder] != '/')
            ;
    }
    return mc_arena_printf(&image->arena, "%.*s%s%s", folder, name, folder ? "/" : "", mc_name_without_lead(target));
}

static void index_link(void *context, const char *name, mode_t mode, const char *target)
{
    struct image *image = context;
    name = mc_name_without_lead(name);
    if (target)
        describe(image, name)->target = S_ISLNK(mode) ? resolve(image, name, target) : mc_name_without_lead(
                                                            mc_arena_strdup(&image->arena, target));
}

/* ---- how the layers lie on one another ---- */

typedef MC_VECTOR(struct mc_layer *) layer_stack;

static void put_on(struct image *image, layer_stack *stack, const char *name)
{
    struct described *member;
    HASH_FIND_STR(image->members, name, member);
    const char *target = member ? member->target : NULL;
    if (target)
        HASH_FIND_STR(image->members, target, member);
    if (member)
        mc_push(stack, mc_layers_add(&image->layers, member->name));
    else if (!image->missing)
        image->missing = mc_arena_strdup(&image->arena, name);
}

/* "sha256:0123": blobs/sha256/0123 (image-layout.md, "Blobs"). */
static const char *blob_name(struct image *image, const json_t *descriptor)
{
    const char *digest = json_string_value(json_object_get(descriptor, "digest"));
    char *name = digest ? mc_arena_printf(&image->arena, "blobs/%s", digest) : NULL;
    char *colon = name ? strchr(name, ':') : NULL;
    if (colon)
        *colon = '/';
    return colon ? name : NULL;
}

static json_t *load(const struct image *image, const char *name)
{
    struct described *member;
    HASH_FIND_STR(image->members, name, member);
    return member && member->json ? json_loadb(member->json, member->size, 0, NULL) : NULL;
}

/* manifest.json of docker save: [{"Config":"...","RepoTags":["..."],"Layers":["...","..."]}] */
static void stack_docker(struct image *image, const json_t *manifest)
{
    size_t index, place;
    json_t *entry, *name;
    json_array_foreach(manifest, index, entry)
    {
        layer_stack stack = {0};
        json_array_foreach(json_object_get(entry, "Layers"), place, name)
        {
            if (json_string_value(name))
                put_on(image, &stack, mc_name_without_lead(json_string_value(name)));
        }
        mc_layers_stack(&image->layers, stack.items, stack.count);
        mc_vector_free(&stack);
    }
}

/* An index has "manifests", a manifest has "layers". A manifest that is not there is that of another platform. */
static void stack_oci(struct image *image, const json_t *object, unsigned depth)
{
    size_t index;
    json_t *descriptor;
    layer_stack stack = {0};
    json_array_foreach(json_object_get(object, "layers"), index, descriptor)
    {
        const char *name = blob_name(image, descriptor);
        if (name)
            put_on(image, &stack, name);
    }
    mc_layers_stack(&image->layers, stack.items, stack.count);
    mc_vector_free(&stack);
    json_array_foreach(json_object_get(object, "manifests"), index, descriptor)
    {
        const char *name = blob_name(image, descriptor);
        json_t *inner = name && depth < INDEX_DEPTH ? load(image, name) : NULL;
        if (inner)
            stack_oci(image, inner, depth + 1);
        json_decref(inner);
    }
}

/* False when there is no image. */
static bool stack_layers(struct image *image)
{
    json_t *docker = load(image, "manifest.json"), *index = load(image, "index.json");
    if (json_is_array(docker))
        stack_docker(image, docker);
    else if (json_is_object(index))
        stack_oci(image, index, 0);
    json_decref(docker);
    json_decref(index);
    return image->layers.items;
}

/* ---- what each layer holds ---- */

static void note_file(void *context, const char *name, struct mc_stream *stream)
{
    struct image *image = context;
    (void)stream;
    image->noted++;
    mc_layer_note(&image->layers, image->noting, mc_name_without_lead(name), false);
}

static void note_other(void *context, const char *name, mode_t mode, const char *target)
{
    struct image *image = context;
    const char *inner = mc_name_without_lead(name);
    size_t length = strlen(inner);
    (void)target;
    while (length && inner[length - 1] == '/')
        length--;
    image->noted++;
    mc_layer_note(&image->layers, image->noting, mc_arena_strndup(&image->arena, inner, length), S_ISDIR(mode));
}

/* What is wrong with a layer is said when it is handed over. */
static void note_tar(struct image *image, struct mc_stream *stream, unsigned depth)
{
    struct mc_archive_walk walk = {.open = note_file, .other = note_other, .go_on = goes_on, .context = image};
    struct mc_stream inner;
    struct mc_error error;
    bool mistaken;
    if (!mc_stream_look_ahead(stream, &error))
        return;
    switch (mc_classify_bytes(stream->bytes, stream->size)) {
    case MC_INPUT_TAR:
        mc_archive_members(image->reading, stream, MC_INPUT_TAR, &walk, &error);
        return;
    case MC_INPUT_COMPRESSED: {
        struct mc_unpacker *unpacker = NULL;
        if (depth < MC_CONTAINER_DEPTH)
            unpacker = mc_unpacker_open(image->reading, stream, MC_INPUT_COMPRESSED, &inner, &mistaken, &error);
        if (unpacker)
            note_tar(image, &inner, depth + 1);
        mc_unpacker_close(unpacker);
        return;
    }
    default:
        return;
    }
}

static void note_layer(void *context, const char *name, struct mc_stream *stream)
{
    struct image *image = context;
    image->noting = mc_layers_find(&image->layers, mc_name_without_lead(name));
    if (image->noting)
        note_tar(image, stream, image->depth + 1);
}

/* ---- handing over ---- */

static void open_member(void *context, const char *name, struct mc_stream *stream)
{
    struct image *image = context;
    const char *path = mc_level_member(image->level, name);
    if (!path)
        return;
    image->reading->layer = mc_layers_find(&image->layers, mc_name_without_lead(name));
    mc_reading_open(image->reading, path, stream, image->depth + 1);
    image->reading->layer = NULL;
}

static bool may_go_on(void *context)
{
    const struct image *image = context;
    return mc_reading_may_go_on(image->reading, image->path);
}

static void hand_over(struct image *image)
{
    struct mc_archive_walk walk = {.open = open_member, .go_on = may_go_on, .context = image};
    struct mc_level level;
    struct mc_error error;
    mc_level_open(&level, image->reading, image->path, image->depth);
    level.folder = !image->tar;
    image->level = &level;
    if (!each_member(image, &walk, &error))
        mc_reading_fail(image->reading, image->path, &error);
    if (image->missing) {
        mc_fail(&error, MC_ERROR_FORMAT, MC_NO_OFFSET, "the layer %.120s, of which the image is made, is not in it",
                image->missing);
        mc_reading_fail(image->reading, image->path, &error);
    }
    mc_level_close(&level);
}

/* False when there is no image, or none that can be read. */
static bool prepare(struct image *image)
{
    struct mc_archive_walk index = {.open = index_member, .other = index_link, .go_on = goes_on, .context = image};
    struct mc_archive_walk note = {.open = note_layer, .go_on = goes_on, .context = image};
    struct mc_error error;
    return each_member(image, &index, &error) && stack_layers(image) && each_member(image, &note, &error);
}

static void release(struct image *image)
{
    mc_layers_free(&image->layers);
    HASH_CLEAR(hh, image->members);
    mc_arena_free(&image->arena);
}

void mc_image_open_tar(struct mc_reading *reading, const char *path, struct mc_stream *whole, unsigned depth)
{
    struct image image = {.reading = reading, .path = path, .depth = depth, .tar = whole};
    if (prepare(&image))
        hand_over(&image);
    else
        mc_reading_open_archive(reading, path, whole, MC_INPUT_TAR, depth);
    release(&image);
}

void mc_image_open_folder(struct mc_reading *reading, const char *path)
{
    struct mc_inputs files = {.plain = true};
    mc_inputs_add(&files, path);
    mc_inputs_finish(&files);
    struct image image = {.reading = reading, .path = path, .files = &files};
    for (size_t i = 0; i < files.count; i++)
        reading->unpacked_limit += MC_CONTAINER_RATIO * files.items[i].size;
    prepare(&image);
    hand_over(&image);
    release(&image);
    mc_inputs_free(&files);
}

/* ---- what looks like an image ---- */

static bool is_hexadecimal(const char *name, size_t length)
{
    return strspn(name, "0123456789abcdef") >= length;
}

static bool is_image_name(const char *name)
{
    static const char *const names[] = {"blobs", "oci-layout", "index.json", "manifest.json", "repositories"};
    size_t length = strcspn(name, "/");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (length == strlen(names[i]) && !strncmp(name, names[i], length))
            return true;
    return is_hexadecimal(!strncmp(name, "sha256:", 7) ? name + 7 : name, 64);
}

bool mc_image_looks_like(const uint8_t *bytes, size_t size)
{
    enum { HEADERS = 8 };
    for (size_t at = 0, i = 0; i < HEADERS && size - at >= 512 && bytes[at]; i++) {
        char name[101] = {0}, digits[13] = {0};
        memcpy(name, bytes + at, 100); /* ustar: name 100, mode 8, uid 8, gid 8, size 12 octal digits */
        memcpy(digits, bytes + at + 124, 12);
        if (is_image_name(mc_name_without_lead(name)))
            return true;
        uint64_t length = strtoull(digits, NULL, 8);
        if (length > size - at - 512)
            return false;
        at += 512 + (size_t)((length + 511) & ~UINT64_C(511));
        if (at > size)
            return false;
    }
    return false;
}

static char *join(struct mc_arena *arena, const char *folder, const char *name)
{
    return mc_arena_printf(arena, "%s/%s", folder, name);
}

bool mc_image_is_folder(const char *path)
{
    struct mc_arena arena = {0};
    struct stat status;
    bool image = stat(join(&arena, path, "oci-layout"), &status) == 0 && S_ISREG(status.st_mode) &&
                 stat(join(&arena, path, "index.json"), &status) == 0 && S_ISREG(status.st_mode);
    const char *manifest = join(&arena, path, "manifest.json");
    if (!image && stat(manifest, &status) == 0 && S_ISREG(status.st_mode) && (uint64_t)status.st_size <= JSON_LIMIT) {
        json_t *list = json_load_file(manifest, 0, NULL);
        image = json_is_array(json_object_get(json_array_get(list, 0), "Layers"));
        json_decref(list);
    }
    mc_arena_free(&arena);
    return image;
}
