/* SPDX-License-Identifier: Apache-2.0 */
#include "input/closure.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/vector.h"
#include "input/library_cache.h"
#include "input/root.h"

struct object {                /* a file that is loaded */
    const char *path, *origin; /* origin: its folder, links resolved, without the root */
    struct mc_link_info info;
    size_t loader; /* index of the object that needed it; its own for the first */
    uint64_t device, inode;
};

struct search {
    const struct mc_loader *loader;
    struct mc_arena *arena;
    MC_VECTOR(struct object) objects;
    MC_VECTOR(struct mc_library) libraries;
};

void mc_loader_open(const char *root, mc_link_reader *read, struct mc_loader *ret)
{
    *ret = (struct mc_loader){.read = read};
    char *real = root && root[0] ? realpath(root, NULL) : NULL;
    const char *kept = real ? real : root ? root : "";
    ret->root = mc_arena_strdup(&ret->arena, strcmp(kept, "/") ? kept : "");
    free(real);
    const char *path = mc_root_resolve(ret->root, "/etc/ld.so.cache", &ret->arena);
    ret->cache = path ? mc_library_cache_open(path, &ret->arena, NULL) : NULL;
}

void mc_loader_close(struct mc_loader *loader)
{
    mc_library_cache_close(loader->cache);
    mc_arena_free(&loader->arena);
    *loader = (struct mc_loader){0};
}

/* ---- names to paths ---- */

struct token {
    const char *name;
    const char *value; /* NULL: the object's origin */
};

/* Replaces $NAME and ${NAME} (ld.so(8), "Dynamic string tokens") by their values. */
static char *expand(struct search *search, const char *text, size_t length, const struct object *object)
{
    const struct token tokens[] = {{"ORIGIN", object->origin},
                                   {"LIB", object->info.wide ? "lib/x86_64-linux-gnu" : "lib/i386-linux-gnu"},
                                   {"PLATFORM", object->info.wide ? "x86_64" : "i686"}};
    char *result = mc_arena_strdup(search->arena, "");
    for (size_t at = 0; at < length;) {
        bool replaced = false;
        for (size_t i = 0; text[at] == '$' && i < 3 && !replaced; i++) {
            bool brace = at + 1 < length && text[at + 1] == '{';
            size_t name = strlen(tokens[i].name), start = at + 1 + brace;
            if (start + name + brace > length || strncmp(text + start, tokens[i].name, name) ||
                (brace && text[start + name] != '}'))
                continue;
            result = mc_arena_printf(search->arena, "%s%s", result, tokens[i].value);
            at = start + name + brace;
            replaced = true;
        }
        if (!replaced) {
            size_t plain = 1 + strcspn(text + at + 1, "$");
            plain = plain < length - at ? plain : length - at;
            result = mc_arena_printf(search->arena, "%s%.*s", result, (int)plain, text + at);
            at += plain;
        }
    }
    return result;
}

/* A candidate counts when it can be read and has the class of the object that needs it; else ld.so goes on searching.
 */
static const char *try_path(struct search *search, const char *path, bool wide, struct object *ret)
{
    const char *full = mc_root_resolve(search->loader->root, path, search->arena);
    struct stat status;
    if (!full || stat(full, &status) != 0 || !S_ISREG(status.st_mode))
        return NULL;
    for (size_t i = 0; i < search->objects.count; i++)
        if (search->objects.items[i].inode == status.st_ino && search->objects.items[i].device == status.st_dev) {
            ret->inode = 0; /* loaded already */
            return search->objects.items[i].info.wide == wide ? full : NULL;
        }
    if (!search->loader->read(full, search->arena, &ret->info, NULL) || ret->info.wide != wide)
        return NULL;
    ret->path = full;
    ret->device = status.st_dev;
    ret->inode = status.st_ino;
    return full;
}

static const char *try_folders(struct search *search, const char *list, const struct object *owner, const char *name,
                               bool wide, struct object *ret)
{
    for (const char *at = list; list;) {
        size_t length = strcspn(at, ":");
        const char *folder = length ? expand(search, at, length, owner) : ".";
        const char *found = try_path(search, mc_arena_printf(search->arena, "%s/%s", folder, name), wide, ret);
        if (found || !at[length])
            return found;
        at += length + 1;
    }
    return NULL;
}

