/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* asprintf */
#include "input/processes.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/vector.h"

#define DELETED " (deleted)"

typedef MC_VECTOR(struct mc_process) process_vector;
typedef MC_VECTOR(struct mc_process_map) map_vector;

static FILE *open_file(const char *proc, int pid, const char *name)
{
    char *path;
    if (asprintf(&path, "%s/%d/%s", proc, pid, name) < 0)
        mc_out_of_memory();
    FILE *file = fopen(path, "re");
    free(path);
    return file;
}

static bool cut_deleted(char *path)
{
    size_t length = strlen(path), suffix = strlen(DELETED);
    if (length <= suffix || strcmp(path + length - suffix, DELETED))
        return false;
    path[length - suffix] = 0;
    return true;
}

/* The kernel writes a newline in a mapped path as \012 (fs/seq_file.c, mangle_path). */
static void unescape(char *path)
{
    char *to = path;
    for (const char *from = path; *from; to++) {
        bool newline = !strncmp(from, "\\012", 4);
        *to = newline ? '\n' : *from;
        from += newline ? 4 : 1;
    }
    *to = 0;
}

/* "start-end perms offset major:minor inode path": one line of maps. False when it has no executable file behind it;
 * *ret_generated is set for executable memory without a file. */
static bool read_map_line(char *line, const struct mc_process *process, struct mc_arena *arena,
                          struct mc_process_map *ret, bool *ret_generated)
{
    unsigned long long start, end, inode;
    unsigned device_major, device_minor;
    char permissions[5];
    int place = 0;
    if (sscanf(line, "%llx-%llx %4s %*x %x:%x %llu %n", &start, &end, permissions, &device_major, &device_minor, &inode,
               &place) < 6 ||
        permissions[2] != 'x')
        return false;
    char *path = line + place;
    path[strcspn(path, "\n")] = 0;
    if (path[0] != '/') {
        *ret_generated = *ret_generated || path[0] != '['; /* [vdso], [vsyscall], [uprobes] are the kernel's */
        return false;
    }
    unescape(path);
    bool deleted = cut_deleted(path), program = process->exe && !strcmp(path, process->exe);
    if (!program && (!strncmp(path, "/memfd:", 7) || !strncmp(path, "/dev/zero", 9) || !strncmp(path, "/SYSV", 5))) {
        *ret_generated = true; /* shared memory: a compiler's second view of what it writes */
        return false;
    }
    *ret = (struct mc_process_map){.path = mc_arena_strdup(arena, path),
                                   .start = start,
                                   .end = end,
                                   .device = makedev(device_major, device_minor),
                                   .inode = inode,
                                   .deleted = deleted};
    return true;
}

static bool seen(const map_vector *maps, const struct mc_process_map *map)
{
    for (size_t i = maps->count; i; i--) /* mappings of one file follow one another */
        if (maps->items[i - 1].inode == map->inode && maps->items[i - 1].device == map->device)
            return true;
    return false;
}

/* Returns the number of lines read, or -1 with errno. */
static long read_maps(const char *proc, struct mc_process *process, struct mc_arena *arena)
{
    FILE *file = open_file(proc, process->pid, "maps");
    if (!file)
        return -1;
    map_vector maps = {0};
    char *line = NULL;
    size_t capacity = 0;
    long lines = 0;
    errno = 0;
    while (getline(&line, &capacity, file) > 0) {
        struct mc_process_map map;
        lines++;
        if (read_map_line(line, process, arena, &map, &process->generated_code) && !seen(&maps, &map))
            mc_push(&maps, map);
    }
    int reason = ferror(file) ? errno : 0;
    process->maps = MC_NEW_ARRAY(arena, maps.count + 1, struct mc_process_map);
    process->map_count = maps.count;
    if (maps.count)
        memcpy(process->maps, maps.items, maps.count * sizeof *maps.items);
    mc_vector_free(&maps);
    free(line);
    fclose(file);
    errno = reason;
    return reason ? -1 : lines;
}

static void read_name(const char *proc, struct mc_process *process, struct mc_arena *arena)
{
    char name[256] = "";
    FILE *file = open_file(proc, process->pid, "comm");
    size_t length = file ? fread(name, 1, sizeof name - 1, file) : 0;
    if (length && name[length - 1] == '\n')
        length--;
    process->name = mc_arena_strndup(arena, name, length);
    if (file)
        fclose(file);
}

/* Field 22 of stat (proc(5)), in clock ticks. The name in parentheses may hold anything, so fields count from its end.
 */
static double read_start(const char *proc, int pid)
{
    char text[1024] = "";
    FILE *file = open_file(proc, pid, "stat");
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[length] = 0;
    const char *field = strrchr(text, ')');
    for (int number = 2; field && number < 22; number++)
        field = strchr(field + 1, ' ');
    return field ? strtod(field, NULL) / (double)sysconf(_SC_CLK_TCK) : -1;
}

