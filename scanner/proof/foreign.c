/* SPDX-License-Identifier: Apache-2.0 */
/* Which module defines what the file imports, and what follows from a test of it there. Symbols are bound as ld.so does: to the
 * first module of the load order that has the name and version; only those behind which something of the CPU is are looked at. */
#include "scanner/proof/foreign.h"

#include "scanner/proof/machine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct binding {
    struct mc_teller *module;       /* NULL: nobody who tells */
    const struct mc_export *is;
};

struct copy { /* an object of another module that lives in this file's memory (R_*_COPY) */
    uint64_t start, end;
    struct binding binding;
};

struct mc_foreign {
    struct mc_arena arena;
    struct mc_providers *providers;
    struct mc_teller **modules;
    size_t module_count;
    struct binding *imports; /* by index of the import */
    MC_VECTOR(struct copy) copies;
    bool any;
};

static struct binding bind_symbol(const struct mc_foreign *foreign, const struct mc_symbol *symbol)
{
    for (size_t i = 0; i < foreign->module_count; i++) {
        struct mc_teller *module = foreign->modules[i];
        const struct mc_export *is = mc_teller_defines(module, symbol->name) ? mc_teller_export(module, symbol->name, symbol->version) : NULL;
        if (is)
            return (struct binding){module, is};
    }
    return (struct binding){0};
}

static void bind_copies(struct mc_foreign *foreign, const struct mc_image *image)
{
    for (size_t i = 0; i < image->reloc_count; i++) {
        const struct mc_reloc *reloc = &image->relocs[i];
        struct binding binding = reloc->kind == MC_RELOC_COPY && reloc->symbol ? bind_symbol(foreign, reloc->symbol) : (struct binding){0};
        if (binding.module)
            mc_push(&foreign->copies, ((struct copy){reloc->place, reloc->place + binding.is->size, binding}));
    }
}

/* It is only called, and nobody looks at what it returns. */
static bool is_only_run(struct mc_prover *prover, const struct mc_import *import)
{
    size_t count, first = mc_references_to(prover->references, import->address, import->address + 1, &count);
    const uint32_t results = 1u << MC_RAX | 1u << MC_RDX;
    for (size_t i = first; i < first + count; i++) {
        const struct mc_reference *slot = &prover->references->items[i];
        if (slot->kind != MC_REF_DATA) {
            if ((mc_results_ignored(prover, import->address) & results) != results)
                return false;
            continue;
        }
        size_t loads, at = mc_references_to(prover->references, slot->from, slot->from + 1, &loads);
        for (size_t k = at; k < at + loads; k++) {
            const struct mc_entry *stub = mc_entry_holding(prover->entries, prover->references->items[k].from);
            if (!stub || !(stub->sources & MC_ENTRY_PLT) || (mc_results_ignored(prover, stub->address) & results) != results)
                return false;
        }
    }
    return true;
}

struct mc_foreign *mc_foreign_new(struct mc_prover *prover, struct mc_providers *providers)
{
    const struct mc_image *image = prover->image;
    if (!providers || (!image->needed_count && !image->interpreter))
        return NULL;
    struct mc_foreign *foreign = mc_realloc(NULL, 1, sizeof *foreign);
    memset(foreign, 0, sizeof *foreign);
    foreign->providers = providers;
    mc_providers_lock(providers);
    foreign->modules = mc_providers_tellers(providers, image->path, prover->options->asker, &foreign->arena, &foreign->module_count);
    foreign->imports = MC_NEW_ARRAY(&foreign->arena, image->import_count, struct binding);
    for (size_t i = 0; i < image->import_count; i++) {
        if (!is_only_run(prover, &image->imports[i]))
            foreign->imports[i] = bind_symbol(foreign, image->imports[i].symbol);
        foreign->any |= foreign->imports[i].module != NULL;
    }
    bind_copies(foreign, image);
    foreign->any |= foreign->copies.count > 0;
    mc_providers_unlock(providers);
    return foreign;
}

void mc_foreign_free(struct mc_foreign *foreign)
{
    if (!foreign)
        return;
    mc_vector_free(&foreign->copies);
    mc_arena_free(&foreign->arena);
    free(foreign);
}

bool mc_foreign_binds(const struct mc_foreign *foreign)
{
    return foreign && foreign->any;
}

/* Where a word of another module lies there. False when nothing of the CPU is in it. */
static bool place_of(const struct mc_prover *prover, uint64_t address, unsigned size, struct mc_teller **ret, uint64_t *ret_address)
{
    const struct mc_foreign *foreign = prover->foreign;
    const struct mc_image *image = prover->image;
    uint64_t offset = address - image->extern_base, index = image->extern_stride ? offset / image->extern_stride : 0;
    if (address >= image->extern_base && index < image->import_count) {
        const struct binding *binding = &foreign->imports[index];
        offset %= image->extern_stride;
        if (!binding->module || binding->is->function || offset + size > binding->is->size)
            return false;
        *ret = binding->module;
        *ret_address = binding->is->address + offset;
        return mc_teller_keeps(*ret, *ret_address, size);
    }
    for (size_t i = 0; i < foreign->copies.count; i++) {
        const struct copy *copy = &foreign->copies.items[i];
        if (address < copy->start || address + size > copy->end)
            continue;
        *ret = copy->binding.module;
        *ret_address = copy->binding.is->address + (address - copy->start);
        return mc_teller_keeps(*ret, *ret_address, size);
    }
    return false;
}

static const struct binding *binding_of(const struct mc_prover *prover, uint64_t import)
{
    const struct mc_import *found = prover->foreign && prover->foreign->any ? mc_image_import_at(prover->image, import) : NULL;
    const struct binding *binding = found ? &prover->foreign->imports[found - prover->image->imports] : NULL;
    return binding && binding->module ? binding : NULL;
}

