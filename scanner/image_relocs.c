/* SPDX-License-Identifier: Apache-2.0 */
/* Relocations of linked files: DT_RELA, DT_REL, DT_JMPREL, DT_RELR, or (static programs) allocated relocation sections.
 * Sources of the types: System V psABI x86-64, table 4.9; psABI i386, table 4.4. */
#include "scanner/image_build.h"

struct reloc_table {
    struct mc_elf_table records;
    bool explicit_addend;
};

#define TABLE_LIMIT 16
#define TABLE_RELR TABLE_LIMIT

struct reloc_work {
    struct mc_image_build *build;
    struct reloc_table tables[TABLE_LIMIT];
    size_t table_count;
    MC_VECTOR(struct mc_sort_key) keys;
};

struct reloc_rule {
    uint32_t type;
    uint8_t kind, width;
};

static const struct reloc_rule rules_64[] = {
    {R_X86_64_64, MC_RELOC_ADDRESS, 8},          {R_X86_64_RELATIVE, MC_RELOC_ADDRESS, 8},
    {R_X86_64_GLOB_DAT, MC_RELOC_SLOT, 8},       {R_X86_64_JUMP_SLOT, MC_RELOC_SLOT, 8},
    {R_X86_64_IRELATIVE, MC_RELOC_IRELATIVE, 8}, {R_X86_64_COPY, MC_RELOC_COPY, 0},
    {R_X86_64_32, MC_RELOC_ADDRESS, 4},          {R_X86_64_32S, MC_RELOC_ADDRESS, 4},
    {R_X86_64_DTPMOD64, MC_RELOC_TLS, 8},        {R_X86_64_DTPOFF64, MC_RELOC_TLS, 8},
    {R_X86_64_TPOFF64, MC_RELOC_TLS, 8},         {R_X86_64_TLSDESC, MC_RELOC_TLS, 16},
    {R_X86_64_PC32, MC_RELOC_OTHER, 4},          {R_X86_64_PC64, MC_RELOC_OTHER, 8},
};

static const struct reloc_rule rules_32[] = {
    {R_386_32, MC_RELOC_ADDRESS, 4},       {R_386_RELATIVE, MC_RELOC_ADDRESS, 4},    {R_386_GLOB_DAT, MC_RELOC_SLOT, 4},
    {R_386_JMP_SLOT, MC_RELOC_SLOT, 4},    {R_386_IRELATIVE, MC_RELOC_IRELATIVE, 4}, {R_386_COPY, MC_RELOC_COPY, 0},
    {R_386_TLS_DTPMOD32, MC_RELOC_TLS, 4}, {R_386_TLS_DTPOFF32, MC_RELOC_TLS, 4},    {R_386_TLS_TPOFF, MC_RELOC_TLS, 4},
    {R_386_TLS_TPOFF32, MC_RELOC_TLS, 4},  {R_386_TLS_DESC, MC_RELOC_TLS, 8},        {R_386_PC32, MC_RELOC_OTHER, 4},
};

static struct reloc_rule find_rule(bool wide, uint32_t type)
{
    const struct reloc_rule *rules = wide ? rules_64 : rules_32;
    size_t count = wide ? sizeof rules_64 / sizeof *rules_64 : sizeof rules_32 / sizeof *rules_32;
    for (size_t i = 0; i < count; i++)
        if (rules[i].type == type)
            return rules[i];
    return (struct reloc_rule){type, MC_RELOC_OTHER, wide ? 8 : 4};
}

static uint64_t raw_word(const struct mc_image *image, uint64_t place, unsigned width)
{
    uint64_t value = 0;
    const uint8_t *bytes = mc_image_bytes(image, place, width);
    if (bytes)
        memcpy(&value, bytes, width);
    return value;
}

static uint64_t narrow(const struct mc_image *image, uint64_t address)
{
    return image->mode == MC_MODE_64 ? address : (uint32_t)address;
}

/* The place of a REL record holds the addend, except where the loader overwrites it without reading: slots (they hold
 * the address of the lazy stub) and copies. */
