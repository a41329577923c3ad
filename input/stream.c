/* SPDX-License-Identifier: Apache-2.0 */
#include "input/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define TRUSTED ((uint64_t)16 << 20) /* bytes: as much room is made at once because a header says so */

bool mc_stream_look_ahead(struct mc_stream *stream, struct mc_error *ret_error)
{
    if (!stream->more || stream->size >= MC_STREAM_BLOCK)
        return true;
    if (stream->size && stream->bytes != stream->block)
        memmove(stream->block, stream->bytes, stream->size);
    stream->bytes = stream->block;
    while (stream->more && stream->size < MC_STREAM_BLOCK) {
        size_t got;
        if (!stream->more(stream->context, stream->block + stream->size, MC_STREAM_BLOCK - stream->size, &got, ret_error))
            return false;
        stream->size += got;
        if (!got)
            stream->more = NULL;
    }
    return true;
}

bool mc_stream_take(struct mc_stream *stream, const uint8_t **ret_bytes, size_t *ret_size, struct mc_error *ret_error)
{
    if (!stream->size && stream->more) {
        if (!stream->more(stream->context, stream->block, MC_STREAM_BLOCK, &stream->size, ret_error)) {
            stream->size = 0;
            return false;
        }
        stream->bytes = stream->block;
    }
    *ret_bytes = stream->bytes;
    *ret_size = stream->size;
    stream->size = 0;
    return true;
}

static bool too_large(uint64_t limit, struct mc_error *ret_error)
{
    return mc_fail(ret_error, MC_ERROR_LIMIT, MC_NO_OFFSET, "larger than %llu MiB, which is the most that is read of one member",
                   (unsigned long long)(limit >> 20));
}

bool mc_stream_take_all(struct mc_stream *stream, uint64_t limit, const uint8_t **ret_bytes, size_t *ret_size,
                        uint8_t **ret_heap, struct mc_error *ret_error)
{
    *ret_heap = NULL;
    if (stream->size > limit || (stream->declared != MC_STREAM_UNKNOWN && stream->declared > limit))
        return too_large(limit, ret_error);
    if (!stream->more) {
        mc_stream_take(stream, ret_bytes, ret_size, ret_error);
        return true;
    }
    uint64_t wished = stream->declared < TRUSTED ? stream->declared + 1 : TRUSTED; /* one more: the end is seen at once */
    size_t room = stream->size + (size_t)wished, used = stream->size;
    uint8_t *all = mc_realloc(NULL, room, 1);
    if (used)
        memcpy(all, stream->bytes, used);
    stream->size = 0;
    for (size_t got = 1; got; used += got) {
        if (used == room)
            all = mc_realloc(all, room *= 2, 1);
        bool good = stream->more(stream->context, all + used, room - used, &got, ret_error);
        if (!good || used + got > limit) {
            free(all);
            return good ? too_large(limit, ret_error) : false;
        }
    }
    stream->more = NULL;
    *ret_heap = all;
    *ret_bytes = all;
    *ret_size = used;
    return true;
}
