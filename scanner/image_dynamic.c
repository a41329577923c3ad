/* SPDX-License-Identifier: Apache-2.0 */
/* PT_DYNAMIC: what the loader reads. Everything but .symtab comes from here, so that files without sections work. */
#include "scanner/image_build.h"

struct mc_elf_table mc_address_table(struct mc_image_build *build, const char *what, uint64_t address, uint64_t size,
                                     uint64_t entry_size, size_t record_size)
{
    if (!address || !size)
        return (struct mc_elf_table){0};
    if (!entry_size)
        entry_size = record_size;
    const uint8_t *bytes = mc_image_bytes(build->image, address, size);
    if (!bytes || entry_size < record_size) {
        mc_image_damage(build, MC_NO_OFFSET, "%s: %llu bytes at address 0x%llx in records of %llu are not in the file",
                        what, (unsigned long long)size, (unsigned long long)address, (unsigned long long)entry_size);
        return (struct mc_elf_table){0};
    }
    return (struct mc_elf_table){bytes, size / entry_size, entry_size};
}

static uint64_t *high_tag(struct mc_image_build *build, int64_t tag)
{
    switch (tag) {
    case DT_GNU_HASH:
        return &build->gnu_hash;
    case DT_VERSYM:
        return &build->versym;
    case DT_VERNEED:
        return &build->verneed;
    case DT_VERNEEDNUM:
        return &build->verneed_count;
    case DT_VERDEF:
        return &build->verdef;
    case DT_VERDEFNUM:
        return &build->verdef_count;
    case DT_FLAGS_1:
        return &build->flags_1;
    default:
        return NULL;
    }
}

static struct mc_elf_table find_dynamic(struct mc_image_build *build)
{
    const struct mc_elf *elf = &build->elf;
    size_t record = elf->wide ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);
    for (size_t i = 0; i < elf->segment_count; i++) {
        const Elf64_Phdr *header = &elf->segments[i];
        if (header->p_type == PT_DYNAMIC) {
            if (header->p_memsz <= UINT64_MAX - header->p_vaddr) {
                build->image->dynamic_start = header->p_vaddr;
                build->image->dynamic_end = header->p_vaddr + header->p_memsz;
            }
            /* p_vaddr is what the loader uses; files whose p_offset disagrees are read as it reads them. */
            return mc_address_table(build, "the dynamic table", header->p_vaddr, header->p_filesz, record, record);
        }
    }
    return (struct mc_elf_table){0};
}

static void read_tags(struct mc_image_build *build, const struct mc_elf_table *table)
{
    size_t needed = 0;
    for (size_t i = 0; i < table->count; i++) {
        Elf64_Dyn entry = mc_elf_dynamic(build->elf.wide, table, i);
        if (entry.d_tag == DT_NULL)
            break;
        uint64_t *high = high_tag(build, entry.d_tag);
        if (high)
            *high = entry.d_un.d_val;
        else if (entry.d_tag > 0 && entry.d_tag < DT_NUM)
            build->tags[entry.d_tag] = entry.d_un.d_val;
        needed += entry.d_tag == DT_NEEDED;
    }
    build->image->needed = MC_NEW_ARRAY(&build->image->arena, needed + 1, const char *);
    build->image->needed_count = needed;
}

static const char *dynamic_string(const struct mc_image_build *build, int tag)
{
    return build->tags[tag] ? mc_elf_string(&build->dynamic_strings, build->tags[tag]) : NULL;
}

static void read_names(struct mc_image_build *build, const struct mc_elf_table *table)
{
    struct mc_image *image = build->image;
    struct mc_elf_table strings =
        mc_address_table(build, "the dynamic strings", build->tags[DT_STRTAB], build->tags[DT_STRSZ], 1, 1);
    if (!strings.count && build->tags[DT_STRTAB]) { /* a DT_STRSZ beyond the file: take what there is */
        strings.count = mc_image_available(image, build->tags[DT_STRTAB]);
        strings.bytes = mc_image_bytes(image, build->tags[DT_STRTAB], strings.count);
    }
    if (strings.bytes)
        build->dynamic_strings = mc_elf_strings_of(strings.bytes, strings.count);
    size_t position = 0;
    for (size_t i = 0; i < table->count && position < image->needed_count; i++) {
        Elf64_Dyn entry = mc_elf_dynamic(build->elf.wide, table, i);
        if (entry.d_tag == DT_NEEDED)
            image->needed[position++] = mc_elf_string(&build->dynamic_strings, entry.d_un.d_val);
    }
    image->needed_count = position;
    image->soname = dynamic_string(build, DT_SONAME);
    image->rpath = dynamic_string(build, DT_RPATH);
    image->runpath = dynamic_string(build, DT_RUNPATH);
    image->got_base = build->tags[DT_PLTGOT];
}

