/* SPDX-License-Identifier: Apache-2.0 */
/* Records kept between runs, in one SQLite database that several processes use at a time (WAL). Found by what a file is
 * (struct mc_identity) or by what is in it (size, build-id and SHA-256), both together with `options`: everything else
 * that a record depends on, as bytes.
 *
 *     struct mc_cache *cache = mc_cache_open(folder, build, build_size);
 *     mc_cache_find(cache, ...); mc_cache_put(cache, ...);        from any thread
 *     if (mc_cache_notice(cache)) ...; mc_cache_close(cache);
 *
 * Never fatal: where anything goes wrong the cache finds nothing and keeps nothing from then on. A database that is
 * damaged, or of another build, is made anew, and the notice says so. Each record carries a digest of itself, so that
 * damage which SQLite cannot see is told as well.
 *
 * The folder is used only when it belongs to this user and nobody else may write there: another user's cache (root with
 * a user's HOME) could say that anything is safe. What is put is written in few transactions, each short; a database that
 * stays locked by others for seconds loses it. */
#ifndef MC_STORE_CACHE_H
#define MC_STORE_CACHE_H

#include "base/error.h"
#include "input/identity.h"
#include "store/record.h"

struct mc_cache;

struct mc_blob {
    const void *bytes;
    size_t size;
};

struct mc_content { /* of a file */
    uint64_t size;
    struct mc_blob build_id; /* size 0: none */
    const uint8_t *sha256;   /* NULL unknown */
};

/* $XDG_CACHE_HOME/maskcheck, else $HOME/.cache/maskcheck; NULL when neither is an absolute path. In the arena. */
const char *mc_cache_folder(struct mc_arena *arena);

/* Makes the folder when it is not there. Never NULL. `build` says which maskcheck this is; empty: the cache stays shut. */
struct mc_cache *mc_cache_open(const char *folder, struct mc_blob build);
bool mc_cache_find(struct mc_cache *cache, const struct mc_identity *file, struct mc_blob options, mc_bytes *ret_record);
/* True when some record may have this size and build-id, so that it is worth while to hash the file. */
bool mc_cache_may_know(struct mc_cache *cache, const struct mc_content *content, struct mc_blob options);
/* As mc_cache_find; remembers the identity too when it is not NULL. content->sha256 must be there. */
bool mc_cache_find_content(struct mc_cache *cache, const struct mc_content *content, const struct mc_identity *file,
                           struct mc_blob options, mc_bytes *ret_record);
/* `file` may be NULL: kept by content only. Takes over the record's memory, and leaves it empty. */
void mc_cache_put(struct mc_cache *cache, const struct mc_identity *file, const struct mc_content *content,
                  struct mc_blob options, mc_bytes *record);
/* The caller could not read a record: the database is not to be trusted. */
void mc_cache_distrust(struct mc_cache *cache);

/* One line for the user: the cache was made anew (rebuilt), or why there is none. NULL when all is well. */
const char *mc_cache_notice(struct mc_cache *cache, bool *ret_rebuilt);
void mc_cache_flush(struct mc_cache *cache);
void mc_cache_close(struct mc_cache *cache); /* writes what was put; accepts NULL */

#endif
