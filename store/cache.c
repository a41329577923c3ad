/* SPDX-License-Identifier: Apache-2.0 */
/* One connection under one lock: a look-up takes microseconds. What is put waits in memory and is written some megabytes at
 * a time, so that the database is locked for others rarely and briefly. */
#include "store/cache.h"

#include "store/cache_schema.h"

#include <pthread.h>
#include <sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH ((size_t)4 << 20)    /* bytes of records that wait */
#define LARGEST ((size_t)256 << 20) /* bytes of one record: larger ones are not kept */
#define LIMIT ((int64_t)1 << 30)   /* bytes of records: beyond, the older half goes */
#define DIGEST SHA256_DIGEST_LENGTH

enum { FIND, MAY_KNOW, FIND_CONTENT, PUT_RESULT, PUT_FILE, STATEMENTS };

static const char *const texts[STATEMENTS] = {
    [FIND] = "SELECT r.digest, r.record, f.seal FROM file f JOIN result r ON r.number = f.result WHERE f.device = ?1 AND"
             " f.inode = ?2 AND f.options = ?3 AND f.size = ?4 AND f.mtime = ?5 AND f.ctime = ?6 AND r.options = ?3",
    [MAY_KNOW] = "SELECT 1 FROM result WHERE size = ?1 AND build_id = ?2 AND options = ?3 AND sha256 NOTNULL LIMIT 1",
    [FIND_CONTENT] = "SELECT digest, record, number FROM result WHERE size = ?1 AND build_id = ?2 AND options = ?3 AND"
                     " sha256 = ?4 ORDER BY number DESC LIMIT 1",
    [PUT_RESULT] = "INSERT INTO result(size, build_id, options, sha256, digest, record) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    [PUT_FILE] = "REPLACE INTO file(device, inode, options, size, mtime, ctime, result, seal) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
};

struct waiting { /* to be written; its pointers are into its arena, but for the record */
    struct mc_arena arena;
    bool has_file;
    struct mc_identity file;
    struct mc_content content;
    struct mc_blob options;
    mc_bytes record;
    int64_t number; /* of a result that is there already; 0: none */
    uint8_t digest[DIGEST];
};

struct mc_cache {
    pthread_mutex_t lock; /* of all that follows */
    struct mc_arena arena;
    struct mc_cache_database database;
    sqlite3_stmt *statements[STATEMENTS];
    MC_VECTOR(struct waiting) waiting;
    size_t waiting_bytes;
    bool damaged, rebuilt;
    char notice[400];
};

static struct mc_blob blob_of(const void *bytes, size_t size)
{
    return (struct mc_blob){bytes, size};
}

const char *mc_cache_folder(struct mc_arena *arena)
{
    const char *folder = getenv("XDG_CACHE_HOME");
    if (folder && *folder == '/') /* others are to be ignored: XDG base directory specification */
        return mc_arena_printf(arena, "%s/maskcheck", folder);
    folder = getenv("HOME");
    return folder && *folder == '/' ? mc_arena_printf(arena, "%s/.cache/maskcheck", folder) : NULL;
}

/* ---- state ---- */

static void disconnect(struct mc_cache *cache)
{
    for (int i = 0; i < STATEMENTS; i++)
        if (cache->statements[i])
            cache->database.sqlite->finalize(cache->statements[i]);
    memset(cache->statements, 0, sizeof cache->statements);
    mc_cache_disconnect(&cache->database);
}

/* No more use of the database in this run; a damaged one goes when the cache is closed. */
static void give_up(struct mc_cache *cache, enum mc_cache_state state, const char *why)
{
    cache->damaged |= state == MC_CACHE_DAMAGED;
    cache->rebuilt |= cache->damaged;
    if (cache->damaged)
        snprintf(cache->notice, sizeof cache->notice, "the result cache %s is damaged: it is built anew", cache->database.path);
    else
        snprintf(cache->notice, sizeof cache->notice, "no result cache: %s: %s", cache->database.path, why);
    disconnect(cache);
}

/* False when the code is an error; the cache is given up then. */
static bool good(struct mc_cache *cache, int code)
{
    enum mc_cache_state state = mc_cache_state_of(code);
    if (state != MC_CACHE_GOOD)
        give_up(cache, state, cache->database.sqlite->errmsg(cache->database.handle));
    return state == MC_CACHE_GOOD;
}