/* ---- how many dynamic symbols there are: no tag says it ---- */

static uint64_t count_by_hash(struct mc_image_build *build)
{
    struct mc_elf_table table = mc_address_table(build, "DT_HASH", build->tags[DT_HASH], 8, 4, 4);
    uint32_t counts[2] = {0};
    if (table.count == 2)
        memcpy(counts, table.bytes, sizeof counts);
    return counts[1];
}

/* GNU hash: header (buckets, first hashed symbol, bloom words, shift), bloom filter, buckets, one chain word per hashed
 * symbol whose low bit ends a chain. The highest bucket's chain holds the last symbol. */
static uint64_t count_by_gnu_hash(struct mc_image_build *build)
{
    const struct mc_image *image = build->image;
    const uint8_t *start = mc_image_bytes(image, build->gnu_hash, 16);
    if (!start)
        return 0;
    struct mc_cursor cursor = mc_cursor_at(start, mc_image_available(image, build->gnu_hash));
    uint32_t buckets = mc_read_u32(&cursor), first = mc_read_u32(&cursor), bloom = mc_read_u32(&cursor);
    uint32_t highest = 0;
    mc_read_u32(&cursor);
    mc_take(&cursor, (size_t)bloom * (build->elf.wide ? 8 : 4));
    for (uint32_t i = 0; i < buckets && !cursor.bad; i++) {
        uint32_t bucket = mc_read_u32(&cursor);
        highest = bucket > highest ? bucket : highest;
    }
    if (cursor.bad || highest < first)
        return first;
    mc_take(&cursor, (size_t)(highest - first) * 4);
    while (!cursor.bad && !(mc_read_u32(&cursor) & 1))
        highest++;
    return (uint64_t)highest + 1;
}

static uint64_t count_by_relocs(struct mc_image_build *build, const struct mc_elf_table *table, bool explicit_addend)
{
    uint64_t count = 0;
    for (size_t i = 0; i < table->count; i++) {
        struct mc_elf_reloc reloc = mc_elf_reloc(build->elf.wide, explicit_addend, table, i);
        if (reloc.symbol >= count)
            count = (uint64_t)reloc.symbol + 1;
    }
    return count;
}

