/* SPDX-License-Identifier: Apache-2.0 */
/* Order of work: list what PATHs and mappings name; ask the loader what those load; list all of it once more, so that
 * every file has one index; then write paths down as indices. Costs one read of link information per file and program.
 */
#include "cli/audit_gather.h"

#include "base/vector.h"
#include "cli/interrupt.h"
#include "input/closure.h"
#include "input/package.h"
#include "scanner/image_link.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define uthash_fatal(message) mc_out_of_memory()
#include <uthash.h>

struct identity {
    uint64_t device, inode;
};

struct known_file { /* a file's index by what it is */
    struct identity key;
    size_t index;
    UT_hash_handle hh;
};

struct known_path { /* memo: the same library is named by hundreds of programs */
    const char *path;
    size_t index;
    UT_hash_handle hh;
};

struct closure { /* of a file that was asked about, or that a process runs */
    const char *path;
    struct mc_closure libraries;
};

struct mapped { /* a process's mapping and where it can be read; NULL: nowhere */
    size_t process, map;
    const char *path;
};

struct gathering {
    struct mc_gathered *out;
    const char *root;
    const char *proc;       /* NULL: no processes */
    struct mc_inputs asked; /* what the user named */
    struct mc_loader loader;
    MC_VECTOR(struct closure) closures;
    MC_VECTOR(struct mapped) mapped;
    struct known_file *by_identity;
    struct known_path *by_path;
};

/* ---- what is there ---- */

static void find_mappings(struct gathering *gathering, const char *proc)
{
    struct mc_gathered *out = gathering->out;
    for (size_t i = 0; i < out->system.count; i++) {
        const struct mc_process *process = &out->system.items[i];
        for (size_t k = 0; k < process->map_count; k++) {
            const char *path = mc_process_map_path(proc, process, &process->maps[k], &out->arena);
            mc_push(&gathering->mapped, ((struct mapped){i, k, path}));
            if (path)
                mc_inputs_add(&out->inputs, path);
        }
    }
}

static void find_closure(struct gathering *gathering, const char *path)
{
    struct closure closure = {.path = path};
    if (!mc_closure_find(&gathering->loader, path, &gathering->out->arena, &closure.libraries, NULL))
        return; /* the scan will say what is wrong with the file */
    mc_push(&gathering->closures, closure);
    for (size_t i = 0; i < closure.libraries.count; i++)
        if (closure.libraries.items[i].path)
            mc_inputs_add(&gathering->out->inputs, closure.libraries.items[i].path);
}

/* A process in another root (a container) has other libraries under the same names; its mappings say which. */
static bool runs_here(const struct mapped *mapped, const struct mc_process *process)
{
    const struct mc_process_map *map = &process->maps[mapped->map];
    return mapped->path && mapped->path == map->path && process->exe && strcmp(process->exe, map->path) == 0;
}

static void find_closures(struct gathering *gathering)
{
    const char *last = "";
    for (size_t i = 0; i < gathering->asked.count && !mc_interrupted; i++)
        if (gathering->asked.items[i].kind == MC_INPUT_ELF)
            find_closure(gathering, gathering->asked.items[i].path);
    for (size_t i = 0; i < gathering->mapped.count && !mc_interrupted; i++) {
        const struct mapped *mapped = &gathering->mapped.items[i];
        const struct mc_process *process = &gathering->out->system.items[mapped->process];
        if (!runs_here(mapped, process) || strcmp(mapped->path, last) == 0)
            continue;
        last = mapped->path;
        find_closure(gathering, last);
    }
}

/* ---- indices ---- */

static void index_files(struct gathering *gathering)
{
    struct mc_gathered *out = gathering->out;
    struct known_file *records = MC_NEW_ARRAY(&out->arena, out->inputs.count, struct known_file);
    for (size_t i = 0; i < out->inputs.count; i++) {
        records[i].key = (struct identity){out->inputs.items[i].device, out->inputs.items[i].inode};
        records[i].index = i;
        if (out->inputs.items[i].inode)
            HASH_ADD(hh, gathering->by_identity, key, sizeof records[i].key, &records[i]);
    }
}

static size_t index_of_identity(const struct gathering *gathering, uint64_t device, uint64_t inode)
{
    struct identity key = {device, inode};
    struct known_file *found;
    HASH_FIND(hh, gathering->by_identity, &key, sizeof key, found);
    return found ? found->index : MC_AUDIT_NONE;
}

static size_t index_of(struct gathering *gathering, const char *path)
{
    struct known_path *found;
    struct stat status;
    HASH_FIND_STR(gathering->by_path, path, found);
    if (found)
        return found->index;
    found = MC_NEW(&gathering->out->arena, struct known_path);
    found->path = path;
    found->index =
        stat(path, &status) == 0 ? index_of_identity(gathering, status.st_dev, status.st_ino) : MC_AUDIT_NONE;
    HASH_ADD_KEYPTR(hh, gathering->by_path, found->path, strlen(found->path), found);
    return found->index;
}

