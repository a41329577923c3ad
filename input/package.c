/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* asprintf */
#include "input/package.h"

#include "input/root.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define uthash_fatal(message) mc_out_of_memory()
#include <uthash.h>

struct wanted {       /* one path asked for; several askers of one path share the first one's record */
    const char *path; /* normalised */
    const char *owner;
    UT_hash_handle hh;
};

/* Debian's merged /usr: /bin/x and /usr/bin/x are one file, and lists name either. The short form is the key. */
static const char *normalise(const char *path)
{
    if (strncmp(path, "/usr/", 5))
        return path;
    const char *rest = path + 4;
    return !strncmp(rest, "/bin/", 5) || !strncmp(rest, "/sbin/", 6) || !strncmp(rest, "/lib", 4) ? rest : path;
}

/* The path as the tree's lists have it. A tree that is mounted here, or a process's root, is resolved part by part: its links mean
 * its own files. */
static const char *inside_root(const char *root, const char *path, struct mc_arena *arena)
{
    if (*root && strcmp(root, "/") != 0) {
        const char *inner = mc_root_inner(root, path), *resolved = mc_root_resolve(root, inner, arena);
        return normalise(resolved ? mc_root_inner(root, resolved) : inner);
    }
    char *real = realpath(path, NULL);
    const char *kept = mc_arena_strdup(arena, real ? real : path);
    free(real);
    return normalise(kept);
}

/* "libc6:amd64.list" lists the files of libc6. */
static const char *package_of(const char *list, struct mc_arena *arena)
{
    return mc_arena_strndup(arena, list, strcspn(list, ":") < strlen(list) ? strcspn(list, ":") : strlen(list) - 5);
}

static void read_list(const char *folder, const char *name, struct wanted *table, struct mc_arena *arena)
{
    char *path = NULL, *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        mc_out_of_memory();
    FILE *list = fopen(path, "re");
    const char *package = NULL;
    while (list && (length = getline(&line, &capacity, list)) > 0) {
        line[strcspn(line, "\n")] = 0;
        const char *key = normalise(line);
        struct wanted *found;
        HASH_FIND_STR(table, key, found);
        if (found && !found->owner)
            found->owner = package ? package : (package = package_of(name, arena));
    }
    if (list)
        fclose(list);
    free(line);
    free(path);
}

static void read_dpkg(const char *root, struct wanted *table, struct mc_arena *arena)
{
    const char *folder = mc_root_resolve(root, "/var/lib/dpkg/info", arena);
    DIR *lists = folder ? opendir(folder) : NULL;
    struct dirent *entry;
    while (lists && (entry = readdir(lists))) {
        size_t length = strlen(entry->d_name);
        if (length > 5 && !strcmp(entry->d_name + length - 5, ".list"))
            read_list(folder, entry->d_name, table, arena);
    }
    if (lists)
        closedir(lists);
}

struct rpm_reader {
    struct wanted *table;
    struct mc_arena *arena;
};

static void take_rpm_file(void *context, const char *package, const char *path)
{
    struct rpm_reader *reader = context;
    struct wanted *found;
    const char *key = normalise(path);
    HASH_FIND_STR(reader->table, key, found);
    if (found && !found->owner)
        found->owner = mc_arena_strdup(reader->arena, package);
}

static bool lacks_owner(const struct wanted *records, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (records[i].path && !records[i].owner)
            return true;
    return false;
}

void mc_package_owners(const char *root, const char *const *paths, size_t count, const char **ret_owners,
                       struct mc_arena *arena)
{
    struct wanted *table = NULL, *records = MC_NEW_ARRAY(arena, count, struct wanted);
    struct wanted **answers = MC_NEW_ARRAY(arena, count, struct wanted *);
    for (size_t i = 0; i < count; i++) {
        const char *key = inside_root(root, paths[i], arena);
        HASH_FIND_STR(table, key, answers[i]);
        if (answers[i])
            continue;
        answers[i] = &records[i];
        records[i].path = key;
        HASH_ADD_KEYPTR(hh, table, records[i].path, strlen(records[i].path), answers[i]);
    }
    if (count)
        read_dpkg(root, table, arena);
    struct rpm_reader reader = {table, arena};
    if (lacks_owner(records, count))
        mc_package_rpm_files(root, take_rpm_file, &reader, arena);
    for (size_t i = 0; i < count; i++)
        ret_owners[i] = answers[i]->owner;
    HASH_CLEAR(hh, table);
}

const char *mc_package_owner(const char *root, const char *path, struct mc_arena *arena)
{
    const char *owner;
    mc_package_owners(root, &path, 1, &owner, arena);
    return owner;
}
