/* SPDX-License-Identifier: Apache-2.0 */
#include "input/container.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "input/container_build.h"
#include "input/container_image.h"
#include "input/mapping.h"
#include "input/root.h"

#define uthash_fatal(message) mc_out_of_memory()
#include <uthash.h>

struct mc_known_name {
    const char *name;
    size_t met;
    UT_hash_handle hh;
};

/* ---- handing over ---- */

void mc_reading_emit(struct mc_reading *reading, const char *path, enum mc_input_kind kind, const uint8_t *bytes, size_t size)
{
    bool whole = kind == MC_INPUT_ELF || kind == MC_INPUT_ARCHIVE;
    struct mc_member member = {
        .path = path, .kind = kind, .bytes = whole ? bytes : NULL, .size = whole ? size : 0, .empty = !size, .held = reading->held,
        .package = whole && *reading->package_name ? reading->package_name : NULL};
    reading->visit(reading->context, &member);
}

void mc_reading_fail(struct mc_reading *reading, const char *path, const struct mc_error *error)
{
    struct mc_error shown = *error;
    struct mc_member member = {.path = path, .kind = MC_INPUT_ERROR, .error = &shown};
    for (char *at = shown.text; *at; at++) /* names of members may hold anything */
        *at = (unsigned char)*at < ' ' || *at == 0x7f ? '?' : *at;
    if (!reading->stopped)
        reading->visit(reading->context, &member);
    reading->stopped |= reading->unpacked > reading->unpacked_limit; /* that was the reason, and is said */
}

/* Says why, once; nothing more is read of the outer file. */
static bool stop(struct mc_reading *reading, const char *path, const struct mc_error *error)
{
    mc_reading_fail(reading, path, error);
    reading->stopped = true;
    return false;
}

bool mc_reading_may_go_on(struct mc_reading *reading, const char *path)
{
    struct mc_error error;
    if (reading->stopped)
        return false;
    if (reading->members >= MC_CONTAINER_MEMBERS) {
        mc_fail(&error, MC_ERROR_LIMIT, MC_NO_OFFSET, "more than %d members: the rest was not read", MC_CONTAINER_MEMBERS);
        return stop(reading, path, &error);
    }
    if (mc_reading_count(reading, 0, &error))
        return true;
    return stop(reading, path, &error);
}

bool mc_reading_count(struct mc_reading *reading, uint64_t bytes, struct mc_error *ret_error)
{
    reading->unpacked = bytes > UINT64_MAX - reading->unpacked ? UINT64_MAX : reading->unpacked + bytes;
    if (reading->unpacked <= reading->unpacked_limit)
        return true;
    return mc_fail(ret_error, MC_ERROR_LIMIT, MC_NO_OFFSET,
                   "unpacks to more than %llu MiB, %d times its size and 1 GiB: the rest was not read",
                   (unsigned long long)(reading->unpacked_limit >> 20), MC_CONTAINER_RATIO);
}

/* ---- names ---- */

void mc_level_open(struct mc_level *level, struct mc_reading *reading, const char *path, unsigned depth)
{
    *level = (struct mc_level){.reading = reading, .path = path, .depth = depth, .layer = reading->layer};
    reading->layer = NULL;
}

void mc_level_close(struct mc_level *level)
{
    struct mc_error error;
    if (level->encrypted) {
        mc_fail(&error, MC_ERROR_UNSUPPORTED, MC_NO_OFFSET, "%zu member%s encrypted and could not be read, the first: %.100s",
                level->encrypted, level->encrypted == 1 ? " is" : "s are", level->first_encrypted);
        error.kind = MC_ERROR_FORMAT; /* not skipped: what is in them is unknown */
        mc_reading_fail(level->reading, level->path, &error);
    }
    if (level->outside) {
        mc_fail(&error, MC_ERROR_FORMAT, MC_NO_OFFSET,
                "%zu member%s outside of the archive's folder, where none should be, the first: %.100s", level->outside,
                level->outside == 1 ? " has a name" : "s have names", level->first_outside);
        mc_reading_fail(level->reading, level->path, &error);
    }
    HASH_CLEAR(hh, level->names);
    mc_arena_free(&level->arena);
}

/* "/etc/x" and "../x" would be written outside of the folder in which the archive is unpacked. */
static bool leads_outside(const char *name)
{
    if (*name == '/')
        return true;
    for (const char *at = name; at; at = strchr(at, '/')) {
        at += *at == '/';
        if (at[0] == '.' && at[1] == '.' && (!at[2] || at[2] == '/'))
            return true;
    }
    return false;
}

