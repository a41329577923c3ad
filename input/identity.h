/* SPDX-License-Identifier: Apache-2.0 */
/* Which file this is, and which state of it, without reading it: what changes when somebody writes to it. ctime cannot be
 * set by programs, so a file whose mtime was put back is told too. */
#ifndef MC_INPUT_IDENTITY_H
#define MC_INPUT_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct mc_identity {
    uint64_t device, inode;
    uint64_t size;          /* bytes */
    int64_t mtime, ctime;   /* nanoseconds since the epoch */
};

static inline int64_t mc_nanoseconds(const struct timespec *time)
{
    return (int64_t)((uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_nsec); /* of absurd times: wraps */
}

static inline struct mc_identity mc_identity_of(const struct stat *status)
{
    return (struct mc_identity){.device = status->st_dev,
                                .inode = status->st_ino,
                                .size = (uint64_t)status->st_size,
                                .mtime = mc_nanoseconds(&status->st_mtim),
                                .ctime = mc_nanoseconds(&status->st_ctim)};
}

static inline bool mc_identity_equal(const struct mc_identity *a, const struct mc_identity *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size && a->mtime == b->mtime &&
           a->ctime == b->ctime;
}

#endif