/* Returns 0, or the reason as errno. */
static int read_exe(const char *proc, struct mc_process *process, struct mc_arena *arena)
{
    char *path, target[4096 + sizeof DELETED];
    if (asprintf(&path, "%s/%d/exe", proc, process->pid) < 0)
        mc_out_of_memory();
    ssize_t length = readlink(path, target, sizeof target - 1);
    int reason = errno;
    free(path);
    if (length < 0)
        return reason;
    target[length] = 0;
    process->exe_deleted = cut_deleted(target);
    process->exe = mc_arena_strdup(arena, target);
    return 0;
}

/* ---- unit and container, from the control group's path ---- */

static bool ends_with(const char *text, size_t length, const char *suffix)
{
    size_t wanted = strlen(suffix);
    return length > wanted && !memcmp(text + length - wanted, suffix, wanted);
}

static bool begins_with(const char *text, size_t length, const char *prefix)
{
    size_t wanted = strlen(prefix);
    return length > wanted && !memcmp(text, prefix, wanted);
}

/* The identifiers of the Open Container Initiative's runtimes: Docker's, containerd's, CRI-O's, Podman's. */
static bool is_container_id(const char *part, size_t length)
{
    size_t digits = 0;
    while (digits < length && isxdigit((unsigned char)part[digits]))
        digits++;
    return length == 64 && digits == length;
}

/* systemd writes characters that a unit's name cannot have as \xNN (systemd.unit(5)). */
static const char *unescape_unit(const char *text, size_t length, struct mc_arena *arena)
{
    char *copy = mc_arena_strndup(arena, text, length);
    size_t out = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned code;
        bool escaped = !strncmp(copy + i, "\\x", 2) && sscanf(copy + i + 2, "%2x", &code) == 1 && code;
        copy[out++] = escaped ? (char)code : copy[i];
        i += escaped ? 3 : 0;
    }
    copy[out] = 0;
    return copy;
}

/* One part of the path that names a container: "docker-<id>.scope" and its like, an identifier, or the part behind "lxc". The
 * monitors that runtimes keep beside a container are none. */
static const char *container_of(const char *part, size_t length, const char *previous, struct mc_arena *arena)
{
    static const char *const prefixes[] = {"docker-",  "libpod-",      "crio-",       "cri-containerd-",
                                           "machine-", "lxc.payload.", "systemd-nspawn@"};
    static const char *const monitors[] = {"libpod-conmon-", "crio-conmon-"};
    static const char *const parents[] = {"/docker/", "/lxc/", "/machine/"};
    for (size_t i = 0; i < sizeof monitors / sizeof *monitors; i++)
        if (begins_with(part, length, monitors[i]))
            return NULL;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t prefix = strlen(prefixes[i]);
        if (!begins_with(part, length, prefixes[i]))
            continue;
        size_t rest = length - prefix;
        rest -= ends_with(part, length, ".scope") ? strlen(".scope") : ends_with(part, length, ".service") ? strlen(".service") : 0;
        return unescape_unit(part + prefix, rest, arena);
    }
    for (size_t i = 0; i < sizeof parents / sizeof *parents; i++)
        if (!strncmp(previous, parents[i], strlen(parents[i])) && previous + strlen(parents[i]) == part)
            return mc_arena_strndup(arena, part, length);
    return is_container_id(part, length) ? mc_arena_strndup(arena, part, length) : NULL;
}

/* The innermost service, scope or socket names the unit; slices only group them. */
static void read_path(const char *path, struct mc_process *process, struct mc_arena *arena)
{
    const char *previous = path;
    for (const char *at = path; *at;) {
        const char *part = at + (*at == '/');
        size_t length = strcspn(part, "/");
        if (ends_with(part, length, ".service") || ends_with(part, length, ".scope") ||
            ends_with(part, length, ".socket"))
            process->unit = mc_arena_strndup(arena, part, length);
        const char *container = length ? container_of(part, length, previous, arena) : NULL;
        if (container)
            process->container = container;
        previous = at;
        at = part + length;
    }
}

/* Lines "id:controllers:path"; "0::" is the unified hierarchy, "name=systemd" the old one. */
static void read_cgroup(const char *proc, struct mc_process *process, struct mc_arena *arena)
{
    FILE *file = open_file(proc, process->pid, "cgroup");
    char *line = NULL;
    size_t capacity = 0;
    while (file && getline(&line, &capacity, file) > 0) {
        line[strcspn(line, "\n")] = 0;
        char *controllers = strchr(line, ':');
        char *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path)
            continue;
        bool unified = !strncmp(line, "0::", 3), systemd = !strncmp(controllers, ":name=systemd:", 14);
        if (unified || systemd)
            read_path(path + 1, process, arena);
    }
    free(line);
    if (file)
        fclose(file);
}