const char *mc_name_without_lead(const char *name)
{
    while (*name == '/' || (name[0] == '.' && name[1] == '/'))
        name += *name == '/' ? 1 : 2;
    return name;
}

static size_t count_name(struct mc_level *level, const char *name)
{
    struct mc_known_name *known;
    HASH_FIND_STR(level->names, name, known);
    if (!known) {
        known = MC_NEW(&level->arena, struct mc_known_name);
        known->name = mc_arena_strdup(&level->arena, name);
        HASH_ADD_KEYPTR(hh, level->names, known->name, strlen(known->name), known);
    }
    return ++known->met;
}

static bool holds(const char *path, const char *inner)
{
    size_t length = strlen(path);
    return !strncmp(path, inner, length) && (!inner[length] || inner[length] == '!');
}

bool mc_member_is_wanted(const char *wanted, const char *path)
{
    return !wanted || holds(path, wanted) || holds(wanted, path);
}

const char *mc_member_outer(const char *root, const char *path, struct mc_arena *arena, size_t *ret_length)
{
    const char *longest = NULL;
    struct stat status;
    for (const char *at = strchr(path, '!'); at; at = strchr(at + 1, '!')) {
        const char *outer = mc_arena_strndup(arena, path, (size_t)(at - path));
        outer = mc_root_resolve(root, mc_root_inner(root, outer), arena);
        if (!outer || stat(outer, &status) != 0 || !S_ISREG(status.st_mode))
            continue;
        longest = outer;
        *ret_length = (size_t)(at - path);
    }
    return longest;
}

const char *mc_level_member(struct mc_level *level, const char *name)
{
    struct mc_reading *reading = level->reading;
    const char *inner = mc_name_without_lead(name), *path;
    reading->members++;
    if (level->layer && !mc_layer_shows(level->layer, inner))
        return NULL;
    size_t met = count_name(level, inner);
    if (met == 1)
        path = mc_arena_printf(&level->arena, "%s%c%s", level->path, level->folder ? '/' : '!', inner);
    else
        path = mc_arena_printf(&level->arena, "%s!%s(%zu)", level->path, inner, met);
    if (!mc_member_is_wanted(reading->wanted, path))
        return NULL;
    if (leads_outside(name) && !level->outside++)
        level->first_outside = mc_arena_printf(&level->arena, "%.100s", name);
    if (strlen(inner) <= MC_CONTAINER_NAME)
        return path;
    struct mc_error error;
    mc_fail(&error, MC_ERROR_LIMIT, MC_NO_OFFSET, "a member's name has more than %d bytes: %.60s...", MC_CONTAINER_NAME, inner);
    mc_reading_fail(reading, level->path, &error);
    return NULL;
}

/* ---- archives ---- */

/* deb(5): the files of the package are those of its member data.tar, compressed in some way. */
static bool is_payload(enum mc_input_kind kind, const char *name)
{
    return kind == MC_INPUT_PACKAGE && !strncmp(name, "data.tar", 8);
}

struct opened {
    struct mc_level level;
    enum mc_input_kind kind;
    bool payload; /* it was there */
};

/* deb-control(5): a line "Package: name" in the member control of control.tar. */
static void read_package(struct opened *opened, const char *name, struct mc_stream *stream)
{
    static const char key[] = "Package: ";
    struct mc_error error;
    if (opened->kind != MC_INPUT_TAR || strcmp(mc_name_without_lead(name), "control") ||
        !strstr(opened->level.path, "!control.tar") || !mc_stream_look_ahead(stream, &error))
        return;
    const char *text = (const char *)stream->bytes, *end = text + stream->size;
    for (const char *line = text; line && end - line > (ptrdiff_t)sizeof key; line = memchr(line, '\n', (size_t)(end - line))) {
        line += *line == '\n';
        if ((size_t)(end - line) < sizeof key || memcmp(line, key, sizeof key - 1))
            continue;
        const char *value = line + sizeof key - 1, *stop = memchr(value, '\n', (size_t)(end - value));
        size_t length = (size_t)((stop ? stop : end) - value);
        snprintf(opened->level.reading->package_name, sizeof opened->level.reading->package_name, "%.*s", (int)length, value);
        return;
    }
}

/* The "lead" of an RPM has its name at offset 10, 66 bytes at most: name-version-release. */
static void name_rpm(struct mc_reading *reading, const struct mc_stream *stream)
{
    if (stream->size >= 76)
        snprintf(reading->package_name, sizeof reading->package_name, "%.66s", (const char *)stream->bytes + 10);
}

