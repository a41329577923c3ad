/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/vector.h"
#include "input/container_build.h"
#include "input/squashfs_library.h"

#define FOLDER_DEPTH 200 /* folders within one another; a damaged image may hold a cycle */

struct memory_file { /* what libsquashfs reads from */
    sqfs_file_t file;
    const uint8_t *bytes;
    size_t size;
};

struct squashfs {
    const struct mc_squashfs_library *library;
    struct mc_level level;
    struct memory_file file;
    sqfs_super_t super;
    sqfs_compressor_t *compressor;
    sqfs_dir_reader_t *folders;
    sqfs_data_reader_t *data;
    struct mc_arena arena;
    bool failed; /* an error was said; a damaged table makes every member fail */
};

struct file { /* one regular file while it is read */
    struct squashfs *squashfs;
    const sqfs_inode_generic_t *inode;
    uint64_t position, size;
};

struct child { /* of a folder */
    const char *name;
    sqfs_inode_generic_t *inode;
};

/* ---- the bytes ---- */

static int read_at(sqfs_file_t *file, sqfs_u64 offset, void *buffer, size_t size)
{
    const struct memory_file *memory = (const struct memory_file *)file;
    if (offset > memory->size || size > memory->size - offset)
        return SQFS_ERROR_OUT_OF_BOUNDS;
    memcpy(buffer, memory->bytes + offset, size);
    return 0;
}

static int refuse_write(sqfs_file_t *file, sqfs_u64 offset, const void *buffer, size_t size)
{
    (void)file, (void)offset, (void)buffer, (void)size;
    return SQFS_ERROR_UNSUPPORTED;
}

static sqfs_u64 get_size(const sqfs_file_t *file)
{
    return ((const struct memory_file *)file)->size;
}

static int refuse_truncate(sqfs_file_t *file, sqfs_u64 size)
{
    (void)file, (void)size;
    return SQFS_ERROR_UNSUPPORTED;
}

static void destroy_nothing(sqfs_object_t *object)
{
    (void)object; /* it is the caller's */
}

static void destroy(void *object)
{
    if (object)
        ((sqfs_object_t *)object)->destroy(object);
}

/* ---- errors ---- */

static const char *words(int code)
{
    switch (code) {
    case SQFS_ERROR_ALLOC:
        return "no memory for it";
    case SQFS_ERROR_IO:
    case SQFS_ERROR_OUT_OF_BOUNDS:
        return "cut short";
    case SQFS_ERROR_COMPRESSOR:
        return "damaged: a block cannot be unpacked";
    case SQFS_ERROR_UNSUPPORTED:
        return "of a kind that libsquashfs does not read";
    case SQFS_ERROR_LINK_LOOP:
        return "damaged: folders within themselves";
    default:
        return "damaged";
    }
}

static bool fail(int code, const char *what, struct mc_error *ret_error)
{
    return mc_fail(ret_error, MC_ERROR_FORMAT, MC_NO_OFFSET, "%s of the SquashFS file system: %s", what, words(code));
}

static void say(struct squashfs *squashfs, const char *path, int code, const char *what)
{
    struct mc_error error;
    fail(code, what, &error);
    mc_reading_fail(squashfs->level.reading, path, &error);
}

/* ---- files ---- */

static bool file_more(void *context, uint8_t *buffer, size_t size, size_t *ret_size, struct mc_error *ret_error)
{
    struct file *file = context;
    struct squashfs *squashfs = file->squashfs;
    uint64_t left = file->size - file->position;
    sqfs_u32 wanted = (sqfs_u32)(size > left ? left : size < MC_STREAM_BLOCK ? size : MC_STREAM_BLOCK);
    *ret_size = 0;
    if (!wanted)
        return true;
    sqfs_s32 got = squashfs->library->data_reader_read(squashfs->data, file->inode, file->position, buffer, wanted);
    if (got <= 0)
        return fail(got ? got : SQFS_ERROR_OUT_OF_BOUNDS, "a file", ret_error);
    file->position += (uint64_t)got;
    *ret_size = (size_t)got;
    return mc_reading_count(squashfs->level.reading, (uint64_t)got, ret_error);
}

static void open_file(struct squashfs *squashfs, const char *name, const sqfs_inode_generic_t *inode)
{
    struct file file = {.squashfs = squashfs, .inode = inode};
    const char *path = mc_level_member(&squashfs->level, name);
    sqfs_u64 size;
    if (!path)
        return;
    int code = squashfs->library->inode_get_file_size(inode, &size);
    if (code) {
        say(squashfs, path, code, "a file");
        return;
    }
    file.size = size;
    struct mc_stream stream = {
        .more = file_more, .context = &file, .block = mc_realloc(NULL, MC_STREAM_BLOCK, 1), .declared = size};
    uint8_t *block = stream.block;
    mc_reading_open(squashfs->level.reading, path, &stream, squashfs->level.depth + 1);
    free(block);
}

/* ---- folders ---- */

typedef MC_VECTOR(struct child) child_vector;