static void connect(struct mc_cache *cache, struct mc_blob build)
{
    struct mc_cache_database *database = &cache->database;
    enum mc_cache_state state = mc_cache_connect(database, build);
    if (state == MC_CACHE_DAMAGED) {
        mc_cache_remove(database);
        give_up(cache, state, NULL);
        cache->damaged = false;
        state = mc_cache_connect(database, build);
    }
    if (state == MC_CACHE_OLDER) {
        cache->rebuilt = true;
        snprintf(cache->notice, sizeof cache->notice, "the result cache %s is of another build of maskcheck: it is built anew",
                 database->path);
    }
    if (!database->handle)
        give_up(cache, MC_CACHE_SHUT, "the database cannot be opened");
    for (int i = 0; i < STATEMENTS && database->handle; i++)
        good(cache, database->sqlite->prepare_v2(database->handle, texts[i], -1, &cache->statements[i], NULL));
}

struct mc_cache *mc_cache_open(const char *folder, struct mc_blob build)
{
    struct mc_cache *cache = mc_realloc(NULL, 1, sizeof *cache);
    struct mc_error error = {.text = "this build of maskcheck has no build-id"};
    memset(cache, 0, sizeof *cache);
    pthread_mutex_init(&cache->lock, NULL);
    cache->database.sqlite = mc_sqlite_load();
    if (!cache->database.sqlite)
        snprintf(cache->notice, sizeof cache->notice, "no result cache: SQLite (libsqlite3.so.0) is not installed");
    else if (!build.size || !mc_cache_place(folder, &cache->arena, &cache->database, &error))
        snprintf(cache->notice, sizeof cache->notice, "no result cache: %s", error.text);
    else
        connect(cache, build);
    return cache;
}

const char *mc_cache_notice(struct mc_cache *cache, bool *ret_rebuilt)
{
    *ret_rebuilt = cache->rebuilt;
    return *cache->notice ? cache->notice : NULL;
}

void mc_cache_distrust(struct mc_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    if (cache->database.handle)
        give_up(cache, MC_CACHE_DAMAGED, NULL);
    pthread_mutex_unlock(&cache->lock);
}

/* ---- statements ---- */

struct call { /* binds parameters one after the other */
    struct mc_cache *cache;
    sqlite3_stmt *statement;
    int count, code;
};

static struct call begin(struct mc_cache *cache, int which)
{
    return (struct call){.cache = cache, .statement = cache->statements[which], .code = SQLITE_OK};
}

static void give_number(struct call *call, int64_t number)
{
    if (call->code == SQLITE_OK)
        call->code = call->cache->database.sqlite->bind_int64(call->statement, ++call->count, number);
}

static void give_blob(struct call *call, struct mc_blob blob)
{
    if (call->code == SQLITE_OK) /* a null pointer would be NULL, not an empty blob */
        call->code = call->cache->database.sqlite->bind_blob(call->statement, ++call->count, blob.size ? blob.bytes : "",
                                                             (int)blob.size, SQLITE_STATIC);
}

static void give_null(struct call *call)
{
    call->count++; /* what is not bound is NULL */
}

static int step(struct call *call)
{
    if (call->code == SQLITE_OK)
        call->code = call->cache->database.sqlite->step(call->statement);
    return call->code;
}

static void end(struct call *call)
{
    call->cache->database.sqlite->reset(call->statement);
    call->cache->database.sqlite->clear_bindings(call->statement);
}

static void digest_of(struct mc_blob record, struct mc_blob options, uint8_t ret[DIGEST])
{
    SHA2_CTX context;
    SHA256Init(&context);
    SHA256Update(&context, options.bytes, options.size);
    SHA256Update(&context, record.bytes, record.size);
    SHA256Final(ret, &context);
}

static void seal_of(const struct mc_identity *file, const uint8_t digest[DIGEST], uint8_t ret[DIGEST])
{
    SHA2_CTX context;
    SHA256Init(&context);
    SHA256Update(&context, (const uint8_t *)file, sizeof *file);
    SHA256Update(&context, digest, DIGEST);
    SHA256Final(ret, &context);
}
_Static_assert(sizeof(struct mc_identity) == 40, "no padding, which would have any value");

