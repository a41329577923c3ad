/* SPDX-License-Identifier: Apache-2.0 */
/* The one reader of JSON: reports of `maskcheck probe` (their "leaves"), and QEMU's answer to
 * query-cpu-model-expansion, as QMP gives it or as libvirt's test data keeps it (several documents in one file). */
#include "probe/dump.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool fail(struct mc_error *ret_error, const char *what)
{
    return mc_fail(ret_error, MC_ERROR_FORMAT, MC_NO_OFFSET, "%s", what);
}

/* "0x1F" or a number, at most 32 bits */
static bool get_word(const json_t *object, const char *key, uint32_t *ret)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_integer(value)) {
        json_int_t number = json_integer_value(value);
        *ret = (uint32_t)number;
        return number >= 0 && number <= UINT32_MAX;
    }
    const char *text = json_string_value(value);
    if (!text || strncmp(text, "0x", 2) != 0 || !text[2] || strlen(text) > 10)
        return false;
    char *end;
    *ret = (uint32_t)strtoul(text + 2, &end, 16);
    return *end == '\0';
}

static bool parse_probe(const json_t *root, struct mc_dump *dump, struct mc_error *ret_error)
{
    static const char *const names[4] = {"eax", "ebx", "ecx", "edx"};
    const json_t *leaves = json_object_get(root, "leaves"), *item;
    size_t index;
    dump->format = MC_DUMP_PROBE_JSON;
    if (!json_is_array(leaves) || json_array_size(leaves) == 0)
        return fail(ret_error, "a probe report without \"leaves\"");
    json_array_foreach((json_t *)(uintptr_t)leaves, index, item)
    {
        uint32_t cpu = 0, leaf = 0, subleaf = 0, regs[4] = {0};
        bool good = get_word(item, "cpu", &cpu) && get_word(item, "leaf", &leaf) && get_word(item, "subleaf", &subleaf);
        for (int i = 0; i < 4 && good; i++)
            good = get_word(item, names[i], &regs[i]);
        if (!good)
            return mc_fail(ret_error, MC_ERROR_FORMAT, MC_NO_OFFSET,
                           "entry %zu of \"leaves\": expected cpu, leaf, subleaf, eax, ebx, ecx and edx", index);
        if (dump->count == 0 || dump->cpus[dump->count - 1].cpu != cpu)
            mc_dump_add_cpu(dump, cpu);
        if (!mc_dump_add_leaf(dump, leaf, subleaf, regs, (unsigned)index, MC_NO_OFFSET, ret_error))
            return false;
    }
    return true;
}

/* QEMU names features, not registers: the registers are put together from the catalogue's places, so that everything
 * above sees a snapshot as ever. Only what QEMU can name is known of such a CPU. */
static void set_feature(struct mc_snapshot *snapshot, const struct mc_feature_info *info)
{
    const struct mc_leaf *found = mc_snapshot_find(snapshot, info->leaf, info->subleaf);
    uint32_t regs[4] = {0};
    if (found)
        memcpy(regs, found->regs, sizeof regs);
    regs[info->reg] |= UINT32_C(1) << info->bit;
    mc_snapshot_add(snapshot, info->leaf, info->subleaf, regs);
}

/* QEMU copies 1.EDX for AMD (MC_ALIAS_BITS) without naming the copies. */
static void copy_aliases(struct mc_snapshot *snapshot)
{
    const struct mc_leaf *from = mc_snapshot_find(snapshot, 1, 0), *to = mc_snapshot_find(snapshot, 0x80000001, 0);
    uint32_t regs[4] = {0};
    if (!mc_snapshot_is_amd(snapshot))
        return;
    if (to)
        memcpy(regs, to->regs, sizeof regs);
    regs[MC_EDX] |= from ? from->regs[MC_EDX] & MC_ALIAS_BITS : 0;
    mc_snapshot_add(snapshot, 0x80000001, 0, regs);
}

static json_int_t get_integer(const json_t *props, const char *key)
{
    return json_integer_value(json_object_get(props, key));
}

