/* SPDX-License-Identifier: Apache-2.0 */
#include "input/library_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "input/mapping.h"

#define uthash_fatal(message) mc_out_of_memory()
#include <uthash.h>

#define OLD_MAGIC "ld.so-1.7.0"
#define NEW_MAGIC "glibc-ld.so.cache1.1"
#define OLD_HEADER 16u /* magic padded to 12 bytes, count */
#define OLD_ENTRY 12u
#define NEW_HEADER 48u
#define FLAG_KIND 0x00ffu
#define FLAG_ELF_LIBC6 0x0003u
#define FLAG_ARCHITECTURE 0xff00u
#define FLAG_X86_64 0x0300u

struct library {
    const char *key; /* name, then '4' or '2' for the class: "libc.so.6/64" */
    const char *path;
    UT_hash_handle hh;
};

struct mc_library_cache {
    struct mc_mapping mapping;
    struct library *table;
};

/* The new layout follows the old one at the next multiple of 8 where a file has both. */
static bool find_new(struct mc_cursor *cursor)
{
    if (cursor->size >= OLD_HEADER && !memcmp(cursor->bytes, OLD_MAGIC, strlen(OLD_MAGIC))) {
        uint32_t count;
        memcpy(&count, cursor->bytes + 12, sizeof count);
        uint64_t skip = (OLD_HEADER + (uint64_t)count * OLD_ENTRY + 7) & ~UINT64_C(7);
        if (skip > cursor->size)
            return false;
        *cursor = mc_cursor_at(cursor->bytes + skip, cursor->size - skip);
    }
    return cursor->size >= NEW_HEADER && !memcmp(cursor->bytes, NEW_MAGIC, strlen(NEW_MAGIC));
}

static const char *string_at(const struct mc_cursor *cursor, uint32_t offset)
{
    if (offset >= cursor->size || !memchr(cursor->bytes + offset, 0, cursor->size - offset))
        return NULL;
    return (const char *)cursor->bytes + offset;
}

static const char *key_of(struct mc_arena *arena, const char *name, bool wide)
{
    return mc_arena_printf(arena, "%s/%s", name, wide ? "64" : "32");
}

static void add_library(struct mc_library_cache *cache, struct mc_arena *arena, const char *name, const char *path,
                        bool wide)
{
    struct library *library = MC_NEW(arena, struct library), *earlier;
    library->key = key_of(arena, name, wide);
    library->path = path;
    HASH_FIND_STR(cache->table, library->key, earlier);
    if (!earlier) /* ldconfig sorts the preferred one first */
        HASH_ADD_KEYPTR(hh, cache->table, library->key, strlen(library->key), library);
}

struct mc_library_cache *mc_library_cache_parse(const uint8_t *bytes, size_t size, struct mc_arena *arena,
                                                struct mc_error *ret_error)
{
    struct mc_cursor cursor = mc_cursor_at(bytes, size);
    if (!bytes || !find_new(&cursor)) {
        mc_fail(ret_error, MC_ERROR_FORMAT, 0, "not a library cache of the layout %s", NEW_MAGIC);
        return NULL;
    }
    struct mc_library_cache *cache = MC_NEW(arena, struct mc_library_cache);
    mc_seek(&cursor, strlen(NEW_MAGIC));
    uint32_t count = mc_read_u32(&cursor);
    mc_seek(&cursor, NEW_HEADER);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t flags = mc_read_u32(&cursor), key = mc_read_u32(&cursor), value = mc_read_u32(&cursor);
        mc_read_u32(&cursor); /* OS version, no longer used */
        uint64_t hwcap = mc_read_u64(&cursor);
        if (cursor.bad)
            break;
        const char *name = string_at(&cursor, key), *path = string_at(&cursor, value);
        uint32_t architecture = flags & FLAG_ARCHITECTURE;
        if (!name || !path || hwcap || (flags & FLAG_KIND) != FLAG_ELF_LIBC6)
            continue;
        if (architecture == FLAG_X86_64 || architecture == 0)
            add_library(cache, arena, name, path, architecture == FLAG_X86_64);
    }
    return cache;
}

struct mc_library_cache *mc_library_cache_open(const char *path, struct mc_arena *arena, struct mc_error *ret_error)
{
    struct mc_mapping mapping;
    if (!mc_mapping_open(path, &mapping, ret_error))
        return NULL;
    struct mc_library_cache *cache = mc_library_cache_parse(mapping.bytes, mapping.size, arena, ret_error);
    if (cache)
        cache->mapping = mapping;
    else
        mc_mapping_close(&mapping);
    return cache;
}

void mc_library_cache_close(struct mc_library_cache *cache)
{
    if (!cache)
        return;
    HASH_CLEAR(hh, cache->table);
    mc_mapping_close(&cache->mapping);
}

const char *mc_library_cache_find(const struct mc_library_cache *cache, const char *name, bool wide)
{
    struct mc_arena scratch = {0};
    const char *key = key_of(&scratch, name, wide);
    struct library *found;
    HASH_FIND_STR(cache->table, key, found);
    mc_arena_free(&scratch);
    return found ? found->path : NULL;
}
