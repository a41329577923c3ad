/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cached_scan.h"

#include "scanner/evidence.h"
#include "store/build_id.h"
#include "store/cache.h"

#include <pthread.h>
#include <sha256.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MUCH_CODE ((uint64_t)1 << 20) /* bytes of files: sweeping them costs what opening SQLite does, some milliseconds */
/* A file that was written to so shortly before the run may be written to again without a change of its times. */
#define SETTLED ((int64_t)2000000000) /* nanoseconds; the coarsest clock of a file system has steps of 2 s */

struct mc_cached_scans {
    const struct mc_scan_options *asked;
    struct mc_scan_options options; /* as asked, but hashing every file with uses, so that it is known by content */
    struct mc_arena arena;
    const char *folder;
    struct mc_blob key; /* all of the options that a result depends on */
    struct mc_blob build;
    bool at_once;
    int64_t started; /* nanoseconds since the epoch */
    pthread_mutex_t lock;
    struct mc_cache *cache; /* under the lock until opened; NULL before */
};

struct key { /* no padding: compared as bytes */
    uint8_t build[64];
    uint64_t build_size;
    struct mc_feature_set baseline;
    uint64_t strict_conformance, strict_proof, all_sources, debug_folder;
    uint64_t root;
};

static struct mc_blob make_key(struct mc_cached_scans *scans)
{
    struct key *key = MC_NEW(&scans->arena, struct key);
    key->build_size = mc_own_build_id(key->build);
    key->baseline = scans->asked->baseline.features;
    key->strict_conformance = scans->asked->strict_conformance;
    key->strict_proof = scans->asked->strict_proof;
    key->all_sources = scans->asked->all_sources;
    const char *debug = scans->asked->debug_folder;
    key->debug_folder = debug ? mc_hash_bytes(MC_HASH_START, debug, strlen(debug)) : 0;
    const char *root = scans->asked->providers ? mc_providers_root(scans->asked->providers) : ""; /* whose libraries answered */
    key->root = mc_hash_bytes(MC_HASH_START, root, strlen(root));
    scans->build = (struct mc_blob){key->build, key->build_size};
    return (struct mc_blob){key, sizeof *key};
}

/* What is in a container is known by the file around it; an image that is a folder is many files. */
static bool is_kept(enum mc_input_kind kind)
{
    return kind == MC_INPUT_ELF || kind == MC_INPUT_ARCHIVE || (mc_input_is_container(kind) && kind != MC_INPUT_IMAGE_FOLDER);
}

static uint64_t total_size(const struct mc_input *items, size_t count)
{
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++)
        if (is_kept(items[i].kind))
            total += items[i].size;
    return total;
}

struct mc_cached_scans *mc_cached_scans_new(const char *folder, const struct mc_scan_options *options,
                                            const struct mc_input *items, size_t count)
{
    struct timespec now;
    struct mc_cached_scans *scans = mc_realloc(NULL, 1, sizeof *scans);
    *scans = (struct mc_cached_scans){.asked = options, .options = *options};
    if (scans->options.hash < MC_HASH_USES)
        scans->options.hash = MC_HASH_USES;
    scans->folder = folder ? mc_arena_strdup(&scans->arena, folder) : mc_cache_folder(&scans->arena);
    scans->key = make_key(scans);
    scans->at_once = total_size(items, count) >= MUCH_CODE;
    clock_gettime(CLOCK_REALTIME, &now);
    scans->started = mc_nanoseconds(&now);
    pthread_mutex_init(&scans->lock, NULL);
    return scans;
}

/* NULL when there is no place for a cache. */
static struct mc_cache *open_cache(struct mc_cached_scans *scans)
{
    pthread_mutex_lock(&scans->lock);
    if (!scans->cache && scans->folder)
        scans->cache = mc_cache_open(scans->folder, scans->build);
    struct mc_cache *cache = scans->cache;
    pthread_mutex_unlock(&scans->lock);
    return cache;
}

/* ---- identities ---- */

static struct mc_identity identity_of(const struct mc_input *input)
{
    return (struct mc_identity){input->device, input->inode, input->size, input->mtime, input->ctime};
}

/* What is at the path now is in the state that the identity says, and was left alone long enough for that to mean
 * something. */
