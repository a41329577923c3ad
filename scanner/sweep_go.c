/* SPDX-License-Identifier: Apache-2.0 */
/* Go's method tables: the only place that names a method reached through an interface or by reflection is its type's table,
 * by offsets from the start of the text. A row is four 32-bit words (Go's src/internal/abi/type.go, Method): offsets of name and
 * type, both from the start of the types, then of the function called through interfaces and of the method itself. Rows are
 * known by their last two words: both are the exact start of a Go function. Rows of methods that the linker dropped hold
 * -1 or 0 there. */
#include "scanner/sweep_private.h"

#include <stdlib.h>
#include <string.h>

#define ROW 16 /* bytes */

struct starts { /* of Go functions, a bit for each byte of the text */
    uint64_t text, size;
    struct mc_text_range table; /* .gopclntab: it holds the starts of all functions and calls none */
    uint8_t *bits;
};

static bool is_start(const struct starts *starts, uint32_t offset)
{
    return offset < starts->size && starts->bits[offset / 8] >> offset % 8 & 1;
}

static bool find_starts(const struct mc_image *image, const struct mc_entries *entries, struct starts *ret)
{
    uint64_t end = 0;
    if (!mc_entries_go_text(image, entries, &ret->text, &ret->table))
        return false;
    for (size_t i = 0; i < entries->count; i++)
        if (entries->items[i].sources & MC_ENTRY_GO && entries->items[i].address >= ret->text)
            end = entries->items[i].address + 1;
    ret->size = end > ret->text ? end - ret->text : 0;
    if (!ret->size || ret->size > UINT32_MAX)
        return false;
    ret->bits = mc_realloc(NULL, ret->size / 8 + 1, 1);
    memset(ret->bits, 0, ret->size / 8 + 1);
    for (size_t i = 0; i < entries->count; i++) {
        uint64_t offset = entries->items[i].address - ret->text;
        if (entries->items[i].sources & MC_ENTRY_GO && offset < ret->size && offset) /* 0 stands for none */
            ret->bits[offset / 8] |= (uint8_t)(1u << offset % 8);
    }
    return true;
}

void mc_sweep_go_methods(const struct mc_image *image, const struct mc_entries *entries, mc_sweep_pointer *found, void *context)
{
    struct starts starts;
    if (!find_starts(image, entries, &starts))
        return;
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct mc_segment *segment = &image->segments[i];
        size_t skip = (size_t)(-segment->address & 3);
        for (size_t at = skip; at + ROW <= segment->file_size; at += 4) {
            uint64_t place = segment->address + at;
            uint32_t row[4]; /* name, type, two functions */
            if (place >= starts.table.start && place < starts.table.end) {
                at += (size_t)((starts.table.end - place - 1) & ~UINT64_C(3));
                continue;
            }
            memcpy(row, segment->bytes + at, sizeof row);
            if (!is_start(&starts, row[2]) || !is_start(&starts, row[3]) ||
                row[0] >= segment->size || (row[1] >= segment->size && row[1] != UINT32_MAX))
                continue;
            for (int k = 2; k < 4; k++)
                found(context, place + 4 * (unsigned)k, starts.text + row[k]);
        }
    }
    free(starts.bits);
}
