/* SPDX-License-Identifier: Apache-2.0 */
#include "input/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/vector.h"
#include "input/container_image.h"
#include "input/mapping.h"
#include "input/root.h"

typedef MC_VECTOR(const char *) path_vector;

static bool is_stopped(const struct mc_inputs *inputs)
{
    return inputs->stop && *inputs->stop;
}

static void add_item(struct mc_inputs *inputs, const struct mc_input *item)
{
    mc_reserve(inputs, inputs->count + 1);
    inputs->items[inputs->count++] = *item;
}

static void add_failure(struct mc_inputs *inputs, const char *path, enum mc_input_kind kind, const char *format,
                        const char *detail)
{
    struct mc_error *error = MC_NEW(&inputs->arena, struct mc_error);
    mc_fail(error, kind == MC_INPUT_ERROR ? MC_ERROR_IO : MC_ERROR_UNSUPPORTED, MC_NO_OFFSET, format, detail);
    struct mc_input item = {.path = path, .kind = kind, .error = error};
    add_item(inputs, &item);
}

static void add_file(struct mc_inputs *inputs, const char *path, const struct stat *status, bool link, bool named)
{
    struct mc_input item = {.path = path,
                            .kind = MC_INPUT_OTHER, /* until mc_inputs_finish looks inside */
                            .named = named,
                            .link = link,
                            .mode = status->st_mode,
                            .device = status->st_dev,
                            .inode = status->st_ino,
                            .size = (uint64_t)status->st_size,
                            .mtime = mc_nanoseconds(&status->st_mtim),
                            .ctime = mc_nanoseconds(&status->st_ctim)};
    if (!S_ISREG(status->st_mode)) {
        item.kind = MC_INPUT_SPECIAL;
        struct mc_error *error = MC_NEW(&inputs->arena, struct mc_error);
        mc_fail(error, MC_ERROR_UNSUPPORTED, MC_NO_OFFSET, "%s, not a regular file", mc_mode_text(status->st_mode));
        item.error = error;
    }
    add_item(inputs, &item);
}

/* ---- folders ---- */

/* The kernel's own file systems: endless, and nothing in them is a program of this system. */
static bool is_kernel_view(int folder)
{
    struct statfs status;
    return fstatfs(folder, &status) == 0 && (status.f_type == PROC_SUPER_MAGIC || status.f_type == SYSFS_MAGIC);
}

static char *join(struct mc_arena *arena, const char *folder, const char *name)
{
    size_t length = strlen(folder);
    return mc_arena_printf(arena, "%s%s%s", folder, length && folder[length - 1] == '/' ? "" : "/", name);
}

/* Where a link is to be read: with a root not where this system would follow it to. */
static const char *target_of(struct mc_inputs *inputs, const char *path)
{
    return inputs->root ? mc_root_resolve(inputs->root, mc_root_inner(inputs->root, path), &inputs->arena) : path;
}

static void visit_name(struct mc_inputs *inputs, int folder, const char *path, const char *name, path_vector *folders)
{
    struct stat status;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT) /* else it went away between readdir and now */
            add_failure(inputs, path, MC_INPUT_ERROR, "cannot read: %s", strerror(errno));
        return;
    }
    if (S_ISDIR(status.st_mode)) {
        mc_push(folders, path);
        return;
    }
    bool link = S_ISLNK(status.st_mode);
    const char *target = link ? target_of(inputs, path) : path;
    if (link && (!target || stat(target, &status) != 0)) {
        add_failure(inputs, path, MC_INPUT_SPECIAL, "%s", "a dangling symbolic link");
        return;
    }
    path = target;
    if (!S_ISDIR(status.st_mode))
        add_file(inputs, path, &status, link, false);
}

static bool add_image(struct mc_inputs *inputs, const char *path, bool named)
{
    struct stat status;
    if (inputs->plain || !mc_image_is_folder(path) || stat(path, &status) != 0)
        return false;
    struct mc_input item = {.path = path, .kind = MC_INPUT_IMAGE_FOLDER, .named = named, .mode = status.st_mode,
                            .device = status.st_dev, .inode = status.st_ino};
    add_item(inputs, &item);
    return true;
}

static void read_folder(struct mc_inputs *inputs, const char *path, bool named, path_vector *folders)
{
    if (add_image(inputs, path, named))
        return;
    DIR *folder = opendir(path);
    if (!folder) {
        add_failure(inputs, path, MC_INPUT_ERROR, "cannot read the folder: %s", strerror(errno));
        return;
    }
    struct dirent *entry;
    while (!is_stopped(inputs) && (named || !is_kernel_view(dirfd(folder))) && (errno = 0, entry = readdir(folder))) {
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            visit_name(inputs, dirfd(folder), join(&inputs->arena, path, entry->d_name), entry->d_name, folders);
        named = true; /* looked at once per folder */
    }
    if (errno && !is_stopped(inputs))
        add_failure(inputs, path, MC_INPUT_ERROR, "cannot read the folder: %s", strerror(errno));
    closedir(folder);
}

