/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memmem */
#include "scanner/proof/tree.h"

#include "base/vector.h"
#include "scanner/image_link.h"

#include <stdlib.h>
#include <string.h>

#define uthash_fatal(message) mc_out_of_memory()
#include <uthash.h>

struct member {
    const char *path, *name; /* name: its soname, else the last part of its path */
    struct mc_link_info info;
    uint8_t *bytes; /* heap; NULL: not kept */
    size_t size;
    struct member *next; /* of the same name */
    UT_hash_handle by_path, by_name;
};

struct mc_tree {
    struct mc_arena arena;
    struct member *paths, *names;
    size_t kept;
    bool cut;
};

/* ---- reading ---- */

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/'), *mark = strrchr(path, '!');
    const char *last = slash > mark ? slash : mark;
    return last ? last + 1 : path;
}

static void keep_bytes(struct mc_tree *tree, struct member *member, const struct mc_member *from)
{
    static const uint8_t cpuid[] = {0x0F, 0xA2};
    if (!memmem(from->bytes, from->size, cpuid, sizeof cpuid))
        return;
    if (from->size > MC_TREE_BYTES - tree->kept) {
        tree->cut = true;
        return;
    }
    member->bytes = mc_realloc(NULL, from->size, 1);
    memcpy(member->bytes, from->bytes, from->size);
    member->size = from->size;
    tree->kept += from->size;
}

static void add(void *context, const struct mc_member *from)
{
    struct mc_tree *tree = context;
    struct mc_error error;
    struct mc_link_info info = {0};
    struct member *found;
    if (from->kind != MC_INPUT_ELF || from->error ||
        !mc_image_link_info_of(from->bytes, from->size, &tree->arena, &info, &error))
        return;
    bool library = info.soname || strstr(last_part(from->path), ".so");
    if (!library && !info.needed_count && !info.interpreter)
        return;
    struct member *member = MC_NEW(&tree->arena, struct member);
    member->path = mc_arena_strdup(&tree->arena, from->path);
    member->info = info;
    member->name = info.soname ? info.soname : last_part(member->path);
    HASH_ADD_KEYPTR(by_path, tree->paths, member->path, strlen(member->path), member);
    HASH_FIND(by_name, tree->names, member->name, strlen(member->name), found);
    if (found) {
        member->next = found->next;
        found->next = member;
    } else {
        HASH_ADD_KEYPTR(by_name, tree->names, member->name, strlen(member->name), member);
    }
    if (library)
        keep_bytes(tree, member, from);
}

struct mc_tree *mc_tree_read(const struct mc_input *container, const struct mc_held *held)
{
    struct mc_tree *tree = mc_realloc(NULL, 1, sizeof *tree);
    memset(tree, 0, sizeof *tree);
    mc_container_read_again(container, held, add, tree);
    return tree;
}

void mc_tree_free(struct mc_tree *tree)
{
    if (!tree)
        return;
    for (struct member *member = tree->paths; member; member = member->by_path.next)
        free(member->bytes);
    HASH_CLEAR(by_name, tree->names);
    HASH_CLEAR(by_path, tree->paths);
    mc_arena_free(&tree->arena);
    free(tree);
}

bool mc_tree_is_cut(const struct mc_tree *tree)
{
    return tree->cut;
}

static struct member *find(const struct mc_tree *tree, const char *path)
{
    struct member *found;
    HASH_FIND(by_path, tree->paths, path, strlen(path), found);
    return found;
}

const uint8_t *mc_tree_bytes(const struct mc_tree *tree, const char *path, size_t *ret_size)
{
    const struct member *member = find(tree, path);
    *ret_size = member ? member->size : 0;
    return member ? member->bytes : NULL;
}

/* ---- which one is meant ---- */

static const char *within_archive(const char *path)
{
    const char *mark = strrchr(path, '!');
    return mark ? mark + 1 : path;
}

/* lib, usr/lib64, usr/local/lib, usr/lib/x86_64-linux-gnu: where ld.so looks without being told. */
static bool is_default_folder(const char *path)
{
    static const char *const prefixes[] = {"usr/local/", "usr/", ""};
    static const char *const folders[] = {"lib", "lib64", "lib32", "libx32"};
    path = within_archive(path);
    size_t length = (size_t)(last_part(path) - path);
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t prefix = strlen(prefixes[i]);
        if (strncmp(path, prefixes[i], prefix))
            continue;
        for (size_t k = 0; k < sizeof folders / sizeof *folders; k++) {
            size_t folder = strlen(folders[k]);
            if (strncmp(path + prefix, folders[k], folder) || path[prefix + folder] != '/')
                continue;
            const char *rest = path + prefix + folder + 1, *end = memchr(rest, '/', length - (prefix + folder + 1));
            if (!*rest || rest == path + length)
                return true;
            return end && end + 1 == path + length && memmem(rest, (size_t)(end - rest), "-linux-", 7);
        }
    }
    return false;
}

static unsigned distance(const char *asker, const char *path)
{
    size_t archive = (size_t)(within_archive(asker) - asker), folder = (size_t)(last_part(asker) - asker);
    if (last_part(path) - path == (ptrdiff_t)folder && !strncmp(asker, path, folder))
        return 0;
    bool same_archive = within_archive(path) - path == (ptrdiff_t)archive && !strncmp(asker, path, archive);
    return is_default_folder(path) ? same_archive ? 1 : 2 : same_archive ? 3 : 4;
}

static struct member *choose(const struct mc_tree *tree, const struct member *asker, const char *name)
{
    struct member *first, *best = NULL;
    unsigned nearest = 5;
    bool doubtful = false;
    HASH_FIND(by_name, tree->names, name, strlen(name), first);
    for (struct member *member = first; member; member = member->next) {
        unsigned at = distance(asker->path, member->path);
        if (member->info.wide != asker->info.wide || at > nearest)
            continue;
        doubtful = at == nearest && at > 1;
        best = member;
        nearest = at;
    }
    return doubtful ? NULL : best;
}

const char **mc_tree_closure(const struct mc_tree *tree, const char *path, struct mc_arena *arena, size_t *ret_count)
{
    MC_VECTOR(struct member *) queue = {0};
    struct member *asker = find(tree, path);
    if (asker)
        mc_push(&queue, asker);
    for (size_t i = 0; i < queue.count; i++) {
        const struct mc_link_info *info = &queue.items[i]->info;
        size_t wanted = info->needed_count + (i == 0 && info->interpreter);
        for (size_t n = 0; n < wanted; n++) {
            const char *name = n < info->needed_count ? info->needed[n] : last_part(info->interpreter);
            struct member *found = choose(tree, queue.items[i], last_part(name));
            bool known = !found;
            for (size_t k = 0; k < queue.count && !known; k++)
                known = queue.items[k] == found;
            if (!known)
                mc_push(&queue, found);
        }
    }
    *ret_count = queue.count ? queue.count - 1 : 0;
    const char **paths = MC_NEW_ARRAY(arena, *ret_count + 1, const char *);
    for (size_t i = 0; i < *ret_count; i++)
        paths[i] = queue.items[i + 1]->path;
    mc_vector_free(&queue);
    return paths;
}
