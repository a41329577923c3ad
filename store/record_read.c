/* SPDX-License-Identifier: Apache-2.0 */
#include "store/record.h"

#include "base/cursor.h"

#include <string.h>

/* The least bytes that one of these takes: a count beyond what is left is damage, not a reason to allocate. */
#define LEAST_GAP 16
#define LEAST_STEP 17
#define LEAST_DOOR 4
#define LEAST_FINDING 56
#define LEAST_DEPENDENCY 44

struct reader {
    struct mc_cursor in;
    struct mc_arena *arena; /* the result's */
    const char **strings;
    uint32_t string_count;
};

static unsigned take_number(struct reader *reader, unsigned limit)
{
    unsigned value = mc_read_u8(&reader->in);
    if (value >= limit)
        reader->in.bad = true;
    return reader->in.bad ? 0 : value;
}

static const char *take_string(struct reader *reader)
{
    uint32_t number = mc_read_u32(&reader->in);
    if (number > reader->string_count)
        reader->in.bad = true;
    return reader->in.bad || !number ? NULL : reader->strings[number - 1];
}

/* Of what reports print without asking whether it is there. */
static const char *take_present(struct reader *reader)
{
    const char *text = take_string(reader);
    if (!text)
        reader->in.bad = true;
    return text;
}

static size_t take_count(struct reader *reader, size_t least)
{
    uint32_t count = mc_read_u32(&reader->in);
    if (count > (reader->in.size - reader->in.position) / least)
        reader->in.bad = true;
    return reader->in.bad ? 0 : count;
}

static void take_set(struct reader *reader, struct mc_feature_set *ret)
{
    unsigned count = mc_read_u16(&reader->in);
    for (unsigned i = 0; i < count && !reader->in.bad; i++) {
        unsigned feature = mc_read_u16(&reader->in);
        if (feature < MC_FEATURE_COUNT)
            mc_set_add(ret, feature);
        else
            reader->in.bad = true;
    }
}

static void take_bytes(struct reader *reader, void *ret, size_t size)
{
    const uint8_t *bytes = mc_take(&reader->in, size);
    if (bytes && size)
        memcpy(ret, bytes, size);
}

static void take_code(struct reader *reader, struct mc_code *ret)
{
    ret->size = (uint8_t)take_number(reader, sizeof ret->bytes + 1);
    take_bytes(reader, ret->bytes, ret->size);
}

static void take_guard(struct reader *reader, struct mc_guard *ret)
{
    ret->known = take_number(reader, 2);
    if (!ret->known)
        return;
    ret->address = mc_read_u64(&reader->in);
    ret->leaf = mc_read_u32(&reader->in);
    ret->subleaf = mc_read_u32(&reader->in);
    ret->reg = take_number(reader, MC_EDX + 1);
    ret->bit = mc_read_u8(&reader->in);
    ret->feature = (enum mc_feature)mc_read_u32(&reader->in); /* any number: its users ask whether it is a feature */
    take_code(reader, &ret->code);
}

static void take_path(struct reader *reader, struct mc_finding *ret)
{
    size_t count = take_count(reader, LEAST_STEP);
    ret->path = MC_NEW_ARRAY(reader->arena, count + 1, struct mc_step);
    ret->path_length = count;
    for (size_t i = 0; i < count && !reader->in.bad; i++) {
        ret->path[i].kind = take_number(reader, MC_STEP_BRANCH + 1);
        ret->path[i].address = mc_read_u64(&reader->in);
        ret->path[i].function = take_string(reader);
        ret->path[i].text = take_string(reader);
    }
}

static void take_doors(struct reader *reader, struct mc_finding *ret)
{
    ret->door_count = take_count(reader, LEAST_DOOR);
    ret->doors = ret->door_count ? MC_NEW_ARRAY(reader->arena, ret->door_count, const char *) : NULL;
    for (size_t i = 0; i < ret->door_count && !reader->in.bad; i++)
        ret->doors[i] = take_present(reader);
}

static void take_finding(struct reader *reader, struct mc_finding *ret)
{
    ret->use.address = mc_read_u64(&reader->in);
    uint32_t need = mc_read_u32(&reader->in);
    if (!need || need >= mc_need_count())
        reader->in.bad = true;
    ret->use.need = (uint16_t)need;
    ret->use.length = mc_read_u8(&reader->in);
    ret->function = take_string(reader);
    ret->function_address = mc_read_u64(&reader->in);
    take_set(reader, &ret->needs);
    take_set(reader, &ret->missing);
    take_set(reader, &ret->tested);
    ret->verdict = take_number(reader, MC_VERDICT_UNGUARDED + 1);
    ret->confidence = take_number(reader, MC_PROVED + 1);
    ret->severity = take_number(reader, MC_ERROR + 1);
    ret->rule = take_string(reader);
    ret->reason = take_string(reader);
    take_path(reader, ret);
    take_doors(reader, ret);
    take_guard(reader, &ret->guard);
    take_code(reader, &ret->code);
    ret->source = take_string(reader);
    ret->source_path = take_string(reader);
    ret->unit = take_string(reader);
    ret->producer = take_string(reader);
    ret->options = take_string(reader);
    ret->comdat = take_string(reader);
    ret->function_code = mc_read_u64(&reader->in);
    ret->at_start = take_number(reader, 2);
}