static int64_t implicit_addend(const struct mc_image *image, const struct reloc_rule *rule, uint64_t place)
{
    if (rule->kind == MC_RELOC_SLOT || rule->kind == MC_RELOC_COPY || rule->width > 8)
        return 0;
    uint64_t value = raw_word(image, place, rule->width);
    return rule->width == 4 ? (int64_t)(int32_t)value : (int64_t)value;
}

static struct mc_reloc make_reloc(const struct mc_image_build *build, const struct mc_elf_reloc *raw,
                                  bool explicit_addend)
{
    const struct mc_image *image = build->image;
    struct reloc_rule rule = find_rule(build->elf.wide, raw->type);
    struct mc_reloc reloc = {.place = raw->offset, .kind = rule.kind, .width = rule.width, .type = raw->type};
    const struct mc_symbol_table *table = &build->tables[MC_TABLE_DYNAMIC];
    reloc.addend = explicit_addend ? raw->addend : implicit_addend(image, &rule, raw->offset);
    if (raw->symbol && raw->symbol < table->records.count && table->positions[raw->symbol] != UINT32_MAX)
        reloc.symbol = &image->symbols[table->positions[raw->symbol]];
    if (!reloc.symbol) {
        reloc.target = narrow(image, (uint64_t)reloc.addend);
        return reloc;
    }
    const struct mc_import *import = mc_build_import(build, reloc.symbol);
    uint64_t address = import ? import->address : reloc.symbol->address;
    if (rule.kind == MC_RELOC_SLOT)
        reloc.addend = 0; /* the psABI gives slots no addend */
    reloc.target = narrow(image, address + (uint64_t)reloc.addend);
    return reloc;
}

static void add_table(struct reloc_work *work, struct mc_elf_table records, bool explicit_addend)
{
    if (!records.count || work->table_count == TABLE_LIMIT)
        return;
    uint32_t table = (uint32_t)work->table_count++;
    size_t count = records.count < UINT32_MAX ? records.count : UINT32_MAX;
    work->tables[table] = (struct reloc_table){records, explicit_addend};
    mc_reserve(&work->keys, work->keys.count + count);
    for (size_t i = 0; i < count; i++) {
        struct mc_elf_reloc reloc = mc_elf_reloc(work->build->elf.wide, explicit_addend, &records, i);
        if (reloc.type == R_X86_64_NONE) /* R_386_NONE is 0 too */
            continue;
        mc_push(&work->keys, ((struct mc_sort_key){reloc.offset, table, (uint32_t)i}));
    }
}

/* DT_RELR: an even word is a place; an odd one is a bitmap of the 63 (31) words that follow the last place. */
static void add_relr(struct reloc_work *work, const struct mc_elf_table *words)
{
    unsigned size = work->build->elf.wide ? 8 : 4, bits = size * 8 - 1;
    uint64_t next = 0;
    size_t limit = work->build->elf.size / size + 1, count = 0;
    for (size_t i = 0; i < words->count; i++) {
        uint64_t word = 0;
        memcpy(&word, words->bytes + i * words->entry_size, size);
        if (!(word & 1)) {
            mc_push(&work->keys, ((struct mc_sort_key){word, TABLE_RELR, 0}));
            next = word + size;
            count++;
        } else {
            for (unsigned bit = 0; bit < bits; bit++) {
                if (!((word >> (bit + 1)) & 1))
                    continue;
                mc_push(&work->keys, ((struct mc_sort_key){next + (uint64_t)bit * size, TABLE_RELR, 0}));
                count++;
            }
            next += (uint64_t)bits * size;
        }
        if (count > limit) {
            mc_image_damage(work->build, MC_NO_OFFSET, "DT_RELR names more words than the file has");
            return;
        }
    }
}

