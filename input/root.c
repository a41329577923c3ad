/* SPDX-License-Identifier: Apache-2.0 */
#include "input/root.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINK_LIMIT 40 /* as Linux (path_resolution(7)) */

const char *mc_root_inner(const char *root, const char *path)
{
    size_t length = strlen(root);
    while (length && root[length - 1] == '/')
        length--;
    bool inside = !strncmp(path, root, length) && (!path[length] || path[length] == '/');
    return length && inside ? path + length : path;
}

/* Takes the last part off. */
static char *parent(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = 0;
    return path;
}

/* What the link says, then the rest of the path. */
static const char *follow(const char *link, const char *rest, struct mc_arena *arena)
{
    char target[PATH_MAX];
    ssize_t length = readlink(link, target, sizeof target - 1);
    if (length < 0)
        return NULL;
    return mc_arena_printf(arena, "%.*s/%s", (int)length, target, rest);
}

const char *mc_root_resolve(const char *root, const char *path, struct mc_arena *arena)
{
    size_t root_length = strlen(root);
    unsigned links = 0;
    struct stat status;
    if (!root_length)
        return mc_arena_strdup(arena, path);
    while (root_length && root[root_length - 1] == '/')
        root_length--;
    char *done = mc_arena_strdup(arena, ""); /* below the root, without links */
    while (*path) {
        size_t length = strcspn(path, "/");
        const char *rest = path + length + strspn(path + length, "/");
        bool here = !length || (length == 1 && *path == '.');
        bool up = length == 2 && !strncmp(path, "..", 2);
        char *next = mc_arena_printf(arena, "%s/%.*s", done, (int)length, path);
        const char *full = mc_arena_printf(arena, "%.*s%s", (int)root_length, root, next);
        if (here || up) {
            done = up ? parent(done) : done;
        } else if (lstat(full, &status) != 0) {
            return NULL;
        } else if (S_ISLNK(status.st_mode)) {
            if (++links > LINK_LIMIT) {
                errno = ELOOP;
                return NULL;
            }
            rest = follow(full, rest, arena);
            if (!rest)
                return NULL;
            done = *rest == '/' ? mc_arena_strdup(arena, "") : done;
        } else if (*rest && !S_ISDIR(status.st_mode)) {
            errno = ENOTDIR;
            return NULL;
        } else {
            done = next;
        }
        path = rest;
    }
    return mc_arena_printf(arena, "%.*s%s", (int)root_length, root, *done || root_length ? done : "/");
}
