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

typedef bool take_function(void *context, const struct go_table *table, uint64_t start, uint64_t end, uint64_t record);

/* Calls `take` for every function until it says false. False when the table cannot be read to its end. */
static bool each_function(struct go_table *table, take_function *take, void *context)
{
    if (!mc_seek(&table->cursor, table->functions))
        return false;
    uint64_t start = read_start(table);
    for (uint64_t i = 0; i < table->count; i++) {
        uint64_t record = table->relative ? mc_read_u32(&table->cursor) : read_word(table);
        uint64_t next = read_start(table);
        if (table->cursor.bad || next < start)
            return false;
        if (next > start && !take(context, table, start, next, record))
            return true;
        start = next;
    }
    return true;
}

/* ---- finding the table ---- */

static bool open_table(const struct mc_image *image, uint64_t address, struct go_table *ret)
{
    uint64_t room = mc_image_available(image, address);
    if (!room)
        return false;
    *ret = (struct go_table){.image = image, .address = address};
    ret->cursor = mc_cursor_at(mc_image_bytes(image, address, room), room);
    if (!read_header(ret))
        return false;
    ret->strings_end = mc_elf_strings_of(ret->cursor.bytes, ret->cursor.size).size;
    if (ret->relative && !mc_image_is_code(image, ret->text)) { /* a linker that leaves it to the module data */
        const struct mc_section *text = mc_section_named(image, ".text");
        ret->text = text ? text->address : image->code_count ? image->code[0].start : 0;
    }
    return true;
}

/* Without section headers: the magic at the alignment that Go's linker gives the table. */
static bool search_segments(const struct mc_image *image, struct go_table *ret)
{
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct mc_segment *segment = &image->segments[i];
        uint64_t at = -segment->address & 31;
        for (; segment->file_size >= 64 && at <= segment->file_size - 64; at += 32) {
            uint32_t magic;
            memcpy(&magic, segment->bytes + at, sizeof magic);
            if ((magic == MAGIC_1_2 || magic == MAGIC_1_16 || magic == MAGIC_1_18 || magic == MAGIC_1_20) &&
                open_table(image, segment->address + at, ret))
                return true;
        }
    }
    return false;
}

/* *ret_address: where a section says that the table is, 0 when none does. */
static bool find_table(const struct mc_image *image, struct go_table *ret, uint64_t *ret_address)
{
    static const char *const names[] = {".gopclntab", ".data.rel.ro.gopclntab"};
    *ret_address = 0;
    for (size_t i = 0; i < 2 && !*ret_address; i++) {
        const struct mc_section *section = mc_section_named(image, names[i]);
        *ret_address = section ? section->address : 0;
    }
    return *ret_address ? open_table(image, *ret_address, ret) : !image->section_count && search_segments(image, ret);
}

/* ---- entries and their names ---- */

bool mc_entries_go_text(const struct mc_image *image, const struct mc_entries *entries, uint64_t *ret,
                        struct mc_text_range *ret_table)
{
    struct go_table table;
    uint64_t address;
    *ret_table = (struct mc_text_range){0, 0};
    bool any = false;
    for (size_t i = 0; i < entries->count && !any; i++) {
        any = entries->items[i].sources & MC_ENTRY_GO;
        *ret = entries->items[i].address;
    }
    if (!any || !find_table(image, &table, &address))
        return any;
    *ret_table = (struct mc_text_range){table.address, table.address + table.cursor.size};
    for (size_t i = 0; i < image->section_count; i++)
        if (image->sections[i].address == table.address && image->sections[i].size && image->sections[i].size < table.cursor.size)
            ret_table->end = table.address + image->sections[i].size;
    if (table.relative)
        *ret = table.text;
    return any;
}

static bool add_function(void *context, const struct go_table *table, uint64_t start, uint64_t end, uint64_t record)
{
    (void)table;
    (void)record;
    mc_finder_add(context, start, end - start, MC_ENTRY_GO, NULL);
    return true;
}

void mc_entries_from_go(struct mc_entry_finder *finder)
{
    struct go_table table;
    uint64_t address;
    if (!find_table(finder->image, &table, &address)) {
        if (address)
            mc_finder_warn(finder, address, "the Go function table has an unknown layout");
        return;
    }
    mc_reserve(&finder->found, finder->found.count + (table.count < 65536 ? table.count : 65536));
    if (!each_function(&table, add_function, finder))
        mc_finder_warn(finder, table.address, "the Go function table cannot be read");
}

struct naming {
    struct mc_entries *entries;
    size_t next;
};

static bool name_function(void *context, const struct go_table *table, uint64_t start, uint64_t end, uint64_t record)
{
    struct naming *naming = context;
    struct mc_entries *entries = naming->entries;
    (void)end;
    while (naming->next < entries->count && entries->items[naming->next].address < start)
        naming->next++;
    struct mc_entry *entry = &entries->items[naming->next];
    if (naming->next < entries->count && entry->address == start && entry->sources & MC_ENTRY_GO && !entry->name)
        entry->name = read_name(table, record);
    return naming->next < entries->count;
}

void mc_entries_name(const struct mc_image *image, struct mc_entries *entries)
{
    struct go_table table;
    uint64_t address;
    struct naming naming = {.entries = entries};
    if (find_table(image, &table, &address))
        each_function(&table, name_function, &naming);
}
