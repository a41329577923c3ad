/* SPDX-License-Identifier: Apache-2.0 */
/* Symbols of .dynsym and .symtab in one table sorted by address, their versions, and the extern area. */
#include "scanner/image_build.h"

#define VERSION_LIMIT 32768 /* 15-bit indexes, gABI symbol versioning */

void mc_build_static_table(struct mc_image_build *build)
{
    const struct mc_elf *elf = &build->elf;
    struct mc_symbol_table *table = &build->tables[MC_TABLE_STATIC];
    for (size_t i = 1; i < elf->section_count; i++) {
        const Elf64_Shdr *header = &elf->sections[i];
        if (header->sh_type == SHT_SYMTAB_SHNDX)
            table->wide_sections = mc_section_table(build, i, 4);
        if (header->sh_type != SHT_SYMTAB || table->records.count)
            continue;
        table->records = mc_section_table(build, i, mc_elf_symbol_size(elf->wide));
        if (header->sh_link && header->sh_link < elf->section_count && header->sh_link != i &&
            elf->sections[header->sh_link].sh_type == SHT_STRTAB) {
            struct mc_elf_table strings = mc_section_table(build, header->sh_link, 1);
            table->strings = mc_elf_strings_of(strings.bytes, strings.count);
        } else if (table->records.count) {
            mc_image_damage(build, elf->header.e_shoff + i * elf->header.e_shentsize,
                            "the symbol table's string table (section %u) cannot be read", header->sh_link);
        }
    }
    build->image->stripped = !table->records.count;
}

/* ---- versions ---- */

static void name_version(struct mc_image_build *build, uint32_t index, uint32_t name)
{
    index &= VERSION_LIMIT - 1;
    if (index >= build->version_count) {
        size_t count = index + 64 > VERSION_LIMIT ? VERSION_LIMIT : index + 64;
        const char **larger = MC_NEW_ARRAY(&build->image->arena, count, const char *);
        if (build->version_count)
            memcpy(larger, build->versions, build->version_count * sizeof *larger);
        build->versions = larger;
        build->version_count = count;
    }
    build->versions[index] = mc_elf_string(&build->dynamic_strings, name);
}

/* Verneed: {version, count, file, aux, next}, each with a chain of {hash, flags, index, name, next}. */
static void read_verneed(struct mc_image_build *build, struct mc_cursor *cursor)
{
    size_t budget = VERSION_LIMIT, start = 0;
    for (uint64_t i = 0; i < build->verneed_count && budget && !cursor->bad; i++) {
        if (!mc_seek(cursor, start))
            return;
        mc_read_u16(cursor);
        uint16_t count = mc_read_u16(cursor);
        mc_read_u32(cursor);
        uint32_t aux = mc_read_u32(cursor), next = mc_read_u32(cursor);
        size_t place = start + aux;
        for (uint16_t k = 0; k < count && budget && mc_seek(cursor, place); k++, budget--) {
            mc_read_u32(cursor);
            mc_read_u16(cursor);
            uint16_t index = mc_read_u16(cursor);
            uint32_t name = mc_read_u32(cursor), step = mc_read_u32(cursor);
            if (!cursor->bad)
                name_version(build, index, name);
            place += step;
        }
        budget -= budget > 0;
        start += next;
    }
}

/* Verdef: {version, flags, index, count, hash, aux, next}; the first of its chain {name, next} is its own name. */
static void read_verdef(struct mc_image_build *build, struct mc_cursor *cursor)
{
    size_t start = 0;
    for (uint64_t i = 0; i < build->verdef_count && i < VERSION_LIMIT && mc_seek(cursor, start); i++) {
        mc_read_u32(cursor);
        uint16_t index = mc_read_u16(cursor);
        mc_read_u16(cursor);
        mc_read_u32(cursor);
        uint32_t aux = mc_read_u32(cursor), next = mc_read_u32(cursor);
        if (!mc_seek(cursor, start + aux))
            return;
        uint32_t name = mc_read_u32(cursor);
        if (cursor->bad)
            return;
        name_version(build, index, name);
        start += next;
    }
}

