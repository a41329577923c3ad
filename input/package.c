/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* asprintf */
#include "input/package.h"

#include "input/root.h"

#include <dirent.h>
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

static const char *inside_root(const char *root, const char *path, struct mc_arena *arena)
{
    char *real = realpath(path, NULL);
    char *real_root = root[0] && strcmp(root, "/") ? realpath(root, NULL) : NULL;
    const char *kept = mc_arena_strdup(arena, real ? real : path);
    size_t length = real_root ? strlen(real_root) : 0;
    if (length && !strncmp(kept, real_root, length) && kept[length] == '/')
        kept += length;
    free(real);
    free(real_root);
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
    const char *folder = mc_root_resolve(root, "/var/lib/dpkg/info", arena);
    DIR *lists = count && folder ? opendir(folder) : NULL;
    struct dirent *entry;
    while (lists && (entry = readdir(lists))) {
        size_t length = strlen(entry->d_name);
        if (length > 5 && !strcmp(entry->d_name + length - 5, ".list"))
            read_list(folder, entry->d_name, table, arena);
    }
    if (lists)
        closedir(lists);
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