/* False when no file is named by what stands before a '!'. */
static bool add_member(struct mc_inputs *inputs, const char *path)
{
    size_t length;
    struct stat status;
    const char *outer = mc_member_outer(inputs->root ? inputs->root : "", path, &inputs->arena, &length);
    if (!outer || stat(outer, &status) != 0)
        return false;
    add_file(inputs, outer, &status, false, true);
    inputs->items[inputs->count - 1].member = mc_arena_printf(&inputs->arena, "%s%s", outer, path + length);
    return true;
}

void mc_inputs_add(struct mc_inputs *inputs, const char *path)
{
    const char *kept = target_of(inputs, mc_arena_strdup(&inputs->arena, path));
    struct stat status, own;
    if ((!kept || stat(kept, &status) != 0) && add_member(inputs, path))
        return;
    if (!kept || stat(kept, &status) != 0) {
        const char *reason = strerror(errno);
        add_failure(inputs, kept ? kept : mc_arena_strdup(&inputs->arena, path), MC_INPUT_ERROR, "cannot read: %s", reason);
        inputs->items[inputs->count - 1].named = true;
        return;
    }
    if (!S_ISDIR(status.st_mode)) {
        bool link = lstat(kept, &own) == 0 && S_ISLNK(own.st_mode);
        add_file(inputs, kept, &status, link, true);
        return;
    }
    path_vector folders = {0};
    mc_push(&folders, kept);
    for (bool named = true; folders.count && !is_stopped(inputs); named = false)
        read_folder(inputs, folders.items[--folders.count], named, &folders);
    mc_vector_free(&folders);
}

bool mc_inputs_add_list(struct mc_inputs *inputs, FILE *list, char separator, struct mc_error *ret_error)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    while (!is_stopped(inputs) && (length = getdelim(&line, &capacity, separator, list)) > 0) {
        if (line[length - 1] == separator)
            line[--length] = 0;
        if (length && strlen(line) != (size_t)length)
            add_failure(inputs, mc_arena_strdup(&inputs->arena, line), MC_INPUT_ERROR, "%s",
                        "a path with a zero byte in a list of lines");
        else if (length)
            mc_inputs_add(inputs, line);
    }
    free(line);
    if (ferror(list) && !is_stopped(inputs))
        return mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET, "cannot read the list of files: %s", strerror(errno));
    return true;
}

/* ---- one item per file ---- */

static int compare_files(const void *left, const void *right)
{
    const struct mc_input *a = left, *b = right;
    if (a->device != b->device)
        return a->device < b->device ? -1 : 1;
    if (a->inode != b->inode)
        return a->inode < b->inode ? -1 : 1;
    if (!a->member != !b->member) /* the whole file first: it covers its members */
        return a->member ? 1 : -1;
    if (a->member && strcmp(a->member, b->member))
        return strcmp(a->member, b->member);
    if (a->named != b->named)
        return a->named ? -1 : 1;
    if (a->link != b->link)
        return a->link ? 1 : -1;
    return strcmp(a->path, b->path);
}

static int compare_paths(const void *left, const void *right)
{
    const struct mc_input *a = left, *b = right;
    return strcmp(a->member ? a->member : a->path, b->member ? b->member : b->path);
}

static void classify(struct mc_inputs *inputs, struct mc_input *item)
{
    if (item->kind != MC_INPUT_OTHER || !item->size)
        return;
    uint8_t head[MC_CLASSIFY_HEAD];
    int file = open(item->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ssize_t size = file < 0 ? -1 : read(file, head, sizeof head);
    if (size < 0) {
        struct mc_error *error = MC_NEW(&inputs->arena, struct mc_error);
        mc_fail(error, MC_ERROR_IO, MC_NO_OFFSET, "cannot read: %s", strerror(errno));
        item->kind = MC_INPUT_ERROR;
        item->error = error;
    } else {
        item->kind = mc_classify_bytes(head, (size_t)size);
        if (item->kind == MC_INPUT_OTHER && item->size > MC_CLASSIFY_ISO &&
            pread(file, head, MC_CLASSIFY_ISO_SIZE, MC_CLASSIFY_ISO) == MC_CLASSIFY_ISO_SIZE &&
            mc_classify_is_iso(head))
            item->kind = MC_INPUT_INDEXED;
    }
    if (file >= 0)
        close(file);
}

void mc_inputs_finish(struct mc_inputs *inputs)
{
    if (!inputs->count)
        return;
    qsort(inputs->items, inputs->count, sizeof *inputs->items, compare_files);
    size_t kept = 0;
    for (size_t i = 0; i < inputs->count; i++) {
        const struct mc_input *last = kept ? &inputs->items[kept - 1] : NULL;
        const struct mc_input *item = &inputs->items[i];
        bool same = last && item->inode && item->inode == last->inode && item->device == last->device &&
                    (!last->member || (item->member && !strcmp(item->member, last->member)));
        bool again = last && !item->inode && !strcmp(item->path, last->path); /* failures have no inode */
        if (!same && !again)
            inputs->items[kept++] = *item;
    }
    inputs->count = kept;
    qsort(inputs->items, inputs->count, sizeof *inputs->items, compare_paths);
    for (size_t i = 0; i < inputs->count && !is_stopped(inputs); i++)
        classify(inputs, &inputs->items[i]);
}

void mc_inputs_free(struct mc_inputs *inputs)
{
    free(inputs->items);
    mc_arena_free(&inputs->arena);
    *inputs = (struct mc_inputs){0};
}