void mc_build_versions(struct mc_image_build *build)
{
    const struct mc_image *image = build->image;
    const struct {
        uint64_t address;
        void (*read)(struct mc_image_build *, struct mc_cursor *);
    } tables[] = {{build->verneed, read_verneed}, {build->verdef, read_verdef}};
    for (size_t i = 0; i < 2; i++) {
        uint64_t room = tables[i].address ? mc_image_available(image, tables[i].address) : 0;
        if (!room)
            continue;
        struct mc_cursor cursor = mc_cursor_at(mc_image_bytes(image, tables[i].address, room), room);
        tables[i].read(build, &cursor);
        if (cursor.bad)
            mc_image_damage(build, mc_image_file_offset(image, tables[i].address), "symbol versions cannot be read");
    }
}

static const char *version_of(const struct mc_image_build *build, const struct mc_elf_table *indexes, size_t symbol)
{
    if (symbol >= indexes->count)
        return NULL;
    uint16_t index;
    memcpy(&index, indexes->bytes + symbol * 2, sizeof index);
    index &= VERSION_LIMIT - 1; /* the top bit says hidden; 0 and 1 are local and global without a version */
    return index > 1 && index < build->version_count ? build->versions[index] : NULL;
}

/* ---- symbols ---- */

static uint32_t section_of(const struct mc_symbol_table *table, size_t index, const Elf64_Sym *raw)
{
    uint32_t section = raw->st_shndx;
    if (raw->st_shndx == SHN_XINDEX && index < table->wide_sections.count)
        memcpy(&section, table->wide_sections.bytes + index * table->wide_sections.entry_size, sizeof section);
    return section;
}

/* In objects a value is an offset into its section; common symbols were given a place by the layout. */
static uint64_t address_of(const struct mc_image_build *build, const struct mc_symbol_table *table, size_t index,
                           const Elf64_Sym *raw)
{
    uint32_t section = section_of(table, index, raw);
    if (section == SHN_UNDEF)
        return 0;
    if (!build->section_address || section == SHN_ABS)
        return raw->st_value;
    if (raw->st_shndx >= SHN_LORESERVE && raw->st_shndx != SHN_XINDEX) /* common symbols, places of their own */
        return build->common_address[index];
    return section < build->elf.section_count ? build->section_address[section] + raw->st_value : raw->st_value;
}

static struct mc_symbol make_symbol(const struct mc_image_build *build, unsigned which, size_t index,
                                    const struct mc_elf_table *versions, uint64_t address)
{
    const struct mc_symbol_table *table = &build->tables[which];
    Elf64_Sym raw = mc_elf_symbol(build->elf.wide, &table->records, index);
    struct mc_symbol symbol = {.name = mc_elf_string(&table->strings, raw.st_name),
                               .address = address,
                               .size = raw.st_size,
                               .type = ELF64_ST_TYPE(raw.st_info),
                               .binding = ELF64_ST_BIND(raw.st_info),
                               .visibility = ELF64_ST_VISIBILITY(raw.st_other),
                               .defined = raw.st_shndx != SHN_UNDEF,
                               .dynamic = which == MC_TABLE_DYNAMIC};
    bool object = build->section_address != NULL;
    bool visible = symbol.visibility == STV_DEFAULT || symbol.visibility == STV_PROTECTED;
    symbol.exported = symbol.defined && symbol.binding != STB_LOCAL && (object || (symbol.dynamic && visible));
    symbol.thread_local_ = symbol.type == STT_TLS;
    symbol.version = symbol.dynamic ? version_of(build, versions, index) : NULL;
    if (object)
        symbol.section = section_of(table, index, &raw);
    return symbol;
}

static size_t collect_keys(const struct mc_image_build *build, struct mc_sort_key *keys)
{
    size_t count = 0;
    for (unsigned which = 0; which < MC_TABLE_COUNT; which++) {
        const struct mc_symbol_table *table = &build->tables[which];
        for (size_t i = 1; i < table->records.count; i++) { /* 0 is the null symbol */
            Elf64_Sym raw = mc_elf_symbol(build->elf.wide, &table->records, i);
            keys[count++] = (struct mc_sort_key){address_of(build, table, i, &raw), which, (uint32_t)i};
        }
    }
    return count;
}

