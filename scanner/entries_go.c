/* SPDX-License-Identifier: Apache-2.0 */
/* Go's function table (.gopclntab), which even stripped Go programs carry: they have no unwind data.
 *
 * Four layouts, told by the magic (Go's src/debug/gosym/pclntab.go and
 * src/internal/abi/symtab.go): 1.2, 1.16, 1.18, 1.20. Header: magic, two zero bytes, instruction quantum (1 on x86),
 * pointer size, then pointer-sized words. The function table holds pairs {start, offset of the function's record}, one
 * more start at its end; starts are addresses up to 1.16, 32-bit offsets from the start of the text since 1.18. A
 * record is {start, offset of the name, ...}. */
#include "base/cursor.h"
#include "scanner/entries_build.h"

#include <string.h>

#include "scanner/image_build.h"

#define MAGIC_1_2 0xfffffffbu
#define MAGIC_1_16 0xfffffffau
#define MAGIC_1_18 0xfffffff0u
#define MAGIC_1_20 0xfffffff1u
#define FUNCTION_LIMIT (UINT64_C(1) << 26)

struct go_table {
    const struct mc_image *image;
    struct mc_cursor cursor;
    uint64_t address;
    unsigned word;        /* bytes of a pointer */
    bool relative;        /* starts are 32-bit offsets from text */
    uint64_t text, count; /* functions */
    uint64_t functions; /* where the function table starts, in the cursor's bytes; records are relative to it or to 0 */
    uint64_t records, names;
    uint64_t strings_end; /* behind the last zero byte: every string that starts before it ends */
};

static uint64_t read_word(struct go_table *table)
{
    uint64_t place = table->address + table->cursor.position;
    uint64_t value = table->word == 8 ? mc_read_u64(&table->cursor) : mc_read_u32(&table->cursor);
    if (!table->cursor.bad && table->image->reloc_count)
        mc_image_read(table->image, place, table->word, &value); /* position-independent programs relocate them */
    return value;
}

static bool read_header(struct go_table *table)
{
    struct mc_cursor *cursor = &table->cursor;
    uint32_t magic = mc_read_u32(cursor);
    uint16_t zero = mc_read_u16(cursor);
    uint8_t quantum = mc_read_u8(cursor), word = mc_read_u8(cursor);
    if (cursor->bad || zero || quantum != 1 || word != (table->image->mode == MC_MODE_64 ? 8 : 4))
        return false;
    table->word = word;
    table->relative = magic == MAGIC_1_18 || magic == MAGIC_1_20;
    if (magic != MAGIC_1_2 && magic != MAGIC_1_16 && !table->relative)
        return false;
    table->count = read_word(table);
    if (magic == MAGIC_1_2) {
        table->functions = cursor->position;
    } else {
        read_word(table); /* files */
        if (table->relative)
            table->text = read_word(table);
        table->names = read_word(table);
        for (int i = 0; i < 3; i++)
            read_word(table); /* compilation units, files, pc tables */
        table->functions = table->records = read_word(table);
    }
    return !cursor->bad && table->count && table->count < FUNCTION_LIMIT && table->functions < cursor->size;
}

static const char *read_name(const struct go_table *table, uint64_t record)
{
    struct mc_cursor cursor = table->cursor;
    cursor.bad = false;
    if (!mc_seek(&cursor, table->records + record))
        return NULL;
    mc_take(&cursor, table->relative ? 4 : table->word);
    uint64_t start = table->names + mc_read_u32(&cursor);
    return cursor.bad || start >= table->strings_end ? NULL : (const char *)cursor.bytes + start;
}

static uint64_t read_start(struct go_table *table)
{
    return table->relative ? table->text + mc_read_u32(&table->cursor) : read_word(table);
}

static bool read_functions(struct mc_entry_finder *finder, struct go_table *table)
{
    if (!mc_seek(&table->cursor, table->functions))
        return false;
    mc_reserve(&finder->found, finder->found.count + (table->count < 65536 ? table->count : 65536));
    uint64_t start = read_start(table);
    for (uint64_t i = 0; i < table->count; i++) {
        uint64_t record = table->relative ? mc_read_u32(&table->cursor) : read_word(table);
        uint64_t next = read_start(table);
        if (table->cursor.bad || next < start)
            return false;
        if (next > start)
            mc_finder_add(finder, start, next - start, MC_ENTRY_GO, read_name(table, record));
        start = next;
    }
    return true;
}

static bool read_table(struct mc_entry_finder *finder, uint64_t address)
{
    const struct mc_image *image = finder->image;
    uint64_t room = mc_image_available(image, address);
    if (!room)
        return false;
    struct go_table table = {.image = image, .address = address};
    table.cursor = mc_cursor_at(mc_image_bytes(image, address, room), room);
    if (!read_header(&table))
        return false;
    table.strings_end = mc_elf_strings_of(table.cursor.bytes, table.cursor.size).size;
    if (table.relative && !mc_image_is_code(image, table.text)) { /* a linker that leaves it to the module data */
        const struct mc_section *text = mc_section_named(image, ".text");
        table.text = text ? text->address : image->code_count ? image->code[0].start : 0;
    }
    if (!read_functions(finder, &table))
        mc_finder_warn(finder, address, "the Go function table cannot be read");
    return true;
}

/* Without section headers: the magic at the alignment that Go's linker gives the table. */
static void search_segments(struct mc_entry_finder *finder)
{
    const struct mc_image *image = finder->image;
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct mc_segment *segment = &image->segments[i];
        uint64_t at = -segment->address & 31;
        for (; segment->file_size >= 64 && at <= segment->file_size - 64; at += 32) {
            uint32_t magic;
            memcpy(&magic, segment->bytes + at, sizeof magic);
            if ((magic == MAGIC_1_2 || magic == MAGIC_1_16 || magic == MAGIC_1_18 || magic == MAGIC_1_20) &&
                read_table(finder, segment->address + at))
                return;
        }
    }
}

void mc_entries_from_go(struct mc_entry_finder *finder)
{
    const struct mc_image *image = finder->image;
    static const char *const names[] = {".gopclntab", ".data.rel.ro.gopclntab"};
    for (size_t i = 0; i < 2; i++) {
        const struct mc_section *section = mc_section_named(image, names[i]);
        if (section && section->address && !read_table(finder, section->address))
            mc_finder_warn(finder, section->address, "the Go function table has an unknown layout");
    }
    if (!image->section_count)
        search_segments(finder);
}