/* Copies the table, so that the strings live as long as the result. */
static void take_strings(struct reader *reader)
{
    reader->string_count = mc_read_u32(&reader->in);
    size_t size = mc_read_u32(&reader->in);
    const uint8_t *bytes = mc_take(&reader->in, size);
    if (!bytes || reader->string_count > size || (size && bytes[size - 1])) {
        reader->in.bad = true;
        return;
    }
    char *text = MC_NEW_ARRAY(reader->arena, size + 1, char);
    memcpy(text, bytes, size);
    reader->strings = MC_NEW_ARRAY(reader->arena, reader->string_count + 1, const char *);
    size_t at = 0;
    for (uint32_t i = 0; i < reader->string_count; i++) {
        if (at >= size) {
            reader->in.bad = true;
            return;
        }
        reader->strings[i] = text + at;
        at += strlen(text + at) + 1;
    }
}

static void take_head(struct reader *reader, const char *path, struct mc_file_result *ret)
{
    const char *member = take_string(reader);
    if (member)
        ret->path = mc_arena_printf(reader->arena, "%s!%s", path, member);
    ret->package = take_string(reader);
    ret->status = take_number(reader, MC_FILE_ERROR + 1);
    ret->error.kind = take_number(reader, MC_ERROR_USAGE + 1);
    ret->error.offset = mc_read_u64(&reader->in);
    const char *text = take_present(reader);
    if (text)
        memcpy(ret->error.text, text, strnlen(text, sizeof ret->error.text - 1));
    ret->mode = take_number(reader, MC_MODE_64 + 1);
    ret->kind = take_number(reader, MC_KIND_KERNEL_MODULE + 1);
    ret->build_id_size = take_number(reader, sizeof ret->build_id + 1);
    take_bytes(reader, ret->build_id, ret->build_id_size);
    ret->size = mc_read_u64(&reader->in);
    ret->has_sha256 = take_number(reader, 2);
    take_bytes(reader, ret->sha256, sizeof ret->sha256);
    ret->verdict = take_number(reader, MC_VERDICT_UNGUARDED + 1);
    ret->confidence = take_number(reader, MC_PROVED + 1);
    take_set(reader, &ret->used);
    take_set(reader, &ret->unsafe);
}

static void take_dependencies(struct reader *reader, struct mc_file_result *ret)
{
    size_t count = take_count(reader, LEAST_DEPENDENCY);
    ret->dependencies = MC_NEW_ARRAY(reader->arena, count + 1, struct mc_rests_on);
    ret->dependency_count = count;
    for (size_t i = 0; i < count && !reader->in.bad; i++) {
        struct mc_identity *identity = &ret->dependencies[i].identity;
        ret->dependencies[i].path = take_present(reader);
        identity->device = mc_read_u64(&reader->in);
        identity->inode = mc_read_u64(&reader->in);
        identity->size = mc_read_u64(&reader->in);
        identity->mtime = (int64_t)mc_read_u64(&reader->in);
        identity->ctime = (int64_t)mc_read_u64(&reader->in);
    }
}

/* NULL when the bytes, all of them, are no result. */
static struct mc_file_result *read_result(const uint8_t *bytes, size_t size, const char *path)
{
    struct mc_file_result *result = mc_file_result_new(path);
    struct reader reader = {.in = mc_cursor_at(bytes, size), .arena = &result->arena};
    take_strings(&reader);
    take_head(&reader, path, result);
    size_t count = take_count(&reader, LEAST_GAP);
    result->gaps = MC_NEW_ARRAY(&result->arena, count + 1, struct mc_gap);
    result->gap_count = count;
    for (size_t i = 0; i < count && !reader.in.bad; i++) {
        result->gaps[i].address = mc_read_u64(&reader.in);
        result->gaps[i].kind = take_present(&reader);
        result->gaps[i].text = take_present(&reader);
    }
    count = take_count(&reader, LEAST_FINDING);
    result->findings = MC_NEW_ARRAY(&result->arena, count + 1, struct mc_finding);
    result->finding_count = count;
    for (size_t i = 0; i < count && !reader.in.bad; i++)
        take_finding(&reader, &result->findings[i]);
    take_dependencies(&reader, result);
    if (!reader.in.bad && reader.in.position == size)
        return result;
    mc_file_result_free(result);
    return NULL;
}

struct mc_file_result **mc_record_read(const uint8_t *bytes, size_t size, const char *path, struct mc_arena *arena,
                                       size_t *ret_count)
{
    struct mc_cursor in = mc_cursor_at(bytes, size);
    size_t count = 0;
    while (!in.bad && in.position < size) {
        uint32_t length = mc_read_u32(&in);
        count += mc_take(&in, length) != NULL;
    }
    if (in.bad || !count)
        return NULL;
    struct mc_file_result **results = MC_NEW_ARRAY(arena, count, struct mc_file_result *);
    mc_seek(&in, 0);
    for (size_t i = 0; i < count; i++) {
        uint32_t length = mc_read_u32(&in);
        const uint8_t *part = mc_take(&in, length);
        results[i] = read_result(part, length, path);
        if (results[i])
            continue;
        while (i)
            mc_file_result_free(results[--i]);
        return NULL;
    }
    *ret_count = count;
    return results;
}