bool mc_foreign_speaks(const struct mc_prover *prover, uint64_t import)
{
    return binding_of(prover, import) != NULL;
}

bool mc_foreign_arguments(const struct mc_prover *prover, uint64_t import, uint32_t *ret)
{
    const struct binding *binding = binding_of(prover, import);
    if (!binding || !binding->is->function)
        return false;
    *ret = binding->is->arguments;
    return true;
}

bool mc_foreign_copies(const struct mc_prover *prover, uint64_t address)
{
    const struct mc_foreign *foreign = prover->foreign;
    for (size_t i = 0; foreign && i < foreign->copies.count; i++)
        if (address >= foreign->copies.items[i].start && address < foreign->copies.items[i].end)
            return true;
    return false;
}

bool mc_foreign_is_result(const struct mc_prover *prover, uint64_t import)
{
    const struct binding *binding = binding_of(prover, import);
    return binding && binding->is->function;
}

/* The question to ask of another module; false when the symbol is none of it. */
static bool question_of(const struct mc_prover *prover, uint32_t symbol, struct mc_teller **ret, struct mc_teller_question *question)
{
    struct mc_symbol_key key = mc_symbol_get(prover->values, symbol);
    *question = (struct mc_teller_question){.width = key.width};
    if (!prover->foreign || !prover->foreign->any)
        return false;
    if (key.kind == MC_SYM_CELL)
        return place_of(prover, key.a, key.width / 8, ret, &question->address);
    if (key.kind == MC_SYM_RETURN) {
        const struct binding *binding = key.b ? NULL : binding_of(prover, key.a);
        if (!binding || !binding->is->function || !binding->is->result)
            return false;
        *ret = binding->module;
        question->address = binding->is->address;
        question->function = true;
        return true;
    }
    if (key.kind == MC_SYM_LOAD) { /* through a pointer that a function of the module returned */
        struct mc_symbol_key base = mc_symbol_get(prover->values, (uint32_t)key.a);
        const struct binding *binding = base.kind == MC_SYM_RETURN && !base.b ? binding_of(prover, base.a) : NULL;
        if (!binding || !binding->is->pointee)
            return false;
        *ret = binding->module;
        question->address = binding->is->pointee + (uint64_t)key.b;
        return mc_teller_keeps(*ret, question->address, key.width / 8);
    }
    return false;
}

bool mc_foreign_tells(const struct mc_prover *prover, uint32_t symbol)
{
    struct mc_teller *module;
    struct mc_teller_question question;
    return question_of(prover, symbol, &module, &question);
}

mc_facts mc_foreign_ask(struct mc_prover *prover, uint32_t symbol, enum mc_relation relation, uint64_t constant, bool inferring)
{
    struct mc_teller *module;
    struct mc_teller_question question;
    const struct mc_atom *atoms;
    size_t count;
    if (!question_of(prover, symbol, &module, &question))
        return MC_FACTS_NONE;
    question.relation = (uint8_t)relation;
    question.constant = constant;
    question.inferring = inferring;
    mc_providers_lock(prover->foreign->providers);
    mc_facts facts = MC_FACTS_ALL;
    if (mc_teller_ask(module, &question, &atoms, &count)) {
        facts = MC_FACTS_NONE;
        for (size_t i = 0; i < count; i++)
            facts = mc_facts_or(prover->facts, facts, mc_facts_one(prover->facts, atoms[i], 0));
    }
    mc_providers_unlock(prover->foreign->providers);
    return facts;
}

const char *mc_foreign_text(const struct mc_prover *prover, struct mc_arena *arena, uint32_t symbol)
{
    struct mc_teller *module;
    struct mc_teller_question question;
    struct mc_symbol_key key = mc_symbol_get(prover->values, symbol);
    if (!question_of(prover, symbol, &module, &question))
        return NULL;
    const char *name = key.kind == MC_SYM_CELL ? NULL : mc_import_name(prover, key.kind == MC_SYM_LOAD ? mc_symbol_get(prover->values, (uint32_t)key.a).a : key.a);
    for (size_t i = 0; !name && i < prover->image->import_count; i++) {
        uint64_t offset = key.a - prover->image->imports[i].address;
        if (offset < prover->image->extern_stride)
            name = mc_arena_printf(arena, offset ? "%s+0x%" PRIx64 : "%s", prover->image->imports[i].symbol->name, offset);
    }
    switch (key.kind) {
    case MC_SYM_RETURN:
        return mc_arena_printf(arena, "what %s of %s returned", name, mc_teller_path(module));
    case MC_SYM_LOAD:
        return mc_arena_printf(arena, "the %u-byte word at offset %" PRId64 " of what %s of %s returned", key.width / 8, key.b, name,
                               mc_teller_path(module));
    default:
        return name ? mc_arena_printf(arena, "the %u-byte word at %s of %s", key.width / 8, name, mc_teller_path(module))
                    : mc_arena_printf(arena, "the %u-byte word at 0x%" PRIx64 ", which is %s's", key.width / 8, key.a, mc_teller_path(module));
    }
}

void mc_foreign_dependencies(const struct mc_foreign *foreign, struct mc_file_result *result)
{
    if (!foreign)
        return;
    result->dependencies = MC_NEW_ARRAY(&result->arena, foreign->module_count, struct mc_rests_on);
    for (size_t i = 0; i < foreign->module_count; i++) {
        if (!mc_teller_is_file(foreign->modules[i])) /* it changes with the container */
            continue;
        struct mc_rests_on *one = &result->dependencies[result->dependency_count++];
        one->path = mc_arena_strdup(&result->arena, mc_teller_path(foreign->modules[i]));
        one->identity = mc_teller_identity(foreign->modules[i]);
    }
}