/* The reader stands in one folder at a time: its children are listed before any of them is opened. */
static int list_folder(struct squashfs *squashfs, const sqfs_inode_generic_t *folder, const char *lead, child_vector *ret)
{
    const struct mc_squashfs_library *library = squashfs->library;
    int code = library->dir_reader_open_dir(squashfs->folders, folder, 0);
    for (sqfs_dir_entry_t *entry; !code; library->free(entry)) {
        struct child child = {0};
        code = library->dir_reader_read(squashfs->folders, &entry);
        if (code)
            break;
        child.name = mc_arena_printf(&squashfs->arena, "%s%.*s", lead, entry->size + 1, (const char *)entry->name);
        code = library->dir_reader_get_inode(squashfs->folders, &child.inode);
        if (!code)
            mc_push(ret, child);
        if (ret->count > MC_CONTAINER_MEMBERS)
            code = SQFS_ERROR_OVERFLOW;
    }
    return code > 0 ? 0 : code; /* 1: no more */
}

static void open_folder(struct squashfs *squashfs, const char *lead, const sqfs_inode_generic_t *folder, unsigned depth);

static void open_child(struct squashfs *squashfs, const struct child *child, unsigned depth)
{
    switch (child->inode->base.type) {
    case SQFS_INODE_DIR:
    case SQFS_INODE_EXT_DIR:
        open_folder(squashfs, mc_arena_printf(&squashfs->arena, "%s/", child->name), child->inode, depth + 1);
        return;
    case SQFS_INODE_FILE:
    case SQFS_INODE_EXT_FILE:
        open_file(squashfs, child->name, child->inode);
        return;
    default:
        return; /* links, devices */
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct child *)a)->name, ((const struct child *)b)->name);
}

static void open_folder(struct squashfs *squashfs, const char *lead, const sqfs_inode_generic_t *folder, unsigned depth)
{
    child_vector children = {0};
    int code = depth > FOLDER_DEPTH ? SQFS_ERROR_LINK_LOOP : list_folder(squashfs, folder, lead, &children);
    if (code && !squashfs->failed) {
        squashfs->failed = true;
        say(squashfs, squashfs->level.path, code, "a folder");
    }
    if (children.count)
        qsort(children.items, children.count, sizeof *children.items, by_name);
    for (size_t i = 0; i < children.count; i++) {
        if (mc_reading_may_go_on(squashfs->level.reading, squashfs->level.path))
            open_child(squashfs, &children.items[i], depth);
        squashfs->library->free(children.items[i].inode);
    }
    mc_vector_free(&children);
}

/* ---- the file system ---- */

static bool open_tables(struct squashfs *squashfs, struct mc_error *ret_error)
{
    const struct mc_squashfs_library *library = squashfs->library;
    sqfs_compressor_config_t config;
    sqfs_file_t *file = &squashfs->file.file;
    int code = library->super_read(&squashfs->super, file);
    if (code)
        return fail(code, "the first block", ret_error);
    library->compressor_config_init(&config, squashfs->super.compression_id, squashfs->super.block_size,
                                    SQFS_COMP_FLAG_UNCOMPRESS);
    if (library->compressor_create(&config, &squashfs->compressor)) {
        const char *name = library->compressor_name_from_id(squashfs->super.compression_id);
        return mc_fail(ret_error, MC_ERROR_FORMAT, 20, /* offset of the compression's number */
                       "libsquashfs does not read SquashFS compressed with %s: unpack it with unsquashfs",
                       name ? name : "an unknown method");
    }
    squashfs->folders = library->dir_reader_create(&squashfs->super, squashfs->compressor, file, 0);
    squashfs->data = library->data_reader_create(file, squashfs->super.block_size, squashfs->compressor, 0);
    if (!squashfs->folders || !squashfs->data)
        mc_out_of_memory();
    code = library->data_reader_load_fragment_table(squashfs->data, &squashfs->super);
    return code ? fail(code, "the table of fragments", ret_error) : true;
}

static bool open_root(struct squashfs *squashfs, struct mc_error *ret_error)
{
    sqfs_inode_generic_t *root;
    if (!open_tables(squashfs, ret_error))
        return false;
    int code = squashfs->library->dir_reader_get_root_inode(squashfs->folders, &root);
    if (code)
        return fail(code, "the root folder", ret_error);
    open_folder(squashfs, "", root, 0);
    squashfs->library->free(root);
    return true;
}

void mc_squashfs_open(struct mc_reading *reading, const char *path, const uint8_t *bytes, size_t size, unsigned depth)
{
    struct squashfs squashfs = {.library = mc_squashfs_library_load(),
                                .file = {.file = {.base = {.destroy = destroy_nothing},
                                                  .read_at = read_at,
                                                  .write_at = refuse_write,
                                                  .get_size = get_size,
                                                  .truncate = refuse_truncate},
                                         .bytes = bytes,
                                         .size = size}};
    struct mc_error error;
    if (!squashfs.library) {
        mc_fail(&error, MC_ERROR_IO, MC_NO_OFFSET,
                "SquashFS cannot be opened without libsquashfs (Debian: libsquashfs1), which is not installed; unpack it with "
                "unsquashfs");
        mc_reading_fail(reading, path, &error);
        return;
    }
    mc_level_open(&squashfs.level, reading, path, depth);
    if (!open_root(&squashfs, &error))
        mc_reading_fail(reading, path, &error);
    mc_level_close(&squashfs.level);
    destroy(squashfs.data);
    destroy(squashfs.folders);
    destroy(squashfs.compressor);
    mc_arena_free(&squashfs.arena);
}
