/* SPDX-License-Identifier: Apache-2.0 */
#include "store/record.h"

#include <string.h>

#define uthash_fatal(message) mc_out_of_memory()
#include <uthash.h>

struct known_string {
    const char *text;
    uint32_t number; /* from 1 */
    UT_hash_handle hh;
};

struct writer {
    mc_bytes body;
    mc_bytes strings;
    struct known_string *known;
    uint32_t string_count;
    struct mc_arena arena;
};

static void put_bytes(mc_bytes *to, const void *bytes, size_t size)
{
    mc_reserve(to, to->count + size);
    if (size)
        memcpy(to->items + to->count, bytes, size);
    to->count += size;
}

static void put_u8(struct writer *writer, unsigned value)
{
    mc_push(&writer->body, (uint8_t)value);
}

static void put_u32(struct writer *writer, size_t value)
{
    uint32_t narrow = (uint32_t)value;
    put_bytes(&writer->body, &narrow, sizeof narrow);
}

static void put_u64(struct writer *writer, uint64_t value)
{
    put_bytes(&writer->body, &value, sizeof value);
}

static void put_string(struct writer *writer, const char *text)
{
    struct known_string *found = NULL;
    if (text) {
        HASH_FIND_STR(writer->known, text, found);
        if (!found) {
            found = MC_NEW(&writer->arena, struct known_string);
            found->text = text;
            found->number = ++writer->string_count;
            put_bytes(&writer->strings, text, strlen(text) + 1);
            HASH_ADD_KEYPTR(hh, writer->known, found->text, strlen(text), found);
        }
    }
    put_u32(writer, found ? found->number : 0);
}

static void put_set(struct writer *writer, const struct mc_feature_set *set)
{
    unsigned count = 0;
    for (int f = mc_set_next(set, 0); f >= 0; f = mc_set_next(set, f + 1))
        count++;
    put_u8(writer, count & 0xff);
    put_u8(writer, count >> 8);
    for (int f = mc_set_next(set, 0); f >= 0; f = mc_set_next(set, f + 1)) {
        put_u8(writer, (unsigned)f & 0xff);
        put_u8(writer, (unsigned)f >> 8);
    }
}

static void put_code(struct writer *writer, const struct mc_code *code)
{
    put_u8(writer, code->size);
    put_bytes(&writer->body, code->bytes, code->size);
}

static void put_guard(struct writer *writer, const struct mc_guard *guard)
{
    put_u8(writer, guard->known);
    if (!guard->known)
        return;
    put_u64(writer, guard->address);
    put_u32(writer, guard->leaf);
    put_u32(writer, guard->subleaf);
    put_u8(writer, guard->reg);
    put_u8(writer, guard->bit);
    put_u32(writer, (uint32_t)guard->feature);
    put_code(writer, &guard->code);
}

static void put_finding(struct writer *writer, const struct mc_finding *finding)
{
    put_u64(writer, finding->use.address);
    put_u32(writer, finding->use.need);
    put_u8(writer, finding->use.length);
    put_string(writer, finding->function);
    put_u64(writer, finding->function_address);
    put_set(writer, &finding->needs);
    put_set(writer, &finding->missing);
    put_set(writer, &finding->tested);
    put_u8(writer, finding->verdict);
    put_u8(writer, finding->confidence);
    put_u8(writer, finding->severity);
    put_string(writer, finding->rule);
    put_string(writer, finding->reason);
    put_u32(writer, finding->path_length);
    for (size_t i = 0; i < finding->path_length; i++) {
        put_u8(writer, finding->path[i].kind);
        put_u64(writer, finding->path[i].address);
        put_string(writer, finding->path[i].function);
        put_string(writer, finding->path[i].text);
    }
    put_u32(writer, finding->door_count);
    for (size_t i = 0; i < finding->door_count; i++)
        put_string(writer, finding->doors[i]);
    put_guard(writer, &finding->guard);
    put_code(writer, &finding->code);
    put_string(writer, finding->source);
    put_string(writer, finding->source_path);
    put_string(writer, finding->unit);
    put_string(writer, finding->producer);
    put_string(writer, finding->options);
    put_string(writer, finding->comdat);
    put_u64(writer, finding->function_code);
    put_u8(writer, finding->at_start);
}

static void put_dependency(struct writer *writer, const struct mc_rests_on *dependency)
{
    const struct mc_identity *identity = &dependency->identity;
    put_string(writer, dependency->path);
    put_u64(writer, identity->device);
    put_u64(writer, identity->inode);
    put_u64(writer, identity->size);
    put_u64(writer, (uint64_t)identity->mtime);
    put_u64(writer, (uint64_t)identity->ctime);
}

static void put_head(struct writer *writer, const char *path, const struct mc_file_result *result)
{
    size_t length = strlen(path);
    bool member = strncmp(result->path, path, length) == 0 && result->path[length] == '!';
    put_string(writer, member ? result->path + length + 1 : NULL);
    put_string(writer, result->package);
    put_u8(writer, result->status);
    put_u8(writer, result->error.kind);
    put_u64(writer, result->error.offset);
    put_string(writer, result->error.text);
    put_u8(writer, result->mode);
    put_u8(writer, result->kind);
    put_u8(writer, (unsigned)result->build_id_size);
    put_bytes(&writer->body, result->build_id, result->build_id_size);
    put_u64(writer, result->size);
    put_u8(writer, result->has_sha256);
    put_bytes(&writer->body, result->sha256, sizeof result->sha256);
    put_u8(writer, result->verdict);
    put_u8(writer, result->confidence);
    put_set(writer, &result->used);
    put_set(writer, &result->unsafe);
}

void mc_record_add(mc_bytes *record, const char *path, const struct mc_file_result *result)
{
    struct writer writer = {0};
    put_head(&writer, path, result);
    put_u32(&writer, result->gap_count);
    for (size_t i = 0; i < result->gap_count; i++) {
        put_u64(&writer, result->gaps[i].address);
        put_string(&writer, result->gaps[i].kind);
        put_string(&writer, result->gaps[i].text);
    }
    put_u32(&writer, result->finding_count);
    for (size_t i = 0; i < result->finding_count; i++)
        put_finding(&writer, &result->findings[i]);
    put_u32(&writer, result->dependency_count);
    for (size_t i = 0; i < result->dependency_count; i++)
        put_dependency(&writer, &result->dependencies[i]);
    uint32_t head[] = {(uint32_t)(8 + writer.strings.count + writer.body.count), writer.string_count,
                       (uint32_t)writer.strings.count};
    put_bytes(record, head, sizeof head);
    put_bytes(record, writer.strings.items, writer.strings.count);
    put_bytes(record, writer.body.items, writer.body.count);
    HASH_CLEAR(hh, writer.known);
    mc_vector_free(&writer.strings);
    mc_vector_free(&writer.body);
    mc_arena_free(&writer.arena);
}