/* The length of PROC/PID/root in a path below it: the tree of a process in another root (a container), which has packages of its
 * own. 0 for other paths. */
static size_t process_root(const struct gathering *gathering, const char *path)
{
    size_t length = gathering->proc ? strlen(gathering->proc) : 0;
    if (!length || strncmp(path, gathering->proc, length) != 0 || path[length] != '/')
        return 0;
    size_t digits = strspn(path + length + 1, "0123456789"), end = length + 1 + digits;
    return digits && !strncmp(path + end, "/root/", 6) ? end + strlen("/root") : 0;
}

/* The owners of those files that lie in one tree: below the process's root with this prefix, or (length 0) in none. */
static void find_owners_in(struct gathering *gathering, const char *prefix, size_t length, const char *const *paths,
                           const char **ret_owners)
{
    struct mc_gathered *out = gathering->out;
    const char *root = length ? mc_arena_strndup(&out->arena, prefix, length) : gathering->root;
    const char **some = MC_NEW_ARRAY(&out->arena, out->inputs.count + 1, const char *);
    const char **owners = MC_NEW_ARRAY(&out->arena, out->inputs.count + 1, const char *);
    size_t count = 0;
    for (int pass = 0; pass < 2; pass++) {
        size_t at = 0;
        for (size_t i = 0; i < out->inputs.count; i++) {
            if (process_root(gathering, paths[i]) != length || strncmp(paths[i], prefix, length) != 0)
                continue;
            if (pass == 0)
                some[count++] = paths[i];
            else
                ret_owners[i] = owners[at++];
        }
        if (pass == 0)
            mc_package_owners(root, some, count, owners, &out->arena);
    }
}

/* Files are in the order of their paths, so those of one process's root stand together. */
static void find_owners(struct gathering *gathering, const char *const *paths, const char **ret_owners)
{
    const char *last = "";
    size_t last_length = 0;
    find_owners_in(gathering, "", 0, paths, ret_owners);
    for (size_t i = 0; i < gathering->out->inputs.count; i++) {
        size_t length = process_root(gathering, paths[i]);
        if (!length || (length == last_length && !strncmp(paths[i], last, length)))
            continue;
        find_owners_in(gathering, paths[i], length, paths, ret_owners);
        last = paths[i];
        last_length = length;
    }
}

static void describe_files(struct gathering *gathering)
{
    struct mc_gathered *out = gathering->out;
    out->files = MC_NEW_ARRAY(&out->arena, out->inputs.count + 1, struct mc_audit_file);
    const char **paths = MC_NEW_ARRAY(&out->arena, out->inputs.count + 1, const char *);
    const char **owners = MC_NEW_ARRAY(&out->arena, out->inputs.count + 1, const char *);
    for (size_t i = 0; i < out->inputs.count; i++)
        out->files[i].name = out->files[i].path = paths[i] = out->inputs.items[i].path;
    find_owners(gathering, paths, owners);
    for (size_t i = 0; i < out->inputs.count; i++)
        out->files[i].package = owners[i];
    for (size_t i = 0; i < gathering->asked.count; i++) {
        const struct mc_input *item = &gathering->asked.items[i];
        size_t index = item->inode ? index_of_identity(gathering, item->device, item->inode) : MC_AUDIT_NONE;
        if (index != MC_AUDIT_NONE)
            out->files[index].asked = true;
    }
}

static void describe_closures(struct gathering *gathering)
{
    struct mc_gathered *out = gathering->out;
    for (size_t i = 0; i < gathering->closures.count; i++) {
        const struct closure *closure = &gathering->closures.items[i];
        size_t index = index_of(gathering, closure->path);
        if (index == MC_AUDIT_NONE || out->files[index].loads)
            continue;
        struct mc_audit_file *file = &out->files[index];
        file->loads = MC_NEW_ARRAY(&out->arena, closure->libraries.count + 1, size_t);
        for (size_t k = 0; k < closure->libraries.count; k++) {
            const struct mc_library *library = &closure->libraries.items[k];
            size_t loaded = library->path ? index_of(gathering, library->path) : MC_AUDIT_NONE;
            if (loaded != MC_AUDIT_NONE && loaded != index)
                file->loads[file->load_count++] = loaded;
            else if (!library->path && !file->missing_library)
                file->missing_library = library->name;
        }
    }
}

static void describe_process(struct gathering *gathering, size_t number, struct mc_audit_process *ret)
{
    const struct mc_process *process = &gathering->out->system.items[number];
    *ret = (struct mc_audit_process){.pid = process->pid,
                                     .name = process->name,
                                     .exe = process->exe,
                                     .unit = process->unit,
                                     .container = process->container,
                                     .program = MC_AUDIT_NONE,
                                     .generated_code = process->generated_code,
                                     .unread = process->unread};
    ret->files = MC_NEW_ARRAY(&gathering->out->arena, process->map_count + 1, size_t);
}

