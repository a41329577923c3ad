/* SPDX-License-Identifier: Apache-2.0 */
/* A regular file mapped for reading, safe against what happens to the file meanwhile.
 *
 * A page of a mapped file that can no longer be read (the file was cut short, or the disk failed) raises SIGBUS. The
 * first mapping installs one handler for the process: a fault inside a live mapping replaces the rest of that mapping
 * by zero pages and marks it lost; any other SIGBUS goes to the handler that was there before. So readers need no
 * special care: they read zeros, and whoever uses the result asks mc_mapping_lost at the end. One zero page always
 * follows the file's bytes, so that a string whose end was checked before the file changed still ends. Thread-safe. */
#ifndef MC_INPUT_MAPPING_H
#define MC_INPUT_MAPPING_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct mc_mapping_guard;

struct mc_mapping {
    const uint8_t *bytes; /* NULL when the file is empty or nothing is mapped */
    size_t size;          /* bytes of the file when it was opened */
    size_t reserved;      /* bytes of address space, guard page included */
    struct mc_mapping_guard *guard;
};

/* Maps a regular file. Anything else (folder, FIFO, device, socket) is MC_ERROR_UNSUPPORTED and is never opened; what
 * the system refuses is MC_ERROR_IO. An empty file is a mapping of size 0. *ret is written only on success. */
bool mc_mapping_open(const char *path, struct mc_mapping *ret, struct mc_error *ret_error);
/* The pages of a large file need not stay in this process's memory; what is read again comes from the system's cache. */
void mc_mapping_release(const struct mc_mapping *mapping);
/* True when bytes were lost: everything read since may be zeros. */
bool mc_mapping_lost(const struct mc_mapping *mapping);
void mc_mapping_close(struct mc_mapping *mapping); /* accepts a zeroed one; leaves it zeroed */

/* "a FIFO", "a folder", ...: what a file is by its mode, for messages. */
const char *mc_mode_text(mode_t mode);

#endif
