/* SPDX-License-Identifier: Apache-2.0 */
/* A file's result as bytes, to be kept and read back by the same build of maskcheck; nothing else knows the layout, which
 * may change with every build. Little-endian. What is read back is not trusted: every number is checked against what is
 * there and against its enumeration, so that any bytes give a result or none.
 *
 * A record is a row of results (a file has one, an archive one per member), each a u32 length and then: a table of the
 * distinct strings, each ended by NUL; the members of struct mc_file_result in order, strings as 1 + their index there, 0
 * for NULL. Not kept: image, explained, package, and the path, of which only the member's name ("outer!member") is. */
#ifndef MC_STORE_RECORD_H
#define MC_STORE_RECORD_H

#include "base/vector.h"
#include "scanner/scan.h"

typedef MC_VECTOR(uint8_t) mc_bytes;

/* Appends the result. `path` is the file's own: result->path is it, or it + "!" + the member's name. */
void mc_record_add(mc_bytes *record, const char *path, const struct mc_file_result *result);

/* The results in order, each owned by the caller; NULL when the bytes are no record. The array is in the arena. */
struct mc_file_result **mc_record_read(const uint8_t *bytes, size_t size, const char *path, struct mc_arena *arena,
                                       size_t *ret_count);

#endif