static bool is_settled(const struct mc_cached_scans *scans, const char *path, const struct mc_identity *identity)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return false;
    struct mc_identity now = mc_identity_of(&status);
    return mc_identity_equal(&now, identity) && identity->ctime < scans->started - SETTLED;
}

static bool dependencies_hold(const struct mc_cached_scans *scans, const struct mc_file_result *result)
{
    static const struct mc_identity none;
    struct stat status;
    for (size_t i = 0; i < result->dependency_count; i++) {
        const struct mc_rests_on *other = &result->dependencies[i];
        bool absent = mc_identity_equal(&other->identity, &none);
        if (absent ? stat(other->path, &status) == 0 : !is_settled(scans, other->path, &other->identity))
            return false;
    }
    return true;
}

/* ---- from the cache ---- */

static void hand_over(const struct mc_cached_scans *scans, struct mc_file_result *result, mc_scan_emit *emit, void *context)
{
    if (result->has_sha256 && !mc_hash_wanted(result, scans->asked->hash)) {
        result->has_sha256 = false;
        memset(result->sha256, 0, sizeof result->sha256);
    }
    emit(context, result);
}

/* False when a result was kept for fewer wishes, or rests on what is no more. */
static bool usable(const struct mc_cached_scans *scans, struct mc_file_result *const *results, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool judged = results[i]->status == MC_FILE_OK || results[i]->status == MC_FILE_PARTIAL;
        bool hash_missing = judged && !results[i]->has_sha256 && mc_hash_wanted(results[i], scans->options.hash);
        if (hash_missing || !dependencies_hold(scans, results[i]))
            return false;
    }
    return true;
}

/* Emits what the record says. `sha256` is what the file has, NULL when it was not hashed. */
static bool replay(struct mc_cached_scans *scans, struct mc_cache *cache, const char *path, const mc_bytes *record,
                   const uint8_t *sha256, mc_scan_emit *emit, void *context)
{
    struct mc_arena arena = {0};
    size_t count = 0;
    struct mc_file_result **results = mc_record_read(record->items, record->count, path, &arena, &count);
    bool good = results && (!sha256 || (count == 1 && results[0]->has_sha256 &&
                                        memcmp(results[0]->sha256, sha256, sizeof results[0]->sha256) == 0));
    bool use = good && usable(scans, results, count);
    if (!good)
        mc_cache_distrust(cache);
    for (size_t i = 0; i < count; i++) {
        if (use)
            hand_over(scans, results[i], emit, context);
        else
            mc_file_result_free(results[i]);
    }
    mc_arena_free(&arena);
    return use;
}

static bool replay_file(struct mc_cached_scans *scans, struct mc_cache *cache, const struct mc_input *input,
                        mc_scan_emit *emit, void *context)
{
    struct mc_identity identity = identity_of(input);
    mc_bytes record = {0};
    bool found = mc_cache_find(cache, &identity, scans->key, &record) &&
                 replay(scans, cache, input->path, &record, NULL, emit, context);
    mc_vector_free(&record);
    return found;
}

static bool replay_content(struct mc_cached_scans *scans, struct mc_cache *cache, const struct mc_input *input,
                           const struct mc_image *image, mc_scan_emit *emit, void *context)
{
    struct mc_identity identity = identity_of(input);
    struct mc_content content = {.size = image->file_size, .build_id = {image->build_id, image->build_id_size}};
    uint8_t sha256[SHA256_DIGEST_LENGTH];
    mc_bytes record = {0};
    if (!mc_cache_may_know(cache, &content, scans->key))
        return false;
    SHA2_CTX hash;
    SHA256Init(&hash);
    SHA256Update(&hash, image->file, image->file_size);
    SHA256Final(sha256, &hash);
    content.sha256 = sha256;
    const struct mc_identity *file = is_settled(scans, input->path, &identity) ? &identity : NULL;
    bool found = !mc_image_lost(image) && mc_cache_find_content(cache, &content, file, scans->key, &record) &&
                 replay(scans, cache, input->path, &record, sha256, emit, context);
    mc_vector_free(&record);
    return found;
}

/* ---- judged anew ---- */

struct keeping { /* results of one file on their way to the caller */
    struct mc_cached_scans *scans;
    const char *path;
    mc_bytes record;
    bool failed; /* an error may be gone next time */
    struct mc_content content; /* of the last result */
    uint8_t sha256[32], build_id[64];
    mc_scan_emit *emit;
    void *context;
};

