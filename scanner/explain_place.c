/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/explain.h"

#include "base/demangle.h"

#include <stdlib.h>
#include <string.h>

/* Hexadecimal, with or without 0x, the whole word. */
static bool parse_address(const char *word, bool *ret_prefixed, uint64_t *ret)
{
    const char *digits = word;
    *ret_prefixed = word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
    if (*ret_prefixed)
        digits += 2;
    size_t length = strspn(digits, "0123456789abcdefABCDEF");
    if (!length || length > 16 || digits[length])
        return false;
    *ret = strtoull(digits, NULL, 16);
    return true;
}

static void add_range(struct mc_place *place, uint64_t start, uint64_t end)
{
    for (size_t i = 0; i < place->range_count; i++)
        if (place->ranges[i].start == start) {
            if (end > place->ranges[i].end)
                place->ranges[i].end = end;
            return;
        }
    place->ranges[place->range_count++] = (struct mc_text_range){start, end};
}

static bool is_function(const struct mc_image *image, const struct mc_symbol *symbol)
{
    return symbol->defined && *symbol->name && mc_image_is_code(image, symbol->address);
}

static uint64_t end_of(const struct mc_entries *entries, uint64_t start, uint64_t size)
{
    const struct mc_entry *entry = mc_entry_at(entries, start);
    uint64_t end = size <= UINT64_MAX - start ? start + size : UINT64_MAX;
    return size ? end : entry ? entry->end : start + 1;
}

static void find_functions(const struct mc_image *image, const struct mc_entries *entries, struct mc_arena *arena,
                           struct mc_place *place)
{
    size_t count = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < image->symbol_count; i++) {
            const struct mc_symbol *symbol = &image->symbols[i];
            if (!mc_symbol_is(symbol->name, place->word) || !is_function(image, symbol))
                continue;
            count++;
            if (pass)
                add_range(place, symbol->address, end_of(entries, symbol->address, symbol->size));
        }
        for (size_t i = 0; i < entries->count; i++) {
            const struct mc_entry *entry = &entries->items[i];
            if (!entry->name || !mc_symbol_is(entry->name, place->word))
                continue;
            count++;
            if (pass)
                add_range(place, entry->address, entry->end);
        }
        if (!pass && count)
            place->ranges = MC_NEW_ARRAY(arena, count, struct mc_text_range);
        if (!count)
            return;
    }
    place->kind = MC_PLACE_FUNCTION;
    place->address = place->ranges[0].start;
}

void mc_explain_place(const struct mc_image *image, const struct mc_entries *entries, const struct mc_uses *uses,
                      const char *word, struct mc_arena *arena, struct mc_place *ret)
{
    *ret = (struct mc_place){.kind = MC_PLACE_FILE};
    if (!word)
        return;
    bool prefixed;
    uint64_t address = 0;
    bool number = parse_address(word, &prefixed, &address);
    ret->kind = MC_PLACE_UNKNOWN;
    ret->word = mc_arena_strdup(arena, word);
    if (!number || !prefixed)
        find_functions(image, entries, arena, ret);
    if (ret->kind == MC_PLACE_FUNCTION || !number)
        return;
    ret->kind = MC_PLACE_ADDRESS;
    ret->address = address;
    const struct mc_entry *entry = mc_entry_at(entries, address);
    size_t inside = 0;
    for (size_t i = 0; i < uses->count; i++) {
        if (mc_place_has(ret, &uses->items[i]))
            return;
        inside += entry && uses->items[i].address >= address && uses->items[i].address < entry->end;
    }
    if (!inside)
        return;
    ret->kind = MC_PLACE_FUNCTION;
    ret->ranges = MC_NEW_ARRAY(arena, 1, struct mc_text_range);
    ret->range_count = 1;
    ret->ranges[0] = (struct mc_text_range){address, entry->end};
}

bool mc_place_has(const struct mc_place *place, const struct mc_use *use)
{
    if (place->kind == MC_PLACE_ADDRESS)
        return place->address >= use->address && place->address - use->address < use->length;
    for (size_t i = 0; i < place->range_count; i++)
        if (use->address >= place->ranges[i].start && use->address < place->ranges[i].end)
            return true;
    return false;
}
