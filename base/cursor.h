/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds-checked reading of untrusted little-endian bytes. A read past the end returns 0 and sets `bad`, which
 * stays set: read a whole record, then ask once. Positions are byte offsets from the start of the span. */
#ifndef MC_BASE_CURSOR_H
#define MC_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct mc_cursor {
    const uint8_t *bytes;
    size_t size, position;
    bool bad;
};

static inline struct mc_cursor mc_cursor_at(const void *bytes, size_t size)
{
    return (struct mc_cursor){.bytes = bytes, .size = size};
}

/* The next `count` bytes, or NULL (and bad). */
static inline const uint8_t *mc_take(struct mc_cursor *cursor, size_t count)
{
    if (cursor->bad || count > cursor->size - cursor->position) {
        cursor->bad = true;
        return NULL;
    }
    const uint8_t *start = cursor->bytes + cursor->position;
    cursor->position += count;
    return start;
}

static inline bool mc_seek(struct mc_cursor *cursor, size_t position)
{
    if (position > cursor->size)
        cursor->bad = true;
    else
        cursor->position = position;
    return !cursor->bad;
}

#define MC_CURSOR_READ(name, type)                                                                                     \
    static inline type name(struct mc_cursor *cursor)                                                                  \
    {                                                                                                                  \
        type value = 0;                                                                                                \
        const uint8_t *from = mc_take(cursor, sizeof value);                                                           \
        if (from)                                                                                                      \
            memcpy(&value, from, sizeof value);                                                                        \
        return value;                                                                                                  \
    }
MC_CURSOR_READ(mc_read_u8, uint8_t)
MC_CURSOR_READ(mc_read_u16, uint16_t)
MC_CURSOR_READ(mc_read_u32, uint32_t)
MC_CURSOR_READ(mc_read_u64, uint64_t)
#undef MC_CURSOR_READ

#endif
