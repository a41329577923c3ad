/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that come one after the other, of which the first ones can be looked at before they are read. */
#ifndef MC_INPUT_STREAM_H
#define MC_INPUT_STREAM_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define MC_STREAM_UNKNOWN UINT64_MAX
#define MC_STREAM_BLOCK ((size_t)64 << 10) /* bytes looked at ahead, and read at a time */

/* Writes up to `size` bytes; *ret_size 0: the end. False: they cannot be read, for a reason that may be asked for again. */
typedef bool mc_stream_more(void *context, uint8_t *buffer, size_t size, size_t *ret_size, struct mc_error *ret_error);

struct mc_stream {
    const uint8_t *bytes; /* what is in memory and not read yet: with `more` the next bytes, else all the rest */
    size_t size;
    mc_stream_more *more; /* NULL: there is nothing behind `bytes` */
    void *context;
    uint8_t *block;    /* of MC_STREAM_BLOCK bytes, with `more`; the owner's */
    uint64_t declared; /* bytes that there should be, MC_STREAM_UNKNOWN when nobody said */
};

/* Has as many bytes ready as fit into the block, fewer only at the end. */
bool mc_stream_look_ahead(struct mc_stream *stream, struct mc_error *ret_error);
/* The next bytes, and forgets them; *ret_size 0: the end. They stay until the next call. */
bool mc_stream_take(struct mc_stream *stream, const uint8_t **ret_bytes, size_t *ret_size, struct mc_error *ret_error);
/* All of the rest at once. *ret_heap: what to free after use, NULL when the bytes were in memory already. False and nothing
 * to free when they cannot be read or are more than `limit` (MC_ERROR_LIMIT). */
bool mc_stream_take_all(struct mc_stream *stream, uint64_t limit, const uint8_t **ret_bytes, size_t *ret_size,
                        uint8_t **ret_heap, struct mc_error *ret_error);

#endif