static void open_member(void *context, const char *name, struct mc_stream *stream)
{
    struct opened *opened = context;
    bool payload = is_payload(opened->kind, name);
    const char *path = mc_level_member(&opened->level, name);
    opened->payload |= payload;
    if (payload)
        path = opened->level.path;
    read_package(opened, name, stream);
    if (path)
        mc_reading_open(opened->level.reading, path, stream, opened->level.depth + 1);
}

static void pass_special(void *context, const char *name, mode_t mode, const char *target)
{
    struct opened *opened = context;
    struct mc_error error;
    if (target || S_ISDIR(mode) || S_ISLNK(mode))
        return;
    const char *path = mc_level_member(&opened->level, name);
    mc_fail(&error, MC_ERROR_UNSUPPORTED, MC_NO_OFFSET, "%s, not a regular file", mc_mode_text(mode));
    struct mc_member member = {.path = path, .kind = MC_INPUT_SPECIAL, .error = &error};
    if (path)
        opened->level.reading->visit(opened->level.reading->context, &member);
}

static void note_encrypted(void *context, const char *name)
{
    struct opened *opened = context;
    struct mc_level *level = &opened->level;
    if (mc_level_member(level, name) && !level->encrypted++)
        level->first_encrypted = mc_arena_printf(&level->arena, "%.100s", name);
}

static bool archive_goes_on(void *context)
{
    const struct opened *opened = context;
    return mc_reading_may_go_on(opened->level.reading, opened->level.path);
}

static bool is_zip(enum mc_input_kind kind, const uint8_t *bytes, size_t size)
{
    return kind == MC_INPUT_INDEXED && size >= 4 && !memcmp(bytes, "PK\3\4", 4);
}

bool mc_reading_open_archive(struct mc_reading *reading, const char *path, struct mc_stream *stream, enum mc_input_kind kind,
                             unsigned depth)
{
    struct opened opened = {.kind = kind};
    struct mc_archive_walk walk = {.open = open_member, .other = pass_special, .encrypted = note_encrypted,
                                   .go_on = archive_goes_on, .context = &opened};
    struct mc_error error;
    mc_level_open(&opened.level, reading, path, depth);
    const uint8_t *bytes = stream->bytes;
    size_t size = stream->size, before = reading->members;
    bool good = mc_archive_members(reading, stream, kind, &walk, &error);
    if (!good && reading->members == before && is_zip(kind, bytes, size)) {
        mc_fail_context(&error, "its directory cannot be read, its members were read as they lie");
        mc_reading_fail(reading, path, &error);
        walk.front_to_back = good = true;
        mc_archive_members(reading, stream, kind, &walk, &error);
    }
    if (good && kind == MC_INPUT_PACKAGE && !opened.payload)
        good = mc_fail(&error, MC_ERROR_FORMAT, MC_NO_OFFSET, "a Debian package without the member data.tar");
    if (!good)
        mc_reading_fail(reading, path, &error);
    mc_level_close(&opened.level);
    return good;
}

static bool skip_zeros(struct mc_stream *stream, struct mc_error *ret_error)
{
    while (mc_stream_look_ahead(stream, ret_error)) {
        while (stream->size && !*stream->bytes) {
            stream->bytes++;
            stream->size--;
        }
        if (stream->size || !stream->more)
            return true;
    }
    return false;
}

/* An initramfs is several cpio archives one behind the other, each compressed or not (Linux,
 * Documentation/driver-api/early-userspace/buffer-format.rst). */
static void open_rest(struct mc_reading *reading, const char *path, struct mc_stream *stream, unsigned depth)
{
    struct mc_error error;
    if (!mc_reading_may_go_on(reading, path))
        return;
    bool good = skip_zeros(stream, &error);
    if (good && !stream->size)
        return;
    if (good && mc_input_is_container(mc_classify_bytes(stream->bytes, stream->size))) {
        stream->declared = MC_STREAM_UNKNOWN;
        mc_reading_open(reading, path, stream, depth + 1);
        return;
    }
    if (good)
        mc_fail(&error, MC_ERROR_FORMAT, MC_NO_OFFSET, "what lies behind the end of the archive is of no known kind");
    mc_reading_fail(reading, path, &error);
}

/* ---- files that are taken into memory ---- */