static void add_dynamic_tables(struct reloc_work *work)
{
    struct mc_image_build *build = work->build;
    const uint64_t *tags = build->tags;
    bool wide = build->elf.wide, jump_rela = tags[DT_PLTREL] == DT_RELA;
    add_table(work,
              mc_address_table(build, "DT_RELA", tags[DT_RELA], tags[DT_RELASZ], tags[DT_RELAENT],
                               mc_elf_reloc_size(wide, true)),
              true);
    add_table(work,
              mc_address_table(build, "DT_REL", tags[DT_REL], tags[DT_RELSZ], tags[DT_RELENT],
                               mc_elf_reloc_size(wide, false)),
              false);
    uint64_t main_start = jump_rela ? tags[DT_RELA] : tags[DT_REL];
    uint64_t main_size = jump_rela ? tags[DT_RELASZ] : tags[DT_RELSZ];
    if (tags[DT_JMPREL] < main_start || tags[DT_JMPREL] - main_start >= main_size) /* some linkers count it in both */
        add_table(work,
                  mc_address_table(build, "DT_JMPREL", tags[DT_JMPREL], tags[DT_PLTRELSZ], 0,
                                   mc_elf_reloc_size(wide, jump_rela)),
                  jump_rela);
    size_t word = wide ? 8 : 4;
    struct mc_elf_table relr =
        mc_address_table(build, "DT_RELR", tags[DT_RELR], tags[DT_RELRSZ], tags[DT_RELRENT], word);
    add_relr(work, &relr);
}

/* A static program has only IRELATIVE records, in a section that its own start-up code finds by symbols. */
static void add_section_tables(struct reloc_work *work)
{
    const struct mc_elf *elf = &work->build->elf;
    for (size_t i = 1; i < elf->section_count; i++) {
        bool explicit_addend = elf->sections[i].sh_type == SHT_RELA;
        if ((explicit_addend || elf->sections[i].sh_type == SHT_REL) && elf->sections[i].sh_flags & SHF_ALLOC)
            add_table(work, mc_section_table(work->build, i, mc_elf_reloc_size(elf->wide, explicit_addend)),
                      explicit_addend);
    }
}

static struct mc_reloc relative_reloc(const struct mc_image *image, uint64_t place)
{
    bool wide = image->mode == MC_MODE_64;
    uint64_t target = raw_word(image, place, wide ? 8 : 4);
    return (struct mc_reloc){.place = place,
                             .kind = MC_RELOC_ADDRESS,
                             .width = wide ? 8 : 4,
                             .type = wide ? R_X86_64_RELATIVE : R_386_RELATIVE,
                             .target = target,
                             .addend = (int64_t)target};
}

static void list_copies(struct mc_image *image)
{
    size_t count = 0;
    for (size_t i = 0; i < image->reloc_count; i++)
        count += image->relocs[i].kind == MC_RELOC_COPY;
    image->copies = MC_NEW_ARRAY(&image->arena, count + 1, struct mc_code_range);
    for (size_t i = 0; count && i < image->reloc_count; i++) {
        const struct mc_reloc *reloc = &image->relocs[i];
        uint64_t size = reloc->symbol ? reloc->symbol->size : 0;
        if (reloc->kind == MC_RELOC_COPY && size <= UINT64_MAX - reloc->place)
            image->copies[image->copy_count++] = (struct mc_code_range){reloc->place, reloc->place + size};
    }
}

void mc_build_relocs(struct mc_image_build *build)
{
    struct mc_image *image = build->image;
    struct reloc_work work = {.build = build};
    if (build->tags[DT_STRTAB])
        add_dynamic_tables(&work);
    else
        add_section_tables(&work);
    mc_sort_keys(work.keys.items, work.keys.count);
    image->relocs = MC_NEW_ARRAY(&image->arena, work.keys.count + 1, struct mc_reloc);
    image->reloc_count = work.keys.count;
    for (size_t i = 0; i < work.keys.count; i++) {
        const struct mc_sort_key *key = &work.keys.items[i];
        if (key->table == TABLE_RELR) {
            image->relocs[i] = relative_reloc(image, key->key);
            continue;
        }
        const struct reloc_table *table = &work.tables[key->table];
        struct mc_elf_reloc raw = mc_elf_reloc(build->elf.wide, table->explicit_addend, &table->records, key->index);
        raw.offset = key->key;
        image->relocs[i] = make_reloc(build, &raw, table->explicit_addend);
    }
    mc_vector_free(&work.keys);
    list_copies(image);
}
