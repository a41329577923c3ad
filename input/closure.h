/* SPDX-License-Identifier: Apache-2.0 */
/* The libraries that ld.so would load for a file: its interpreter and the closure of DT_NEEDED, in load order.
 *
 * Order of search, as ld.so(8): DT_RPATH of the object and of those that loaded it (each only without DT_RUNPATH),
 * DT_RUNPATH of the object, /etc/ld.so.cache, the default folders. $ORIGIN, $LIB and $PLATFORM are expanded.
 * What a library, not a program, needs is looked for in its own folder at last: it could not be loaded unless its program had loaded
 * that before (Firefox's libmozavcodec.so and libmozavutil.so). LD_LIBRARY_PATH and LD_PRELOAD are not this program's to know. Libraries in glibc-hwcaps folders are chosen by CPUID
 * at run time and are listed as alternatives by nobody yet: the plain one is taken. */
#ifndef MC_INPUT_CLOSURE_H
#define MC_INPUT_CLOSURE_H

#include "base/arena.h"
#include "base/error.h"

struct mc_link_info { /* what the loader reads from one file */
    const char **needed;
    size_t needed_count;
    const char *soname, *rpath, *runpath, *interpreter; /* NULL when absent */
    bool wide;                                          /* 64-bit */
};

/* Reads a file's link information into the arena. input/ knows nothing of ELF: scanner/image.h has one
 * (mc_image_link_info), tests bring their own. */
typedef bool mc_link_reader(const char *path, struct mc_arena *arena, struct mc_link_info *ret,
                            struct mc_error *ret_error);

struct mc_library {
    const char *name;      /* as DT_NEEDED or PT_INTERP names it */
    const char *path;      /* with the root in front; NULL when not found */
    const char *wanted_by; /* path of the first that needs it */
};

struct mc_closure {
    struct mc_library *items; /* the file itself is not among them */
    size_t count, unresolved;
};

struct mc_library_cache;

struct mc_loader {    /* what stays the same over many files */
    const char *root; /* "" for this system; no trailing slash */
    mc_link_reader *read;
    struct mc_library_cache *cache; /* NULL when there is no readable cache */
    struct mc_arena arena;
};

void mc_loader_open(const char *root, mc_link_reader *read, struct mc_loader *ret);
void mc_loader_close(struct mc_loader *loader);
/* False only when the file itself cannot be read. Thread-safe on one loader; all memory is of the arena given. */
bool mc_closure_find(const struct mc_loader *loader, const char *path, struct mc_arena *arena, struct mc_closure *ret,
                     struct mc_error *ret_error);

#endif