void mc_build_symbols(struct mc_image_build *build)
{
    struct mc_image *image = build->image;
    size_t wanted = 0;
    for (unsigned which = 0; which < MC_TABLE_COUNT; which++) {
        size_t *count = &build->tables[which].records.count;
        *count = *count < UINT32_MAX ? *count : UINT32_MAX - 1;
        wanted += *count;
        build->tables[which].positions = mc_realloc(NULL, *count, sizeof(uint32_t));
        for (size_t i = 0; i < *count; i++)
            build->tables[which].positions[i] = UINT32_MAX;
    }
    struct mc_sort_key *keys = mc_realloc(NULL, wanted, sizeof *keys);
    size_t count = collect_keys(build, keys);
    mc_sort_keys(keys, count);
    struct mc_elf_table versions = {0};
    size_t dynamic_count = build->tables[MC_TABLE_DYNAMIC].records.count;
    if (build->versym && build->version_count)
        versions = mc_address_table(build, "symbol versions", build->versym, dynamic_count * 2, 2, 2);
    image->symbols = MC_NEW_ARRAY(&image->arena, count + 1, struct mc_symbol);
    image->symbol_count = count;
    for (size_t i = 0; i < count; i++) {
        image->symbols[i] = make_symbol(build, keys[i].table, keys[i].index, &versions, keys[i].key);
        build->tables[keys[i].table].positions[keys[i].index] = (uint32_t)i;
    }
    free(keys);
}

/* Programs without a dynamic table: what PIC i386 code computes with is known by name only. */
void mc_build_got_base(struct mc_image_build *build)
{
    struct mc_image *image = build->image;
    for (size_t i = 0; i < image->symbol_count && !image->got_base; i++)
        if (image->symbols[i].defined && !strcmp(image->symbols[i].name, "_GLOBAL_OFFSET_TABLE_"))
            image->got_base = image->symbols[i].address;
    const struct mc_section *section = image->got_base ? NULL : mc_section_named(image, ".got.plt");
    if (section)
        image->got_base = section->address;
}

/* ---- the extern area ---- */

void mc_build_externs(struct mc_image_build *build)
{
    struct mc_image *image = build->image;
    bool object = build->section_address != NULL;
    uint64_t end = 0;
    for (size_t i = 0; i < image->segment_count; i++)
        end = image->segments[i].address + image->segments[i].size;
    image->extern_base = (end + 0x1fff) & ~UINT64_C(0xfff);
    image->extern_stride = image->kind == MC_KIND_KERNEL_MODULE ? MC_MODULE_STRIDE
                           : image->kind == MC_KIND_OBJECT      ? MC_OBJECT_STRIDE
                                                                : MC_EXTERN_STRIDE;
    build->import_of = mc_realloc(NULL, image->symbol_count, sizeof *build->import_of);
    size_t count = 0;
    for (size_t i = 0; i < image->symbol_count; i++) {
        const struct mc_symbol *symbol = &image->symbols[i];
        bool import = !symbol->defined && (symbol->dynamic || object);
        build->import_of[i] = import ? (uint32_t)count++ : UINT32_MAX;
    }
    image->imports = MC_NEW_ARRAY(&image->arena, count + 1, struct mc_import);
    image->import_count = count;
    for (size_t i = 0; i < image->symbol_count; i++)
        if (build->import_of[i] != UINT32_MAX)
            image->imports[build->import_of[i]] = (struct mc_import){
                &image->symbols[i], image->extern_base + (uint64_t)build->import_of[i] * image->extern_stride};
}

const struct mc_import *mc_build_import(const struct mc_image_build *build, const struct mc_symbol *symbol)
{
    uint32_t index = build->import_of[symbol - build->image->symbols];
    return index == UINT32_MAX ? NULL : &build->image->imports[index];
}