/* Where the file system of a type 2 AppImage begins: behind the section headers, at the end of the ELF file. */
static size_t elf_end(const uint8_t *bytes, size_t size)
{
    Elf64_Ehdr wide;
    Elf32_Ehdr narrow;
    uint64_t end = 0;
    if (size >= sizeof wide && bytes[EI_CLASS] == ELFCLASS64) {
        memcpy(&wide, bytes, sizeof wide);
        end = wide.e_shoff + (uint64_t)wide.e_shentsize * wide.e_shnum;
    } else if (size >= sizeof narrow) {
        memcpy(&narrow, bytes, sizeof narrow);
        end = (uint64_t)narrow.e_shoff + (uint64_t)narrow.e_shentsize * narrow.e_shnum;
    }
    return end < size ? (size_t)end : size;
}

static void open_appimage(struct mc_reading *reading, const char *path, const uint8_t *bytes, size_t size, unsigned depth)
{
    struct mc_stream whole = {.bytes = bytes, .size = size, .declared = size};
    size_t start = elf_end(bytes, size);
    struct mc_error error;
    mc_reading_emit(reading, path, MC_INPUT_ELF, bytes, size);
    if (bytes[10] == 1) {
        mc_reading_open_archive(reading, path, &whole, MC_INPUT_INDEXED, depth);
    } else if (mc_classify_bytes(bytes + start, size - start) == MC_INPUT_SQUASHFS) {
        mc_squashfs_open(reading, path, bytes + start, size - start, depth);
    } else {
        mc_fail(&error, MC_ERROR_FORMAT, start, "an AppImage without a SquashFS file system behind its program");
        mc_reading_fail(reading, path, &error);
    }
}

static void open_image_tar(struct mc_reading *reading, const struct mc_held *held)
{
    struct mc_stream whole = {.bytes = held->bytes, .size = held->size, .declared = held->size};
    const struct mc_held *around = reading->held;
    reading->held = held;
    mc_image_open_tar(reading, held->path, &whole, held->depth);
    reading->held = around;
}

static void open_in_memory(struct mc_reading *reading, const char *path, struct mc_stream *stream, enum mc_input_kind kind,
                           unsigned depth)
{
    struct mc_error error;
    const uint8_t *bytes;
    uint8_t *heap;
    size_t size;
    /* What the system keeps in a mapped file costs no memory of this process. */
    uint64_t limit = stream->more ? MC_CONTAINER_MEMBER : UINT64_MAX;
    if (!mc_stream_take_all(stream, limit, &bytes, &size, &heap, &error)) {
        mc_reading_fail(reading, path, &error);
        return;
    }
    struct mc_stream whole = {.bytes = bytes, .size = size, .declared = size};
    if (kind == MC_INPUT_SQUASHFS)
        mc_squashfs_open(reading, path, bytes, size, depth);
    else if (kind == MC_INPUT_APPIMAGE)
        open_appimage(reading, path, bytes, size, depth);
    else if (kind == MC_INPUT_INDEXED)
        mc_reading_open_archive(reading, path, &whole, kind, depth);
    else if (kind == MC_INPUT_TAR)
        open_image_tar(reading, &(struct mc_held){path, bytes, size, depth});
    else
        mc_reading_emit(reading, path, kind, bytes, size);
    free(heap);
}

/* ---- the choice ---- */

static void open_compressed(struct mc_reading *reading, const char *path, struct mc_stream *stream, enum mc_input_kind kind,
                            unsigned depth)
{
    struct mc_stream inner;
    struct mc_error error;
    bool mistaken;
    if (kind == MC_INPUT_RPM)
        name_rpm(reading, stream);
    struct mc_unpacker *unpacker = mc_unpacker_open(reading, stream, kind, &inner, &mistaken, &error);
    if (unpacker)
        mc_reading_open(reading, path, &inner, depth + 1);
    else if (mistaken)
        mc_reading_emit(reading, path, MC_INPUT_OTHER, NULL, 1);
    else
        mc_reading_fail(reading, path, &error);
    mc_unpacker_close(unpacker);
}

static enum mc_input_kind kind_of(const struct mc_stream *stream)
{
    enum mc_input_kind kind = mc_classify_bytes(stream->bytes, stream->size);
    bool iso = kind == MC_INPUT_OTHER && stream->size >= MC_CLASSIFY_ISO + MC_CLASSIFY_ISO_SIZE &&
               mc_classify_is_iso(stream->bytes + MC_CLASSIFY_ISO);
    return iso ? MC_INPUT_INDEXED : kind;
}