/* The record that the statement found, after a check of its digest. False: none, or the cache is given up. */
static bool take_record(struct call *call, struct mc_blob options, uint8_t ret_digest[DIGEST], mc_bytes *ret_record)
{
    const struct mc_sqlite *sqlite = call->cache->database.sqlite;
    if (step(call) != SQLITE_ROW)
        return false;
    const void *digest = sqlite->column_blob(call->statement, 0);
    int digest_size = sqlite->column_bytes(call->statement, 0);
    const void *bytes = sqlite->column_blob(call->statement, 1);
    int size = sqlite->column_bytes(call->statement, 1);
    if (bytes && size > 0)
        digest_of(blob_of(bytes, (size_t)size), options, ret_digest);
    if (!bytes || size <= 0 || !digest || digest_size != DIGEST || memcmp(digest, ret_digest, DIGEST) != 0) {
        call->code = SQLITE_CORRUPT;
        return false;
    }
    mc_reserve(ret_record, (size_t)size);
    memcpy(ret_record->items, bytes, (size_t)size);
    ret_record->count = (size_t)size;
    return true;
}

static bool seal_holds(struct call *call, const struct mc_identity *file, const uint8_t digest[DIGEST])
{
    const struct mc_sqlite *sqlite = call->cache->database.sqlite;
    uint8_t wanted[DIGEST];
    seal_of(file, digest, wanted);
    const void *seal = sqlite->column_blob(call->statement, 2);
    if (seal && sqlite->column_bytes(call->statement, 2) == DIGEST && memcmp(seal, wanted, DIGEST) == 0)
        return true;
    call->code = SQLITE_CORRUPT;
    return false;
}

bool mc_cache_find(struct mc_cache *cache, const struct mc_identity *file, struct mc_blob options, mc_bytes *ret_record)
{
    uint8_t digest[DIGEST];
    bool found = false;
    pthread_mutex_lock(&cache->lock);
    if (cache->database.handle) {
        struct call call = begin(cache, FIND);
        give_number(&call, (int64_t)file->device);
        give_number(&call, (int64_t)file->inode);
        give_blob(&call, options);
        give_number(&call, (int64_t)file->size);
        give_number(&call, file->mtime);
        give_number(&call, file->ctime);
        found = take_record(&call, options, digest, ret_record) && seal_holds(&call, file, digest);
        end(&call);
        good(cache, call.code);
    }
    pthread_mutex_unlock(&cache->lock);
    return found;
}

bool mc_cache_may_know(struct mc_cache *cache, const struct mc_content *content, struct mc_blob options)
{
    bool found = false;
    pthread_mutex_lock(&cache->lock);
    if (cache->database.handle) {
        struct call call = begin(cache, MAY_KNOW);
        give_number(&call, (int64_t)content->size);
        give_blob(&call, content->build_id);
        give_blob(&call, options);
        found = step(&call) == SQLITE_ROW;
        end(&call);
        good(cache, call.code);
    }
    pthread_mutex_unlock(&cache->lock);
    return found;
}

/* ---- writing ---- */

static void write_one(struct mc_cache *cache, struct waiting *item, int *code)
{
    uint8_t seal[DIGEST];
    struct mc_blob record = blob_of(item->record.items, item->record.count);
    if (!item->number) {
        struct call call = begin(cache, PUT_RESULT);
        digest_of(record, item->options, item->digest);
        give_number(&call, (int64_t)item->content.size);
        give_blob(&call, item->content.build_id);
        give_blob(&call, item->options);
        if (item->content.sha256)
            give_blob(&call, blob_of(item->content.sha256, SHA256_DIGEST_LENGTH));
        else
            give_null(&call);
        give_blob(&call, blob_of(item->digest, DIGEST));
        give_blob(&call, record);
        *code = step(&call);
        end(&call);
        item->number = cache->database.sqlite->last_insert_rowid(cache->database.handle);
    }
    if (mc_cache_state_of(*code) != MC_CACHE_GOOD || !item->has_file)
        return;
    struct call call = begin(cache, PUT_FILE);
    give_number(&call, (int64_t)item->file.device);
    give_number(&call, (int64_t)item->file.inode);
    give_blob(&call, item->options);
    give_number(&call, (int64_t)item->file.size);
    give_number(&call, item->file.mtime);
    give_number(&call, item->file.ctime);
    give_number(&call, item->number);
    seal_of(&item->file, item->digest, seal);
    give_blob(&call, blob_of(seal, DIGEST));
    *code = step(&call);
    end(&call);
}

