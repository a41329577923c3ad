/* SPDX-License-Identifier: Apache-2.0 */
/* rpm's database has had several formats (Berkeley DB, ndb, SQLite), so rpm itself is asked, once, for all files of all packages.
 * It is run with the database's folder, not with a root: that needs no privileges. */
#define _GNU_SOURCE /* pipe2 */
#include "input/package.h"
#include "input/root.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The folder with a database that holds something; NULL where there is none. */
static const char *find_database(const char *root, struct mc_arena *arena)
{
    static const char *const folders[] = {"/usr/lib/sysimage/rpm", "/var/lib/rpm"};
    static const char *const files[] = {"rpmdb.sqlite", "Packages.db", "Packages"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        const char *folder = mc_root_resolve(root, folders[i], arena);
        for (size_t k = 0; folder && k < sizeof files / sizeof *files; k++)
            if (access(mc_arena_printf(arena, "%s/%s", folder, files[k]), R_OK) == 0)
                return folder;
    }
    return NULL;
}

/* Starts rpm with its output in a pipe. NULL when that does not work, as where rpm is not installed. */
static FILE *start(const char *folder, struct mc_arena *arena, pid_t *ret_pid)
{
    static char name[] = "rpm", dbpath[] = "--dbpath", all[] = "-qa", query[] = "--qf", format[] = "[%{=NAME}\\t%{FILENAMES}\\n]",
                locale[] = "LC_ALL=C";
    char *path = realpath(folder, NULL); /* rpm wants it absolute */
    char *const arguments[] = {name, dbpath, path, all, query, format, NULL};
    char *const environment[] = {mc_arena_printf(arena, "PATH=%s", getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin"), locale, NULL};
    posix_spawn_file_actions_t actions;
    int ends[2], failed;
    FILE *output = NULL;
    if (!path || pipe2(ends, O_CLOEXEC) != 0) {
        free(path);
        return NULL;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    failed = posix_spawnp(ret_pid, "rpm", &actions, NULL, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    free(path);
    close(ends[1]);
    if (failed || !(output = fdopen(ends[0], "r")))
        close(ends[0]);
    return output;
}

void mc_package_rpm_files(const char *root, mc_package_visit *visit, void *context, struct mc_arena *arena)
{
    const char *folder = find_database(root, arena);
    pid_t child = -1;
    FILE *output = folder ? start(folder, arena, &child) : NULL;
    char *line = NULL;
    size_t capacity = 0;
    while (output && getline(&line, &capacity, output) > 0) {
        char *tab = strchr(line, '\t');
        line[strcspn(line, "\n")] = 0;
        if (!tab)
            continue;
        *tab = 0;
        visit(context, line, tab + 1);
    }
    free(line);
    if (output)
        fclose(output);
    if (child > 0)
        waitpid(child, NULL, 0);
}
