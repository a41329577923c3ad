/* SPDX-License-Identifier: Apache-2.0 */
/* One library that others ask: read once, summed up as the exports that tell something of the CPU; evaluated again when a
 * question comes after its memory was given back. */
#include "scanner/proof/foreign.h"

#include "scanner/evidence.h"
#include "scanner/proof/relevance.h"

#include <string.h>
#include <sys/stat.h>

#define KEPT_OPEN ((size_t)64 << 20) /* bytes: a larger module is closed after each question, and opened for the next */
#define STEP_LIMIT UINT64_C(16000000) /* instructions evaluated */

struct export_entry {
    struct mc_export is;
    struct export_entry *next; /* of the same name, another version */
    UT_hash_handle hh;
};

struct answer {
    struct mc_teller_question question;
    struct mc_atom *atoms;
    size_t count;
    bool possible;
    UT_hash_handle hh;
};

struct opened {
    struct mc_image *image;
    struct mc_entries *entries;
    struct mc_uses none;
    struct mc_proof_options options;
    struct mc_prover prover;
};

struct mc_teller {
    struct mc_providers *providers;
    struct mc_arena arena;
    const char *path;
    bool within; /* a container, of which `bytes` are a member; NULL: it tells nothing */
    const uint8_t *bytes;
    size_t size;
    struct mc_identity identity;
    bool read, listed;
    uint64_t *names; /* hashes of what it exports, sorted */
    size_t name_count;
    struct opened *open; /* NULL: closed */
    struct export_entry *exports;
    struct answer *answers;
    struct mc_range_list ranges; /* words that hold something of the CPU */
};

struct mc_teller *mc_teller_new(struct mc_providers *providers, const char *path)
{
    struct mc_teller *module = mc_realloc(NULL, 1, sizeof *module);
    struct stat status;
    *module = (struct mc_teller){.providers = providers};
    module->path = mc_arena_strdup(&module->arena, path);
    if (stat(path, &status) == 0)
        module->identity = mc_identity_of(&status);
    return module;
}

struct mc_teller *mc_teller_new_of(struct mc_providers *providers, const char *path, const uint8_t *bytes, size_t size)
{
    struct mc_teller *module = mc_realloc(NULL, 1, sizeof *module);
    *module = (struct mc_teller){.providers = providers, .within = true, .bytes = bytes, .size = size};
    module->path = mc_arena_strdup(&module->arena, path);
    return module;
}

bool mc_teller_is_file(const struct mc_teller *module)
{
    return !module->within;
}

static struct mc_image *open_image(const struct mc_teller *module)
{
    struct mc_error error;
    if (!module->within)
        return mc_image_open(module->path, &error);
    return module->bytes ? mc_image_from_bytes(module->path, module->bytes, module->size, &error) : NULL;
}

const char *mc_teller_path(const struct mc_teller *module)
{
    return module->path;
}

struct mc_identity mc_teller_identity(const struct mc_teller *module)
{
    return module->identity;
}

static struct mc_feature_set no_features;

static struct mc_feature_set all_features(void)
{
    struct mc_feature_set all = {{0}};
    for (unsigned f = 0; f < MC_FEATURE_COUNT; f++)
        mc_set_add(&all, (enum mc_feature)f);
    return all;
}

/* NULL when the file cannot be read or never asks CPUID itself. */
static struct opened *open_file(struct mc_teller *module)
{
    struct mc_feature_set all = all_features();
    struct mc_image *image = open_image(module);
    if (!image)
        return NULL;
    struct mc_entries *entries = mc_entries_find(image, &image->arena, NULL);
    if (!mc_sweep_uses(image, entries, &all, &image->arena)->asks_cpuid || mc_image_lost(image)) {
        mc_image_free(image);
        return NULL;
    }
    struct opened *open = mc_realloc(NULL, 1, sizeof *open);
    memset(open, 0, sizeof *open);
    open->image = image;
    open->entries = entries;
    open->options = (struct mc_proof_options){.baseline = &no_features, .providers = module->providers, .asker = module->path};
    mc_prover_open(&open->prover, image, entries, &open->none, &open->options);
    open->prover.step_limit = STEP_LIMIT;
    open->prover.foreign = mc_foreign_new(&open->prover, module->providers);
    mc_relevance_find(&open->prover);
    return open;
}