/* ---- processes ---- */

/* By the flags in PROC/PID/stat, which everybody may read (proc(5): field 9; PF_KTHREAD of the kernel's linux/sched.h).
 * The name before them may hold blanks and brackets: the fields start behind the last bracket. */
static bool is_kernel_thread(const char *proc, int pid)
{
    enum { PF_KTHREAD = 0x200000 };
    char text[512];
    unsigned flags = 0;
    FILE *file = open_file(proc, pid, "stat");
    size_t size = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[size] = 0;
    const char *fields = strrchr(text, ')');
    return fields && sscanf(fields + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) == 1 && (flags & PF_KTHREAD);
}

/* False when the process has ended or is a kernel thread: no program to speak of. */
static bool read_process(const char *proc, int pid, struct mc_arena *arena, struct mc_process *ret)
{
    struct mc_process process = {.pid = pid};
    int exe_reason = read_exe(proc, &process, arena);
    errno = 0;
    long lines = read_maps(proc, &process, arena);
    int maps_reason = errno;
    if (lines < 0 && (maps_reason == ENOENT || maps_reason == ESRCH) && !process.exe)
        return false;
    if ((lines == 0 && exe_reason == ENOENT) || (lines <= 0 && is_kernel_thread(proc, pid)))
        return false;
    if (lines < 0)
        process.unread = mc_arena_printf(arena, "cannot read its mappings: %s", strerror(maps_reason));
    else if (lines == 0 && exe_reason) /* the kernel shows an empty file to those who may not look */
        process.unread = mc_arena_printf(arena, "cannot read its mappings: %s", strerror(exe_reason));
    process.started = read_start(proc, pid);
    read_name(proc, &process, arena);
    read_cgroup(proc, &process, arena);
    *ret = process;
    return true;
}

static int compare_pids(const void *left, const void *right)
{
    int a = ((const struct mc_process *)left)->pid, b = ((const struct mc_process *)right)->pid;
    return a < b ? -1 : a > b;
}

static void keep(process_vector *list, struct mc_processes *ret)
{
    ret->items = MC_NEW_ARRAY(&ret->arena, list->count + 1, struct mc_process);
    ret->count = list->count;
    if (list->count) {
        memcpy(ret->items, list->items, list->count * sizeof *list->items);
        qsort(ret->items, ret->count, sizeof *ret->items, compare_pids);
    }
    mc_vector_free(list);
}

bool mc_processes_read(const char *proc, struct mc_processes *ret, struct mc_error *ret_error)
{
    DIR *folder = opendir(proc);
    if (!folder)
        return mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET, "cannot read %s: %s", proc, strerror(errno));
    *ret = (struct mc_processes){0};
    process_vector list = {0};
    struct dirent *entry;
    while ((entry = readdir(folder))) {
        struct mc_process process;
        char *end;
        long pid = strtol(entry->d_name, &end, 10);
        if (isdigit((unsigned char)entry->d_name[0]) && !*end && pid > 0 && pid <= INT32_MAX &&
            read_process(proc, (int)pid, &ret->arena, &process))
            mc_push(&list, process);
    }
    closedir(folder);
    keep(&list, ret);
    return true;
}

bool mc_process_read(const char *proc, int pid, struct mc_processes *ret, struct mc_error *ret_error)
{
    struct mc_processes one = {0};
    struct mc_process process;
    if (!read_process(proc, pid, &one.arena, &process)) {
        mc_processes_free(&one);
        return mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET, "no such process, or a kernel thread: %d", pid);
    }
    process_vector list = {0};
    mc_push(&list, process);
    keep(&list, &one);
    *ret = one;
    return true;
}

void mc_processes_free(struct mc_processes *processes)
{
    mc_arena_free(&processes->arena);
    *processes = (struct mc_processes){0};
}

/* Devices differ on btrfs and overlayfs between maps and stat; the inode is what both agree on. */
static bool is_file(const char *path, uint64_t inode)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_ino == inode && access(path, R_OK) == 0;
}

const char *mc_process_map_path(const char *proc, const struct mc_process *process, const struct mc_process_map *map,
                                struct mc_arena *arena)
{
    if (!map->deleted && is_file(map->path, map->inode))
        return map->path;
    const char *other = mc_arena_printf(arena, "%s/%d/root%s", proc, process->pid, map->path);
    if (!map->deleted && is_file(other, map->inode))
        return other;
    other = mc_arena_printf(arena, "%s/%d/exe", proc, process->pid);
    if (process->exe && !strcmp(process->exe, map->path) && is_file(other, map->inode))
        return other;
    other = mc_arena_printf(arena, "%s/%d/map_files/%llx-%llx", proc, process->pid, (unsigned long long)map->start,
                            (unsigned long long)map->end);
    return is_file(other, map->inode) ? other : NULL;
}