static void describe_mapping(struct gathering *gathering, const struct mapped *mapped)
{
    struct mc_gathered *out = gathering->out;
    const struct mc_process_map *map = &out->system.items[mapped->process].maps[mapped->map];
    struct mc_audit_process *process = &out->processes[mapped->process];
    size_t index = mapped->path ? index_of(gathering, mapped->path) : MC_AUDIT_NONE;
    if (index == MC_AUDIT_NONE) {
        process->lost_name = process->lost++ ? process->lost_name : map->path;
        return;
    }
    process->files[process->file_count++] = index;
    if (process->exe && strcmp(process->exe, map->path) == 0)
        process->program = index;
    struct mc_audit_file *file = &out->files[index];
    if (mapped->path != map->path &&
        strcmp(file->path, mapped->path) == 0) { /* read through /proc: shown by its own name */
        file->name = map->path;
        file->deleted = map->deleted;
    }
}

static void describe_processes(struct gathering *gathering)
{
    struct mc_gathered *out = gathering->out;
    out->process_count = out->system.count;
    out->processes = MC_NEW_ARRAY(&out->arena, out->process_count + 1, struct mc_audit_process);
    for (size_t i = 0; i < out->process_count; i++)
        describe_process(gathering, i, &out->processes[i]);
    for (size_t i = 0; i < gathering->mapped.count; i++)
        describe_mapping(gathering, &gathering->mapped.items[i]);
}

bool mc_gather(const char *root, char *const *paths, size_t path_count, const char *proc, struct mc_gathered *ret,
               struct mc_error *ret_error)
{
    *ret = (struct mc_gathered){0};
    struct gathering gathering = {.out = ret, .root = root, .proc = proc};
    gathering.asked.root = ret->inputs.root = *root ? root : NULL;
    gathering.asked.stop = ret->inputs.stop = &mc_interrupted;
    if (proc && !mc_processes_read(proc, &ret->system, ret_error))
        return false;
    for (size_t i = 0; i < path_count; i++)
        mc_inputs_add(&gathering.asked, paths[i]);
    mc_inputs_finish(&gathering.asked);
    for (size_t i = 0; i < gathering.asked.count; i++)
        mc_inputs_add(&ret->inputs, gathering.asked.items[i].path);
    if (proc)
        find_mappings(&gathering, proc);
    mc_loader_open(root, mc_image_link_info, &gathering.loader);
    find_closures(&gathering);
    mc_loader_close(&gathering.loader);
    mc_inputs_finish(&ret->inputs);
    index_files(&gathering);
    describe_files(&gathering);
    describe_closures(&gathering);
    describe_processes(&gathering);
    HASH_CLEAR(hh, gathering.by_identity);
    HASH_CLEAR(hh, gathering.by_path);
    mc_vector_free(&gathering.closures);
    mc_vector_free(&gathering.mapped);
    mc_inputs_free(&gathering.asked);
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The doors of all causes, sorted, each once. */
static const char **list_doors(struct mc_gathered *gathered, size_t *ret_count)
{
    size_t count = 0, kept = 0;
    for (size_t i = 0; i < gathered->inputs.count; i++)
        for (size_t k = 0; k < gathered->files[i].cause_count; k++)
            count += gathered->files[i].causes[k].door_count;
    const char **names = MC_NEW_ARRAY(&gathered->arena, count + 1, const char *);
    count = 0;
    for (size_t i = 0; i < gathered->inputs.count; i++)
        for (size_t k = 0; k < gathered->files[i].cause_count; k++)
            for (size_t n = 0; n < gathered->files[i].causes[k].door_count; n++)
                names[count++] = gathered->files[i].causes[k].doors[n];
    if (count)
        qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 0; i < count; i++)
        if (!kept || strcmp(names[kept - 1], names[i]) != 0)
            names[kept++] = names[i];
    *ret_count = kept;
    return names;
}

void mc_gather_imports(struct mc_gathered *gathered)
{
    size_t count;
    const char **names = list_doors(gathered, &count);
    for (size_t i = 0; i < gathered->inputs.count && count; i++) {
        struct mc_audit_file *file = &gathered->files[i];
        bool code = file->condensed && (file->status == MC_FILE_OK || file->status == MC_FILE_PARTIAL);
        file->imports_unknown =
            code && !mc_image_link_imports(file->path, names, count, &gathered->arena, &file->imports, &file->import_count);
    }
}

void mc_gathered_free(struct mc_gathered *gathered)
{
    mc_inputs_free(&gathered->inputs);
    mc_processes_free(&gathered->system);
    mc_arena_free(&gathered->arena);
}
