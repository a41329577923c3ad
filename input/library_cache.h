/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/ld.so.cache, in the "glibc-ld.so.cache1.1" layout (glibc, sysdeps/generic/dl-cache.h), alone or behind the old
 * one. */
#ifndef MC_INPUT_LIBRARY_CACHE_H
#define MC_INPUT_LIBRARY_CACHE_H

#include "base/arena.h"
#include "base/error.h"

struct mc_library_cache;

struct mc_library_cache *mc_library_cache_open(const char *path, struct mc_arena *arena, struct mc_error *ret_error);
/* For the bytes of a cache file, which must live as long as the cache. */
struct mc_library_cache *mc_library_cache_parse(const uint8_t *bytes, size_t size, struct mc_arena *arena,
                                                struct mc_error *ret_error);
void mc_library_cache_close(struct mc_library_cache *cache); /* accepts NULL */
/* The path of a library of that class, NULL when it has none. */
const char *mc_library_cache_find(const struct mc_library_cache *cache, const char *name, bool wide);

#endif