static void set_signature(struct mc_snapshot *snapshot, const json_t *props)
{
    unsigned family = (unsigned)get_integer(props, "family"), model = (unsigned)get_integer(props, "model");
    const struct mc_leaf *found = mc_snapshot_find(snapshot, 1, 0);
    uint32_t regs[4] = {0};
    if (found)
        memcpy(regs, found->regs, sizeof regs);
    unsigned extended = family > 0xF ? family - 0xF : 0;
    regs[MC_EAX] = (extended & 0xFF) << 20 | (model >> 4 & 0xF) << 16 | (family - extended) << 8 | (model & 0xF) << 4 |
                   ((unsigned)get_integer(props, "stepping") & 0xF);
    mc_snapshot_add(snapshot, 1, 0, regs);
}

static void set_brand(struct mc_snapshot *snapshot, const char *brand)
{
    uint32_t words[12] = {0};
    size_t length = brand ? strlen(brand) : 0;
    if (length > 0)
        memcpy(words, brand, length < 48 ? length : 48);
    for (uint32_t i = 0; i < 3; i++)
        mc_snapshot_add(snapshot, 0x80000002 + i, 0, words + 4 * i);
}

static bool parse_model(const json_t *props, struct mc_dump *dump, struct mc_error *ret_error)
{
    dump->format = MC_DUMP_QEMU_JSON;
    struct mc_snapshot *snapshot = &mc_dump_add_cpu(dump, 0)->snapshot;
    const char *vendor = json_string_value(json_object_get(props, "vendor"));
    size_t known = 0;
    mc_dump_set_maxima(snapshot, vendor);
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++) {
        const char *name = mc_features[feature].qemu_name;
        const json_t *value = name[0] ? json_object_get(props, name) : NULL;
        known += value != NULL;
        if (json_is_true(value))
            set_feature(snapshot, &mc_features[feature]);
    }
    copy_aliases(snapshot);
    set_signature(snapshot, props);
    set_brand(snapshot, json_string_value(json_object_get(props, "model-id")));
    return known > 0 || fail(ret_error, "\"props\" names no CPU feature that QEMU's x86 models have");
}

/* The props of {"return": {"model": {"props": {...}}}} or any inner part of that. */
static const json_t *find_props(const json_t *root)
{
    static const char *const steps[] = {"return", "model", "props"};
    for (int i = 0; i < 3; i++) {
        const json_t *inner = json_object_get(root, steps[i]);
        if (inner)
            root = inner;
        else if (i == 2)
            return NULL;
    }
    return json_is_object(root) ? root : NULL;
}

static bool parse_document(const json_t *root, bool *ret_done, struct mc_dump *dump, struct mc_error *ret_error)
{
    const char *schema = json_string_value(json_object_get(root, "schema"));
    const json_t *props = find_props(root);
    *ret_done = true;
    if (schema && strcmp(schema, "maskcheck/probe/1") == 0)
        return parse_probe(root, dump, ret_error);
    if (schema)
        return mc_fail(ret_error, MC_ERROR_FORMAT, MC_NO_OFFSET, "schema \"%s\"; expected maskcheck/probe/1", schema);
    if (props)
        return parse_model(props, dump, ret_error);
    *ret_done = false;
    return true;
}

bool mc_dump_parse_json(const char *text, size_t size, struct mc_dump *dump, struct mc_error *ret_error)
{
    size_t position = 0;
    bool done = false, good = true;
    while (position < size && good && !done) {
        while (position < size && strchr(" \t\r\n\xEF\xBB\xBF", text[position]))
            position++;
        if (position == size)
            break;
        json_error_t error;
        json_t *root = json_loadb(text + position, size - position, JSON_DISABLE_EOF_CHECK, &error);
        if (!root)
            return mc_fail(ret_error, MC_ERROR_FORMAT, position + (size_t)(error.position > 0 ? error.position : 0),
                           "line %d: %s; expected a probe report or a QEMU CPU model as JSON", error.line, error.text);
        good = parse_document(root, &done, dump, ret_error);
        position += (size_t)error.position;
        json_decref(root);
    }
    if (good && !done)
        return fail(ret_error, "JSON without \"schema\" or \"props\"; expected a probe report or a QEMU CPU model");
    return good;
}