static void open_kind(struct mc_reading *reading, const char *path, struct mc_stream *stream, enum mc_input_kind kind,
                      unsigned depth)
{
    switch (kind) {
    case MC_INPUT_COMPRESSED:
    case MC_INPUT_RPM:
        open_compressed(reading, path, stream, kind, depth);
        return;
    case MC_INPUT_TAR:
        if (!reading->layer && !reading->wanted && mc_image_looks_like(stream->bytes, stream->size))
            open_in_memory(reading, path, stream, kind, depth);
        else
            mc_reading_open_archive(reading, path, stream, kind, depth);
        return;
    case MC_INPUT_PACKAGE:
        mc_reading_open_archive(reading, path, stream, kind, depth);
        return;
    case MC_INPUT_CPIO:
        if (mc_reading_open_archive(reading, path, stream, kind, depth))
            open_rest(reading, path, stream, depth);
        return;
    case MC_INPUT_ELF:
    case MC_INPUT_ARCHIVE:
    case MC_INPUT_INDEXED:
    case MC_INPUT_SQUASHFS:
    case MC_INPUT_APPIMAGE:
        open_in_memory(reading, path, stream, kind, depth);
        return;
    case MC_INPUT_THIN_ARCHIVE:
    case MC_INPUT_OTHER:
    case MC_INPUT_SPECIAL:
    case MC_INPUT_ERROR:
    case MC_INPUT_IMAGE_FOLDER:
        mc_reading_emit(reading, path, kind, NULL, stream->size);
        return;
    }
}

void mc_reading_open(struct mc_reading *reading, const char *path, struct mc_stream *stream, unsigned depth)
{
    struct mc_error error;
    char around[sizeof reading->package_name];
    if (!mc_stream_look_ahead(stream, &error)) {
        mc_reading_fail(reading, path, &error);
        return;
    }
    enum mc_input_kind kind = kind_of(stream);
    if (mc_input_is_container(kind) && depth > MC_CONTAINER_DEPTH) {
        mc_fail(&error, MC_ERROR_LIMIT, MC_NO_OFFSET, "an archive within more than %d others: not opened", MC_CONTAINER_DEPTH);
        mc_reading_fail(reading, path, &error);
        return;
    }
    bool package = kind == MC_INPUT_PACKAGE || kind == MC_INPUT_RPM;
    memcpy(around, reading->package_name, sizeof around);
    if (package)
        *reading->package_name = 0;
    open_kind(reading, path, stream, kind, depth);
    if (package) /* what comes behind it is in the one around it */
        memcpy(reading->package_name, around, sizeof around);
}

static void read_file(struct mc_reading *reading, const char *path)
{
    static const struct mc_error cut_short = {MC_ERROR_IO, MC_NO_OFFSET, "the file was cut short while it was read"};
    struct mc_mapping mapping;
    struct mc_error error;
    if (!mc_mapping_open(path, &mapping, &error)) {
        mc_reading_fail(reading, path, &error);
        return;
    }
    struct mc_stream whole = {.bytes = mapping.bytes, .size = mapping.size, .declared = mapping.size};
    mc_reading_open(reading, path, &whole, 1);
    if (mc_mapping_lost(&mapping))
        mc_reading_fail(reading, path, &cut_short);
    mc_mapping_close(&mapping);
}

static struct mc_reading start_reading(const struct mc_input *input, const char *wanted, mc_member_visit *visit, void *context)
{
    uint64_t scaled = input->size > UINT64_MAX / MC_CONTAINER_RATIO / 2 ? UINT64_MAX / 2 : input->size * MC_CONTAINER_RATIO;
    return (struct mc_reading){
        .wanted = wanted, .visit = visit, .context = context, .unpacked_limit = MC_CONTAINER_TOTAL + scaled};
}

void mc_container_read_again(const struct mc_input *input, const struct mc_held *held, mc_member_visit *visit, void *context)
{
    struct mc_reading reading = start_reading(input, NULL, visit, context);
    if (held && !strcmp(held->path, input->path))
        open_image_tar(&reading, held);
    else
        mc_container_read(input, NULL, visit, context);
}

void mc_container_read(const struct mc_input *input, const char *wanted, mc_member_visit *visit, void *context)
{
    struct mc_reading reading = start_reading(input, wanted, visit, context);
    if (input->kind == MC_INPUT_IMAGE_FOLDER)
        mc_image_open_folder(&reading, input->path);
    else
        read_file(&reading, input->path);
}
