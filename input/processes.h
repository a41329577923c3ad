/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a system as /proc shows them: who runs what, and which files have code in them. Kernel threads are
 * left out. Reads only; a process that ends meanwhile is left out; one that may not be read is listed with the reason.
 */
#ifndef MC_INPUT_PROCESSES_H
#define MC_INPUT_PROCESSES_H

#include "base/arena.h"
#include "base/error.h"

struct mc_process_map {     /* one file with executable mappings */
    const char *path;       /* as the process sees it, " (deleted)" taken off; may differ from this namespace's file */
    uint64_t start, end;    /* the first executable mapping */
    uint64_t device, inode; /* device as makedev() gives it */
    bool deleted;
};

struct mc_process {
    int pid;
    const char *name; /* comm; "" when unreadable */
    const char *exe;  /* NULL when unreadable */
    bool exe_deleted;
    const char *unit;            /* systemd unit ("cron.service"), NULL when none */
    const char *container;       /* container id or name, NULL when none */
    struct mc_process_map *maps; /* each file once */
    size_t map_count;
    bool generated_code; /* has executable memory that no file backs (JIT compilers) */
    double started;      /* seconds since the system's boot; -1 unknown */
    const char *unread;  /* why its mappings could not be read, NULL when they were */
};

struct mc_processes {
    struct mc_arena arena;
    struct mc_process *items; /* sorted by pid */
    size_t count;
};

/* proc: "/proc" or another folder laid out like it. False when the folder itself cannot be read. */
bool mc_processes_read(const char *proc, struct mc_processes *ret, struct mc_error *ret_error);
bool mc_process_read(const char *proc, int pid, struct mc_processes *ret, struct mc_error *ret_error); /* just one */
void mc_processes_free(struct mc_processes *processes);

/* A path under which this process can read the mapped file: its own path when inode and size of view agree, else
 * through PROC/PID/root, else PROC/PID/exe for its program, else PROC/PID/map_files (root only). NULL when none can be
 * opened. In the arena given. */
const char *mc_process_map_path(const char *proc, const struct mc_process *process, const struct mc_process_map *map,
                                struct mc_arena *arena);

#endif