static void close_file(struct mc_teller *module)
{
    if (!module->open)
        return;
    mc_foreign_free(module->open->prover.foreign);
    mc_prover_close(&module->open->prover);
    mc_image_free(module->open->image);
    free(module->open);
    module->open = NULL;
}

void mc_teller_free(struct mc_teller *module)
{
    close_file(module);
    HASH_CLEAR(hh, module->exports);
    HASH_CLEAR(hh, module->answers);
    mc_arena_free(&module->arena);
    free(module);
}

/* ---- what it defines ---- */

static int compare_hashes(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static uint64_t hash_of(const char *name)
{
    return mc_hash_bytes(MC_HASH_START, name, strlen(name));
}

static void list_names(struct mc_teller *module)
{
    struct mc_image *image = open_image(module);
    module->listed = true;
    if (!image)
        return;
    module->names = MC_NEW_ARRAY(&module->arena, image->symbol_count, uint64_t);
    for (size_t i = 0; i < image->symbol_count; i++)
        if (image->symbols[i].exported && image->symbols[i].dynamic)
            module->names[module->name_count++] = hash_of(image->symbols[i].name);
    if (module->name_count)
        qsort(module->names, module->name_count, sizeof *module->names, compare_hashes);
    mc_image_free(image);
}

bool mc_teller_defines(struct mc_teller *module, const char *name)
{
    if (!module->listed)
        list_names(module);
    uint64_t hash = hash_of(name);
    return module->name_count && bsearch(&hash, module->names, module->name_count, sizeof hash, compare_hashes);
}

/* ---- the summary ---- */

bool mc_teller_keeps(const struct mc_teller *module, uint64_t address, unsigned size)
{
    for (size_t i = 0; i < module->ranges.count; i++)
        if (module->ranges.items[i].start < address + size && address < module->ranges.items[i].end)
            return true;
    return false;
}

/* Something of the CPU lies behind the address, in the same object. */
static bool points_to_some(const struct mc_teller *module, const struct mc_prover *prover, uint64_t address)
{
    struct mc_text_range object = mc_object_extent(prover, address);
    return object.end > address && mc_teller_keeps(module, address, (unsigned)(object.end - address));
}

/* The one address that all returns of the function give, NULL aside; 0 when there is none, or nothing of the CPU is there. */
static uint64_t pointee_of(const struct mc_teller *module, struct mc_prover *prover, uint64_t function)
{
    const struct mc_evaluation *evaluation = mc_body_learns(prover, function) ? mc_evaluate(prover, function) : NULL;
    uint64_t found = 0;
    for (size_t i = 0; evaluation && i < evaluation->event_count; i++) {
        const struct mc_event *event = &evaluation->events[i];
        struct mc_value_data data;
        if (event->kind == MC_EVENT_REFERENCE && event->escape == MC_ESCAPE_JUMP)
            return 0;
        if (event->kind != MC_EVENT_RETURN)
            continue;
        mc_value_get(prover->values, event->value, &data);
        if (data.kind != MC_VALUE_CASES || data.other != MC_FACTS_ALL)
            return 0;
        for (uint32_t k = 0; k < data.count; k++) {
            uint64_t address;
            bool is_null = !data.cases[k].base && !data.cases[k].offset;
            if (is_null)
                continue;
            if (!mc_module_address(prover, data.cases[k].base, data.cases[k].offset, &address) || (found && found != address))
                return 0;
            found = address;
        }
    }
    return evaluation && evaluation->complete && found && points_to_some(module, prover, found) ? found : 0;
}

static void add_export(struct mc_teller *module, const struct mc_export *is)
{
    struct export_entry *entry = MC_NEW(&module->arena, struct export_entry), *first;
    entry->is = *is;
    entry->is.name = mc_arena_strdup(&module->arena, is->name);
    entry->is.version = is->version ? mc_arena_strdup(&module->arena, is->version) : NULL;
    HASH_FIND_STR(module->exports, entry->is.name, first);
    if (first) {
        entry->next = first->next;
        first->next = entry;
    } else {
        HASH_ADD_KEYPTR(hh, module->exports, entry->is.name, strlen(entry->is.name), entry);
    }
}

static void look_at_symbol(struct mc_teller *module, struct mc_prover *prover, const struct mc_symbol *symbol)
{
    struct mc_export is = {.name = symbol->name, .version = symbol->version, .address = symbol->address, .size = symbol->size};
    if (!symbol->exported || !symbol->defined || symbol->thread_local_)
        return;
    if (mc_image_is_code(prover->image, symbol->address)) {
        uint64_t final = mc_final_target(prover, symbol->address);
        is.function = true;
        is.result = mc_return_is_relevant(prover, final);
        is.pointee = is.result ? 0 : pointee_of(module, prover, final);
        is.arguments = mc_argument_registers(prover, final);
        if (is.result || is.pointee)
            add_export(module, &is);
    } else if (symbol->size && symbol->size <= UINT32_MAX && mc_teller_keeps(module, symbol->address, (unsigned)symbol->size)) {
        add_export(module, &is);
    }
}

static void sum_up(struct mc_teller *module)
{
    struct mc_prover *prover = &module->open->prover;
    const struct mc_relevance *r = prover->relevance;
    module->ranges.items = MC_NEW_ARRAY(&module->arena, r->cells.count, struct mc_text_range);
    module->ranges.count = r->cells.count;
    for (size_t i = 0; i < r->cells.count; i++)
        module->ranges.items[i] = (struct mc_text_range){r->cells.items[i].start, r->cells.items[i].end};
    for (size_t i = 0; i < prover->image->symbol_count; i++)
        look_at_symbol(module, prover, &prover->image->symbols[i]);
}

static void close_when_large(struct mc_teller *module)
{
    const struct mc_prover *prover = module->open ? &module->open->prover : NULL;
    if (prover && prover->arena.reserved + prover->reference_arena.reserved + prover->evaluation_bytes +
                          module->open->image->arena.reserved > KEPT_OPEN)
        close_file(module);
}

const struct mc_export *mc_teller_export(struct mc_teller *module, const char *name, const char *version)
{
    if (!module->read) {
        module->read = true;
        module->open = open_file(module);
        if (module->open)
            sum_up(module);
        if (!module->exports)
            close_file(module);
        close_when_large(module);
    }
    struct export_entry *found;
    HASH_FIND_STR(module->exports, name, found);
    for (; found; found = found->next)
        if (!version || !found->is.version || !strcmp(version, found->is.version))
            return &found->is;
    return NULL;
}

/* ---- questions ---- */

static mc_facts answer_of(struct mc_prover *prover, const struct mc_teller_question *question, bool inferring)
{
    struct mc_symbol_key key = {.kind = MC_SYM_CELL, .width = question->width, .a = question->address};
    if (question->function) {
        key.kind = MC_SYM_RETURN;
        key.a = mc_final_target(prover, question->address);
    }
    mc_value value = mc_value_symbol(prover->values, mc_symbol_id(prover->values, key), 0);
    mc_facts test = mc_value_test(prover->values, value, (enum mc_relation)question->relation, question->constant, question->width);
    return mc_resolve(prover, test, inferring);
}

static void keep_answer(struct mc_teller *module, struct answer *answer, mc_facts facts)
{
    struct mc_facts_table *table = module->open->prover.facts;
    struct mc_fact_set set = mc_facts_get(table, mc_facts_only_base(table, facts));
    answer->atoms = MC_NEW_ARRAY(&module->arena, set.count, struct mc_atom);
    for (uint32_t i = 0; i < set.count; i++)
        answer->atoms[answer->count++] = mc_atom_get(table, set.items[i].atom);
    answer->possible = facts != MC_FACTS_ALL;
}

bool mc_teller_ask(struct mc_teller *module, const struct mc_teller_question *question, const struct mc_atom **ret_atoms,
                   size_t *ret_count)
{
    struct answer *found;
    HASH_FIND(hh, module->answers, question, sizeof *question, found);
    if (!found) {
        found = MC_NEW(&module->arena, struct answer);
        found->question = *question;
        found->possible = true;
        HASH_ADD(hh, module->answers, question, sizeof *question, found);
        if (!module->open)
            module->open = open_file(module);
        if (module->open) {
            mc_facts proved = answer_of(&module->open->prover, question, false);
            /* that it cannot be is no inference */
            if (question->inferring && proved != MC_FACTS_ALL) {
                mc_facts inferred = answer_of(&module->open->prover, question, true);
                proved = inferred == MC_FACTS_ALL ? proved : inferred;
            }
            keep_answer(module, found, proved);
            close_when_large(module);
        }
    }
    *ret_atoms = found->atoms;
    *ret_count = found->count;
    return found->possible;
}