/* Files' rows of results that are gone find nothing, and are replaced when their file is seen again. */
static const char trim[] = "DELETE FROM result WHERE (SELECT total(length(record)) FROM result) > %lld AND number <"
                           " (SELECT (min(number) + max(number)) / 2 FROM result);"
                           "DELETE FROM file WHERE result NOT IN (SELECT number FROM result)";

static int write_all(struct mc_cache *cache)
{
    const struct mc_sqlite *sqlite = cache->database.sqlite;
    char text[sizeof trim + 20];
    int code = sqlite->exec(cache->database.handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    for (size_t i = 0; i < cache->waiting.count && mc_cache_state_of(code) == MC_CACHE_GOOD; i++)
        write_one(cache, &cache->waiting.items[i], &code);
    if (mc_cache_state_of(code) == MC_CACHE_GOOD && cache->waiting_bytes >= BATCH) {
        snprintf(text, sizeof text, trim, (long long)LIMIT);
        code = sqlite->exec(cache->database.handle, text, NULL, NULL, NULL);
    }
    if (mc_cache_state_of(code) == MC_CACHE_GOOD)
        code = sqlite->exec(cache->database.handle, "COMMIT", NULL, NULL, NULL);
    return code;
}

static void flush(struct mc_cache *cache)
{
    if (cache->database.handle && cache->waiting.count)
        good(cache, write_all(cache)); /* closing rolls back what is not done */
    for (size_t i = 0; i < cache->waiting.count; i++) {
        mc_vector_free(&cache->waiting.items[i].record);
        mc_arena_free(&cache->waiting.items[i].arena);
    }
    mc_vector_free(&cache->waiting);
    cache->waiting_bytes = 0;
}

static struct mc_blob keep(struct mc_arena *arena, struct mc_blob blob)
{
    uint8_t *copy = MC_NEW_ARRAY(arena, blob.size + 1, uint8_t);
    if (blob.size)
        memcpy(copy, blob.bytes, blob.size);
    return blob_of(copy, blob.size);
}

static void push(struct mc_cache *cache, struct waiting *item, const struct mc_identity *file, struct mc_blob options)
{
    item->has_file = file != NULL;
    if (file)
        item->file = *file;
    item->options = keep(&item->arena, options);
    cache->waiting_bytes += item->record.count + sizeof *item;
    mc_push(&cache->waiting, *item);
    if (cache->waiting_bytes >= BATCH)
        flush(cache);
}

void mc_cache_put(struct mc_cache *cache, const struct mc_identity *file, const struct mc_content *content,
                  struct mc_blob options, mc_bytes *record)
{
    pthread_mutex_lock(&cache->lock);
    if (cache->database.handle && record->count && record->count <= LARGEST) {
        struct waiting item = {.content = *content, .record = *record};
        *record = (mc_bytes){0};
        item.content.build_id = keep(&item.arena, content->build_id);
        if (content->sha256)
            item.content.sha256 = keep(&item.arena, blob_of(content->sha256, SHA256_DIGEST_LENGTH)).bytes;
        push(cache, &item, file, options);
    }
    mc_vector_free(record);
    pthread_mutex_unlock(&cache->lock);
}

bool mc_cache_find_content(struct mc_cache *cache, const struct mc_content *content, const struct mc_identity *file,
                           struct mc_blob options, mc_bytes *ret_record)
{
    bool found = false;
    struct waiting item = {0};
    pthread_mutex_lock(&cache->lock);
    if (cache->database.handle) {
        struct call call = begin(cache, FIND_CONTENT);
        give_number(&call, (int64_t)content->size);
        give_blob(&call, content->build_id);
        give_blob(&call, options);
        give_blob(&call, blob_of(content->sha256, SHA256_DIGEST_LENGTH));
        found = take_record(&call, options, item.digest, ret_record);
        int64_t number = found ? cache->database.sqlite->column_int64(call.statement, 2) : 0;
        end(&call);
        if (good(cache, call.code) && found && file) {
            item.number = number;
            push(cache, &item, file, options);
        }
    }
    pthread_mutex_unlock(&cache->lock);
    return found;
}

void mc_cache_flush(struct mc_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    flush(cache);
    pthread_mutex_unlock(&cache->lock);
}

void mc_cache_close(struct mc_cache *cache)
{
    if (!cache)
        return;
    flush(cache);
    disconnect(cache);
    if (cache->damaged)
        mc_cache_remove(&cache->database);
    mc_arena_free(&cache->arena);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}
