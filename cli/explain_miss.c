/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explain_miss.h"

#include "base/demangle.h"
#include "cli/command.h"
#include "report/listing.h"

#include <inttypes.h>
#include <string.h>

#define SIMILAR_SHOWN 4

static bool is_function(const struct mc_image *image, const struct mc_symbol *symbol)
{
    return symbol->defined && *symbol->name && mc_image_is_code(image, symbol->address);
}

/* Names of functions, demangled: from the symbols, then of entries. The list is heap memory. */
static const char **list_names(const struct mc_file_result *result, struct mc_arena *arena, size_t *ret_count)
{
    const struct mc_image *image = result->image;
    const struct mc_entries *entries = result->explained->entries;
    const char **names = mc_realloc(NULL, image->symbol_count + entries->count + 1, sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < image->symbol_count; i++)
        if (is_function(image, &image->symbols[i]))
            names[count++] = mc_symbol_text(image->symbols[i].name, arena);
    for (size_t i = 0; i < entries->count; i++)
        if (entries->items[i].name && *entries->items[i].name && !(entries->items[i].sources & MC_ENTRY_PLT))
            names[count++] = mc_symbol_text(entries->items[i].name, arena);
    *ret_count = count;
    return names;
}

/* "'a', 'b'": the different names that hold the word. */
static const char *names_with(struct mc_arena *arena, const char *const *names, size_t count, const char *word)
{
    const char *shown[SIMILAR_SHOWN], *text = "";
    size_t used = 0;
    for (size_t i = 0; i < count && used < SIMILAR_SHOWN; i++) {
        bool known = !strstr(names[i], word);
        for (size_t k = 0; k < used && !known; k++)
            known = strcmp(shown[k], names[i]) == 0;
        if (known)
            continue;
        shown[used++] = names[i];
        text = mc_arena_printf(arena, "%s%s'%s'", text, *text ? ", " : "", names[i]);
    }
    return text;
}

static const char *unknown_name(struct mc_arena *arena, const struct mc_file_result *result)
{
    const char *word = result->explained->place.word;
    size_t count;
    const char **names = list_names(result, arena, &count), *text;
    const char *near = mc_nearest_word(word, names, count);
    const char *similar = *word ? names_with(arena, names, count, word) : "";
    if (!count)
        text = mc_arena_printf(arena, "the file has no names of functions, so none is '%s'; give an address", word);
    else if (near)
        text = mc_arena_printf(arena, "no function is called '%s'; did you mean '%s'?", word, near);
    else if (*similar)
        text = mc_arena_printf(arena, "no function is called '%s'; there are %s", word, similar);
    else
        text = mc_arena_printf(
            arena, "no function is called '%s', and it is no hexadecimal address%s", word,
            result->image->stripped ? " (the file has no symbol table, only the names that it exports)" : "");
    free(names);
    return text;
}

/* The use before the address and the one behind it. */
static const char *nearest_uses(struct mc_arena *arena, const struct mc_file_result *result, uint64_t address)
{
    const struct mc_finding *near[2] = {NULL, NULL};
    const char *text = "";
    for (size_t i = 0; i < result->finding_count; i++) {
        const struct mc_finding *finding = &result->findings[i];
        if (finding->use.address < address)
            near[0] = finding;
        else if (!near[1])
            near[1] = finding;
    }
    for (int i = 0; i < 2; i++)
        if (near[i])
            text = mc_arena_printf(arena, "%s%s0x%" PRIx64 " (%s in %s)", text, *text ? " and " : "",
                                   near[i]->use.address, mc_instruction_line(result, near[i]->use.address, arena),
                                   mc_code_place(result, near[i]->use.address, arena));
    return *text ? mc_arena_printf(arena, "the nearest uses are %s", text) : "the file has no uses";
}

static const char *no_use(struct mc_arena *arena, const struct mc_file_result *result)
{
    uint64_t address = result->explained->place.address;
    const char *where = mc_code_place(result, address, arena);
    if (!mc_image_is_code(result->image, address))
        where = "data";
    if (!mc_image_segment(result->image, address))
        where = "outside everything that the file loads";
    size_t guarded = 0;
    uint64_t first = 0;
    for (size_t i = 0; i < result->finding_count; i++)
        if (result->findings[i].guard.known && result->findings[i].guard.address == address && !guarded++)
            first = result->findings[i].use.address;
    if (guarded)
        return mc_arena_printf(
            arena, "0x%" PRIx64 " (%s) is no use, but the test that was found for %zu use%s, the first at 0x%" PRIx64,
            address, where, guarded, guarded == 1 ? "" : "s", first);
    return mc_arena_printf(arena, "0x%" PRIx64 " (%s) is no use; %s", address, where,
                           nearest_uses(arena, result, address));
}

void mc_explain_note_miss(struct mc_explain_miss *miss, const struct mc_file_result *result)
{
    if (miss->text)
        return;
    const char *text = result->explained->place.kind == MC_PLACE_UNKNOWN ? unknown_name(&miss->arena, result)
                                                                         : no_use(&miss->arena, result);
    miss->text = mc_clean_text(mc_arena_printf(&miss->arena, "%s: %s", result->path, text), &miss->arena);
}