static uint64_t count_by_section(const struct mc_image_build *build, size_t record)
{
    for (size_t i = 1; i < build->elf.section_count; i++) {
        const Elf64_Shdr *header = &build->elf.sections[i];
        if (header->sh_type == SHT_DYNSYM && header->sh_addr == build->tags[DT_SYMTAB])
            return header->sh_size / record;
    }
    return 0;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* A GNU hash table does not count undefined symbols when nothing is exported; then relocations name the highest, and
 * every linker puts the strings right behind the symbols. */
static uint64_t count_symbols(struct mc_image_build *build, size_t record)
{
    const uint64_t *tags = build->tags;
    bool wide = build->elf.wide, jump_rela = tags[DT_PLTREL] == DT_RELA;
    uint64_t count = count_by_hash(build);
    if (!count)
        count = count_by_section(build, record);
    if (count)
        return count;
    struct mc_elf_table rela = mc_address_table(build, "DT_RELA", tags[DT_RELA], tags[DT_RELASZ], tags[DT_RELAENT],
                                                mc_elf_reloc_size(wide, true));
    struct mc_elf_table rel = mc_address_table(build, "DT_REL", tags[DT_REL], tags[DT_RELSZ], tags[DT_RELENT],
                                               mc_elf_reloc_size(wide, false));
    struct mc_elf_table jump =
        mc_address_table(build, "DT_JMPREL", tags[DT_JMPREL], tags[DT_PLTRELSZ], 0, mc_elf_reloc_size(wide, jump_rela));
    count = larger(count_by_gnu_hash(build), count_by_relocs(build, &rela, true));
    count = larger(count, larger(count_by_relocs(build, &rel, false), count_by_relocs(build, &jump, jump_rela)));
    if (tags[DT_STRTAB] > tags[DT_SYMTAB] && (tags[DT_STRTAB] - tags[DT_SYMTAB]) / record < count + 4096)
        count = larger(count, (tags[DT_STRTAB] - tags[DT_SYMTAB]) / record);
    return count;
}

void mc_build_dynamic_names(struct mc_image_build *build)
{
    struct mc_elf_table table = find_dynamic(build);
    if (!table.count)
        return;
    read_tags(build, &table);
    read_names(build, &table);
}

void mc_build_dynamic(struct mc_image_build *build)
{
    mc_build_dynamic_names(build);
    size_t record = mc_elf_symbol_size(build->elf.wide);
    uint64_t start = build->tags[DT_SYMTAB];
    if (!start)
        return;
    uint64_t count = count_symbols(build, record), room = mc_image_available(build->image, start) / record;
    if (count > room) {
        mc_image_damage(build, mc_image_file_offset(build->image, start),
                        "the dynamic symbol table has %llu symbols, room for %llu", (unsigned long long)count,
                        (unsigned long long)room);
        count = room;
    }
    struct mc_symbol_table *symbols = &build->tables[MC_TABLE_DYNAMIC];
    symbols->records = mc_address_table(build, "the dynamic symbols", start, count * record, record, record);
    symbols->strings = build->dynamic_strings;
}

/* ---- initialisers ---- */

typedef MC_VECTOR(uint64_t) address_vector;

static void add_array(const struct mc_image *image, uint64_t address, uint64_t size, address_vector *list)
{
    unsigned word = image->mode == MC_MODE_64 ? 8 : 4;
    if (size > mc_image_available(image, address))
        size = mc_image_available(image, address);
    for (uint64_t offset = 0; offset + word <= size; offset += word) {
        uint64_t value;
        if (mc_image_read(image, address + offset, word, &value) && mc_image_is_code(image, value))
            mc_push(list, value);
    }
}

static void add_one(const struct mc_image *image, uint64_t address, address_vector *list)
{
    if (address && mc_image_is_code(image, address))
        mc_push(list, address);
}

/* Objects and static programs have no dynamic table: their sections say the same. */
static void add_sections(const struct mc_image *image, uint32_t type, const char *code, address_vector *list)
{
    for (size_t i = 1; i < image->section_count; i++) {
        const struct mc_section *section = &image->sections[i];
        if (section->address && section->type == type && type != SHT_PROGBITS)
            add_array(image, section->address, section->size, list);
        else if (section->address && code && !strcmp(section->name, code))
            add_one(image, section->address, list);
    }
}

/* A kernel module is entered by name. */
static void add_named(const struct mc_image *image, const char *name, address_vector *list)
{
    for (size_t i = 0; i < image->symbol_count; i++)
        if (image->symbols[i].defined && !strcmp(image->symbols[i].name, name))
            add_one(image, image->symbols[i].address, list);
}

static uint64_t *keep_list(struct mc_image *image, address_vector *list, size_t *ret_count)
{
    uint64_t *kept = MC_NEW_ARRAY(&image->arena, list->count + 1, uint64_t);
    if (list->count)
        memcpy(kept, list->items, list->count * sizeof *kept);
    *ret_count = list->count;
    mc_vector_free(list);
    return kept;
}

void mc_build_initialisers(struct mc_image_build *build)
{
    struct mc_image *image = build->image;
    const uint64_t *tags = build->tags;
    address_vector first = {0}, last = {0};
    if (tags[DT_STRTAB]) {
        add_array(image, tags[DT_PREINIT_ARRAY], tags[DT_PREINIT_ARRAYSZ], &first);
        add_one(image, tags[DT_INIT], &first);
        add_array(image, tags[DT_INIT_ARRAY], tags[DT_INIT_ARRAYSZ], &first);
        add_array(image, tags[DT_FINI_ARRAY], tags[DT_FINI_ARRAYSZ], &last);
        add_one(image, tags[DT_FINI], &last);
    } else {
        add_sections(image, SHT_PREINIT_ARRAY, NULL, &first);
        add_sections(image, SHT_PROGBITS, ".init", &first);
        add_sections(image, SHT_INIT_ARRAY, NULL, &first);
        add_sections(image, SHT_FINI_ARRAY, NULL, &last);
        add_sections(image, SHT_PROGBITS, ".fini", &last);
        if (image->kind == MC_KIND_KERNEL_MODULE) {
            add_named(image, "init_module", &first);
            add_named(image, "cleanup_module", &last);
        }
    }
    image->initialisers = keep_list(image, &first, &image->initialiser_count);
    image->finalisers = keep_list(image, &last, &image->finaliser_count);
}