static void keep_result(void *context, struct mc_file_result *result)
{
    struct keeping *keeping = context;
    keeping->failed |= result->status == MC_FILE_ERROR;
    if (!keeping->failed)
        mc_record_add(&keeping->record, keeping->path, result);
    memcpy(keeping->sha256, result->sha256, sizeof keeping->sha256);
    memcpy(keeping->build_id, result->build_id, sizeof keeping->build_id);
    keeping->content = (struct mc_content){.size = result->size,
                                           .build_id = {keeping->build_id, result->build_id_size},
                                           .sha256 = result->has_sha256 ? keeping->sha256 : NULL};
    hand_over(keeping->scans, result, keeping->emit, keeping->context);
}

static void put(struct mc_cached_scans *scans, struct mc_cache *cache, const struct mc_input *input, struct keeping *keeping)
{
    struct mc_identity identity = identity_of(input);
    bool settled = is_settled(scans, input->path, &identity);
    if (input->kind != MC_INPUT_ELF)
        keeping->content = (struct mc_content){.size = input->size}; /* archives and containers are known by identity alone */
    if (!keeping->failed && (settled || keeping->content.sha256))
        mc_cache_put(cache, settled ? &identity : NULL, &keeping->content, scans->key, &keeping->record);
    mc_vector_free(&keeping->record);
}

/* An image that is open already, or NULL: the item is scanned as it is. */
static void judge(struct mc_cached_scans *scans, struct mc_cache *cache, const struct mc_input *input,
                  struct mc_image *image, mc_scan_emit *emit, void *context)
{
    struct keeping keeping = {.scans = scans, .path = input->path, .emit = emit, .context = context};
    if (image)
        keep_result(&keeping, mc_scan_image(image, &scans->options));
    else
        mc_scan_input(input, &scans->options, keep_result, &keeping);
    put(scans, cache, input, &keeping);
}

/* Few and small files: SQLite only for those that need the proof. */
static void scan_little(struct mc_cached_scans *scans, const struct mc_input *input, mc_scan_emit *emit, void *context)
{
    struct mc_error error;
    struct mc_image *image = input->kind == MC_INPUT_ELF ? mc_image_open(input->path, &error) : NULL;
    bool costly = image && mc_scan_has_uses(image, scans->asked);
    struct mc_cache *cache = costly ? open_cache(scans) : NULL;
    if (!image)
        mc_scan_input(input, scans->asked, emit, context);
    else if (!cache)
        emit(context, mc_scan_image(image, scans->asked));
    else if (replay_file(scans, cache, input, emit, context) || replay_content(scans, cache, input, image, emit, context))
        mc_image_free(image);
    else
        judge(scans, cache, input, image, emit, context);
}

void mc_cached_scan(struct mc_cached_scans *scans, const struct mc_input *input, mc_scan_emit *emit, void *context)
{
    struct mc_error error;
    bool known_kind = is_kept(input->kind) && !input->member;
    if (known_kind && !scans->at_once) {
        scan_little(scans, input, emit, context);
        return;
    }
    struct mc_cache *cache = known_kind ? open_cache(scans) : NULL;
    if (!cache) {
        mc_scan_input(input, scans->asked, emit, context);
        return;
    }
    if (replay_file(scans, cache, input, emit, context))
        return;
    struct mc_image *image = input->kind == MC_INPUT_ELF ? mc_image_open(input->path, &error) : NULL;
    if (image && replay_content(scans, cache, input, image, emit, context))
        mc_image_free(image);
    else
        judge(scans, cache, input, image, emit, context);
}

void mc_cached_scans_finish(struct mc_cached_scans *scans)
{
    if (scans->cache)
        mc_cache_flush(scans->cache);
}

const char *mc_cached_scans_notice(struct mc_cached_scans *scans, bool *ret_rebuilt)
{
    *ret_rebuilt = false;
    return scans->cache ? mc_cache_notice(scans->cache, ret_rebuilt) : NULL;
}

void mc_cached_scans_free(struct mc_cached_scans *scans)
{
    if (!scans)
        return;
    mc_cache_close(scans->cache);
    mc_arena_free(&scans->arena);
    pthread_mutex_destroy(&scans->lock);
    free(scans);
}
