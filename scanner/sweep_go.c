/* SPDX-License-Identifier: Apache-2.0 */
/* Go's method tables: the only place that names a method reached through an interface or by reflection is its type's table,
 * by offsets from the start of the text. A row is four 32-bit words (Go's src/internal/abi/type.go, Method): offsets of name and
 * type, both from the start of the types, then of the function called through interfaces and of the method itself. Rows are
 * known by their last two words, both of which are the exact start of a Go function, and by the name. Rows of methods that the
 * linker dropped hold -1 or 0 there. */
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

/* Go's names: a byte of flags, a length as a varint, then so many bytes of UTF-8 (src/internal/abi/type.go, Name). */
static bool is_name(const struct mc_image *image, uint64_t address)
{
    const uint8_t *head = mc_image_bytes(image, address, 3);
    if (!head || head[0] > 15 || !head[1] || head[1] > 127) /* no longer one is a method's */
        return false;
    const uint8_t *name = mc_image_bytes(image, address + 2, head[1]);
    for (unsigned i = 0; name && i < head[1]; i++) {
        unsigned char lower = name[i] | 32;
        bool letter = (lower >= 'a' && lower <= 'z') || name[i] == '_' || name[i] >= 0x80;
        if (!letter && (!i || name[i] < '0' || name[i] > '9') && name[i] != '.') /* of another package: its path goes before it */
            return false;
    }
    return name;
}

struct rows {
    const struct mc_image *image;
    const struct starts *starts;
    uint64_t types; /* the offsets of names count from here; 0: not known */
    uint64_t tried; /* a base that is tried: how many rows have a name then */
    size_t count, named;
    mc_sweep_pointer *found;
    void *context;
};

static void take_row(struct rows *rows, uint64_t place, const uint32_t row[4])
{
    rows->count++;
    if (rows->tried) {
        rows->named += is_name(rows->image, rows->tried + row[0]);
    } else if (!rows->types || (is_name(rows->image, rows->types + row[0]) && !is_name(rows->image, rows->types + row[2]))) {
        /* pairs of name and type are an interface's */
        for (int k = 2; k < 4; k++)
            rows->found(rows->context, place + 4 * (unsigned)k, rows->starts->text + row[k]);
    }
}

static void read_rows(struct rows *rows, size_t limit)
{
    for (size_t i = 0; i < rows->image->segment_count && rows->count < limit; i++) {
        const struct mc_segment *segment = &rows->image->segments[i];
        size_t skip = (size_t)(-segment->address & 3);
        for (size_t at = skip; at + ROW <= segment->file_size && rows->count < limit; at += 4) {
            uint64_t place = segment->address + at;
            uint32_t row[4]; /* name, type, two functions */
            if (place >= rows->starts->table.start && place < rows->starts->table.end) {
                at += (size_t)((rows->starts->table.end - place - 1) & ~UINT64_C(3));
                continue;
            }
            memcpy(row, segment->bytes + at, sizeof row);
            if (is_start(rows->starts, row[2]) && is_start(rows->starts, row[3]) && row[0] < segment->size &&
                (row[1] < segment->size || row[1] == UINT32_MAX))
                take_row(rows, place, row);
        }
    }
}

#define ENOUGH_ROWS 2000 /* to tell by */

/* The types start where a section or a segment does: there, nine of ten rows have a name. */
static void find_types(struct rows *rows)
{
    const struct mc_image *image = rows->image;
    for (size_t i = 0; i < image->segment_count + image->section_count && !rows->types; i++) {
        bool segment = i < image->segment_count;
        rows->tried = segment ? image->segments[i].address : image->sections[i - image->segment_count].address;
        rows->count = rows->named = 0;
        if (rows->tried && (!segment || !image->segments[i].executable))
            read_rows(rows, ENOUGH_ROWS);
        if (rows->named && rows->named * 10 >= rows->count * 9)
            rows->types = rows->tried;
    }
    rows->tried = 0;
    rows->count = 0;
}

void mc_sweep_go_methods(const struct mc_image *image, const struct mc_entries *entries, mc_sweep_pointer *found, void *context)
{
    struct starts starts;
    if (!find_starts(image, entries, &starts))
        return;
    struct rows rows = {.image = image, .starts = &starts, .found = found, .context = context};
    find_types(&rows);
    read_rows(&rows, SIZE_MAX);
    free(starts.bits);
}

#define ITAB_HEAD 24 /* bytes before the functions: types of the interface and of the value, a hash of 4, 4 of 0 (abi/iface.go, ITab) */

/* The word stands among the functions of an itab. */
static bool is_in_itab(const struct mc_image *image, const struct mc_entries *entries, uint64_t place)
{
    uint64_t word;
    const struct mc_entry *entry;
    for (place -= 8; mc_image_read(image, place, 8, &word); place -= 8) {
        entry = mc_entry_at(entries, word);
        if (!entry || !(entry->sources & MC_ENTRY_GO))
            break;
    }
    place -= ITAB_HEAD - 8;
    for (int i = 0; i < 2; i++) {
        const struct mc_segment *segment = mc_image_read(image, place + 8 * (unsigned)i, 8, &word) ? mc_image_segment(image, word) : NULL;
        if (!segment || mc_image_is_code(image, word))
            return false;
    }
    return mc_image_read(image, place + 16, 8, &word) && word >> 32 == 0;
}

static bool is_named(const struct mc_references *references, uint64_t place)
{
    size_t count;
    mc_references_to(references, place, place + 1, &count);
    return count;
}

void mc_sweep_drop_go_chances(const struct mc_image *image, const struct mc_entries *entries, struct mc_references *references)
{
    uint64_t text;
    struct mc_text_range table;
    size_t kept = 0;
    bool *drop;
    if (image->kind != MC_KIND_EXECUTABLE || image->mode != MC_MODE_64 || !mc_entries_go_text(image, entries, &text, &table))
        return;
    drop = mc_realloc(NULL, references->count, sizeof *drop);
    for (size_t i = 0; i < references->count; i++) {
        const struct mc_reference *reference = &references->items[i];
        const struct mc_segment *segment = reference->kind == MC_REF_DATA ? mc_image_segment(image, reference->from) : NULL;
        const struct mc_entry *entry = segment && !segment->writable ? mc_entry_at(entries, reference->to) : NULL;
        drop[i] = entry && entry->sources & MC_ENTRY_GO && !mc_image_reloc_at(image, reference->from) &&
                  !is_named(references, reference->from) && !is_in_itab(image, entries, reference->from);
    }
    for (size_t i = 0; i < references->count; i++)
        if (!drop[i])
            references->items[kept++] = references->items[i];
    references->count = kept;
    free(drop);
}