static const char *try_default(struct search *search, const char *name, bool wide, struct object *ret)
{
    static const char folders_64[] = "/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:/lib64:/usr/lib64:/lib:/usr/lib";
    static const char folders_32[] = "/lib/i386-linux-gnu:/usr/lib/i386-linux-gnu:/lib32:/usr/lib32:/lib:/usr/lib";
    const struct object nobody = {.origin = ""};
    return try_folders(search, wide ? folders_64 : folders_32, &nobody, name, wide, ret);
}

static const char *find_library(struct search *search, size_t owner_index, const char *name, struct object *ret)
{
    struct object owner = search->objects.items[owner_index];
    bool wide = owner.info.wide;
    if (strchr(name, '/'))
        return try_path(search, expand(search, name, strlen(name), &owner), wide, ret);
    const char *found = NULL;
    if (!owner.info.runpath) {
        for (size_t index = owner_index;; index = search->objects.items[index].loader) {
            struct object object = search->objects.items[index];
            if (!object.info.runpath && object.info.rpath)
                found = try_folders(search, object.info.rpath, &object, name, wide, ret);
            if (found || object.loader == index)
                break;
        }
    }
    if (!found)
        found = try_folders(search, owner.info.runpath, &owner, name, wide, ret);
    const char *cached =
        !found && search->loader->cache ? mc_library_cache_find(search->loader->cache, name, wide) : NULL;
    if (cached)
        found = try_path(search, cached, wide, ret);
    if (!found)
        found = try_default(search, name, wide, ret);
    bool of_program = search->objects.items[0].info.interpreter;
    return found || of_program ? found : try_folders(search, owner.origin, &owner, name, wide, ret);
}

/* ---- the closure ---- */

static const char *origin_of(struct search *search, const char *path)
{
    char *real = realpath(path, NULL);
    char *origin = mc_arena_strdup(search->arena, real ? real : path);
    free(real);
    char *slash = strrchr(origin, '/');
    if (slash)
        *slash = 0;
    size_t root = strlen(search->loader->root);
    return root && !strncmp(origin, search->loader->root, root) ? origin + root : origin;
}

static bool known_name(const struct search *search, const char *name)
{
    for (size_t i = 0; i < search->libraries.count; i++)
        if (!strcmp(search->libraries.items[i].name, name))
            return true;
    for (size_t i = 0; i < search->objects.count; i++) /* ld.so also knows what is loaded by its soname */
        if (search->objects.items[i].info.soname && !strcmp(search->objects.items[i].info.soname, name))
            return true;
    return false;
}

static void need(struct search *search, size_t owner, const char *name)
{
    if (!name[0] || known_name(search, name))
        return;
    struct object object = {.loader = owner};
    const char *path = find_library(search, owner, name, &object);
    if (path && !object.inode)
        return; /* the same file under another name */
    mc_push(&search->libraries, ((struct mc_library){name, path, search->objects.items[owner].path}));
    if (path) {
        object.origin = origin_of(search, path);
        mc_push(&search->objects, object);
    }
}

bool mc_closure_find(const struct mc_loader *loader, const char *path, struct mc_arena *arena, struct mc_closure *ret,
                     struct mc_error *ret_error)
{
    struct search search = {.loader = loader, .arena = arena};
    struct object first = {.path = mc_arena_strdup(arena, path)};
    struct stat status;
    if (!loader->read(path, arena, &first.info, ret_error))
        return false;
    if (stat(path, &status) == 0) {
        first.device = status.st_dev;
        first.inode = status.st_ino;
    }
    first.origin = origin_of(&search, path);
    mc_push(&search.objects, first);
    for (size_t i = 0; i < search.objects.count; i++)
        for (size_t n = 0; n < search.objects.items[i].info.needed_count; n++)
            need(&search, i, search.objects.items[i].info.needed[n]);
    if (first.info.interpreter) /* last: it is usually needed by name, too */
        need(&search, 0, first.info.interpreter);
    *ret = (struct mc_closure){.count = search.libraries.count};
    ret->items = MC_NEW_ARRAY(arena, ret->count + 1, struct mc_library);
    for (size_t i = 0; i < ret->count; i++) {
        ret->items[i] = search.libraries.items[i];
        ret->unresolved += !ret->items[i].path;
    }
    mc_vector_free(&search.objects);
    mc_vector_free(&search.libraries);
    return true;
}
