/* SPDX-License-Identifier: Apache-2.0 */
/* Archives of ar(1), as linkers read them: GNU and BSD long names, symbol tables left out. Members are spans of the
 * mapped file, for mc_image_from_bytes; the archive must outlive their images. */
#ifndef MC_SCANNER_ARCHIVE_H
#define MC_SCANNER_ARCHIVE_H

#include "base/arena.h"
#include "base/error.h"
#include "input/mapping.h"

struct mc_archive_member {
    const char *name;     /* bytes as in the archive, in the arena */
    const uint8_t *bytes; /* NULL in a thin archive: the contents are in a file of that name beside the archive */
    size_t size;          /* bytes */
    uint64_t offset;      /* of the contents in the archive */
};

struct mc_archive {
    struct mc_arena arena;
    struct mc_mapping mapping;
    struct mc_archive_member *members; /* in file order */
    size_t count;
    bool thin;
    struct mc_error damage; /* where reading stopped, when it stopped early; kind NONE when all members were read */
};

/* False: not an archive, or not readable. A damaged one gives the members before the damage. */
bool mc_archive_open(const char *path, struct mc_archive *ret, struct mc_error *ret_error);
bool mc_archive_from_bytes(const uint8_t *bytes, size_t size, struct mc_archive *ret, struct mc_error *ret_error);
bool mc_archive_lost(const struct mc_archive *archive); /* as mc_image_lost */
void mc_archive_close(struct mc_archive *archive);

#endif
