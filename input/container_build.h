/* SPDX-License-Identifier: Apache-2.0 */
/* How containers are read; internal to the container files. One `mc_reading` per outer file; each nested archive takes its
 * bytes from the one around it, a block at a time. Only formats whose directory is not in front (zip, 7-zip, ISO 9660,
 * SquashFS) are taken into memory as a whole. */
#ifndef MC_INPUT_CONTAINER_BUILD_H
#define MC_INPUT_CONTAINER_BUILD_H

#include "base/arena.h"
#include "input/container.h"
#include "input/layers.h"
#include "input/stream.h"

struct mc_reading {
    const char *wanted;
    mc_member_visit *visit;
    void *context;
    uint64_t unpacked, unpacked_limit; /* bytes */
    size_t members;
    bool stopped; /* a limit of the whole file was reached and said */
    const struct mc_held *held; /* input/container.h */
    char package_name[128]; /* of the package that is being read; "": none, or not named yet */
    const struct mc_layer *layer; /* what the next archive that is opened is: input/layers.h; NULL: no layer */
};

/* One container on the way to a member, for its names. */
struct mc_level {
    struct mc_reading *reading;
    const char *path;      /* as its members show it */
    unsigned depth;        /* of the container; the outer file's is 1 */
    bool folder;           /* a folder of the disk: its members are named with '/' */
    struct mc_arena arena; /* of what follows */
    struct mc_known_name *names;
    size_t encrypted, outside;  /* members that are so, and the first of each */
    const char *first_encrypted, *first_outside;
    const struct mc_layer *layer; /* of an image: not all of it is seen; NULL: no layer */
};

/* ---- container.c ---- */

/* Whatever the bytes are: a container to open at that depth, or something to hand over. */
void mc_reading_open(struct mc_reading *reading, const char *path, struct mc_stream *stream, unsigned depth);
void mc_reading_emit(struct mc_reading *reading, const char *path, enum mc_input_kind kind, const uint8_t *bytes, size_t size);
void mc_reading_fail(struct mc_reading *reading, const char *path, const struct mc_error *error);
/* False, once said, when a limit of the whole file is reached: nothing more is to be read. */
bool mc_reading_may_go_on(struct mc_reading *reading, const char *path);
/* Counts bytes that were unpacked; false when they are too many. */
bool mc_reading_count(struct mc_reading *reading, uint64_t bytes, struct mc_error *ret_error);

/* An archive with members. False, once said, when it could not be read to its end. */
bool mc_reading_open_archive(struct mc_reading *reading, const char *path, struct mc_stream *stream, enum mc_input_kind kind,
                             unsigned depth);

void mc_level_open(struct mc_level *level, struct mc_reading *reading, const char *path, unsigned depth);
void mc_level_close(struct mc_level *level); /* says what was counted */
const char *mc_name_without_lead(const char *name); /* without leading "/" and "./" */
/* The full path of a member, or NULL when it is not asked for, or may not be read. Counts it. */
const char *mc_level_member(struct mc_level *level, const char *name);

/* ---- container_archive.c: libarchive ---- */

struct mc_unpacker; /* one compressed stream being unpacked */

/* The uncompressed bytes, whose block and context are the unpacker's. NULL with *ret_error; *ret_mistaken: because the bytes
 * are not what they began like. `stream` must live as long. */
struct mc_unpacker *mc_unpacker_open(struct mc_reading *reading, struct mc_stream *stream, enum mc_input_kind kind,
                                     struct mc_stream *ret, bool *ret_mistaken, struct mc_error *ret_error);
void mc_unpacker_close(struct mc_unpacker *unpacker); /* accepts NULL */

/* Members of a tar, cpio, ar, zip ... of kind `kind`, one after the other. `open` gets each regular file's bytes; it need not
 * read them. */
typedef void mc_archive_member_open(void *context, const char *name, struct mc_stream *stream);
struct mc_archive_walk {
    mc_archive_member_open *open; /* for regular files */
    /* For all others; S_IFREG is a hard link. `target`: of links, else NULL. NULL: they are passed over. */
    void (*other)(void *context, const char *name, mode_t mode, const char *target);
    void (*encrypted)(void *context, const char *name); /* regular files whose bytes are; NULL: opened like others */
    bool (*go_on)(void *context); /* asked before each member */
    void *context;
    bool front_to_back; /* a zip archive whose directory is lost: as its members lie */
};
/* False with *ret_error when the archive cannot be read to its end, unless `open` met the reason with a member that it read.
 * The stream is left behind the archive. */
bool mc_archive_members(struct mc_reading *reading, struct mc_stream *stream, enum mc_input_kind kind,
                        const struct mc_archive_walk *walk, struct mc_error *ret_error);

/* ---- container_squashfs.c ---- */

void mc_squashfs_open(struct mc_reading *reading, const char *path, const uint8_t *bytes, size_t size, unsigned depth);

#endif
