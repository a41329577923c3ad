/* SPDX-License-Identifier: Apache-2.0 */
/* Relocations of objects, applied as a linker would. S symbol, A addend, P place, G the symbol's GOT slot, GOT the
 * start of the GOT. Sources of types and formulas: System V psABI x86-64, table 4.10; psABI i386, table 4.6; ELF TLS,
 * sections 4 and 5. */
#include "scanner/image_object.h"

enum operation {
    OP_ABSOLUTE,    /* S + A */
    OP_RELATIVE,    /* S + A - P */
    OP_SLOT_NEAR,   /* G + A - P */
    OP_SLOT_OFFSET, /* G + A - GOT */
    OP_SLOT,        /* G + A */
    OP_FROM_GOT,    /* S + A - GOT */
    OP_GOT_NEAR,    /* GOT + A - P */
    OP_SIZE,        /* size + A */
    OP_TLS_OFFSET,  /* S + A - end of the TLS block: what fs or gs adds */
    OP_TLS_INNER,   /* S + A - start of the TLS block */
    OP_NOTHING,
};

struct rule {
    uint16_t type;
    uint8_t operation, width, kind;
};

static const struct rule rules_64[] = {
    {R_X86_64_64, OP_ABSOLUTE, 8, MC_RELOC_ADDRESS},
    {R_X86_64_PC32, OP_RELATIVE, 4, MC_RELOC_RELATIVE_TEXT},
    {R_X86_64_GOT32, OP_SLOT_OFFSET, 4, MC_RELOC_RELATIVE_TEXT},
    {R_X86_64_PLT32, OP_RELATIVE, 4, MC_RELOC_RELATIVE_TEXT},
    {R_X86_64_GOTPCREL, OP_SLOT_NEAR, 4, MC_RELOC_RELATIVE_TEXT},
    {R_X86_64_32, OP_ABSOLUTE, 4, MC_RELOC_ADDRESS},
    {R_X86_64_32S, OP_ABSOLUTE, 4, MC_RELOC_ADDRESS},
    {R_X86_64_16, OP_ABSOLUTE, 2, MC_RELOC_OTHER},
    {R_X86_64_PC16, OP_RELATIVE, 2, MC_RELOC_RELATIVE_TEXT},
    {R_X86_64_8, OP_ABSOLUTE, 1, MC_RELOC_OTHER},
    {R_X86_64_PC8, OP_RELATIVE, 1, MC_RELOC_RELATIVE_TEXT},
    {R_X86_64_DTPMOD64, OP_NOTHING, 8, MC_RELOC_TLS},
    {R_X86_64_DTPOFF64, OP_TLS_INNER, 8, MC_RELOC_TLS},
    {R_X86_64_TPOFF64, OP_TLS_OFFSET, 8, MC_RELOC_TLS},
    {R_X86_64_TLSGD, OP_SLOT_NEAR, 4, MC_RELOC_TLS},
    {R_X86_64_TLSLD, OP_SLOT_NEAR, 4, MC_RELOC_TLS},
    {R_X86_64_DTPOFF32, OP_TLS_INNER, 4, MC_RELOC_TLS},
    {R_X86_64_GOTTPOFF, OP_SLOT_NEAR, 4, MC_RELOC_TLS},
    {R_X86_64_TPOFF32, OP_TLS_OFFSET, 4, MC_RELOC_TLS},
    {R_X86_64_PC64, OP_RELATIVE, 8, MC_RELOC_RELATIVE_TEXT},
    {R_X86_64_GOTOFF64, OP_FROM_GOT, 8, MC_RELOC_RELATIVE_TEXT},
    {R_X86_64_GOTPC32, OP_GOT_NEAR, 4, MC_RELOC_RELATIVE_TEXT},
    {R_X86_64_GOT64, OP_SLOT_OFFSET, 8, MC_RELOC_RELATIVE_TEXT},
    {R_X86_64_GOTPCREL64, OP_SLOT_NEAR, 8, MC_RELOC_RELATIVE_TEXT},
    {R_X86_64_GOTPC64, OP_GOT_NEAR, 8, MC_RELOC_RELATIVE_TEXT},
    {R_X86_64_GOTPLT64, OP_SLOT_OFFSET, 8, MC_RELOC_RELATIVE_TEXT},
    {R_X86_64_PLTOFF64, OP_FROM_GOT, 8, MC_RELOC_RELATIVE_TEXT},
    {R_X86_64_SIZE32, OP_SIZE, 4, MC_RELOC_OTHER},
    {R_X86_64_SIZE64, OP_SIZE, 8, MC_RELOC_OTHER},
    {R_X86_64_GOTPC32_TLSDESC, OP_SLOT_NEAR, 4, MC_RELOC_TLS},
    {R_X86_64_TLSDESC_CALL, OP_NOTHING, 0, MC_RELOC_TLS},
    {R_X86_64_GOTPCRELX, OP_SLOT_NEAR, 4, MC_RELOC_RELATIVE_TEXT},
    {R_X86_64_REX_GOTPCRELX, OP_SLOT_NEAR, 4, MC_RELOC_RELATIVE_TEXT},
};

static const struct rule rules_32[] = {
    {R_386_32, OP_ABSOLUTE, 4, MC_RELOC_ADDRESS},
    {R_386_PC32, OP_RELATIVE, 4, MC_RELOC_RELATIVE_TEXT},
    {R_386_GOT32, OP_SLOT_OFFSET, 4, MC_RELOC_RELATIVE_TEXT},
    {R_386_PLT32, OP_RELATIVE, 4, MC_RELOC_RELATIVE_TEXT},
    {R_386_GOTOFF, OP_FROM_GOT, 4, MC_RELOC_RELATIVE_TEXT},
    {R_386_GOTPC, OP_GOT_NEAR, 4, MC_RELOC_RELATIVE_TEXT},
    {R_386_TLS_TPOFF, OP_TLS_OFFSET, 4, MC_RELOC_TLS},
    {R_386_TLS_IE, OP_SLOT, 4, MC_RELOC_TLS},
    {R_386_TLS_GOTIE, OP_SLOT_OFFSET, 4, MC_RELOC_TLS},
    {R_386_TLS_LE, OP_TLS_OFFSET, 4, MC_RELOC_TLS},
    {R_386_TLS_GD, OP_SLOT_OFFSET, 4, MC_RELOC_TLS},
    {R_386_TLS_LDM, OP_SLOT_OFFSET, 4, MC_RELOC_TLS},
    {R_386_16, OP_ABSOLUTE, 2, MC_RELOC_OTHER},
    {R_386_PC16, OP_RELATIVE, 2, MC_RELOC_RELATIVE_TEXT},
    {R_386_8, OP_ABSOLUTE, 1, MC_RELOC_OTHER},
    {R_386_PC8, OP_RELATIVE, 1, MC_RELOC_RELATIVE_TEXT},
    {R_386_TLS_LDO_32, OP_TLS_INNER, 4, MC_RELOC_TLS},
    {R_386_SIZE32, OP_SIZE, 4, MC_RELOC_OTHER},
    {R_386_TLS_GOTDESC, OP_SLOT_OFFSET, 4, MC_RELOC_TLS},
    {R_386_TLS_DESC_CALL, OP_NOTHING, 0, MC_RELOC_TLS},
    {R_386_GOT32X, OP_SLOT_OFFSET, 4, MC_RELOC_RELATIVE_TEXT},
};

static const struct rule *find_rule(bool wide, uint32_t type)
{
    const struct rule *rules = wide ? rules_64 : rules_32;
    size_t count = wide ? sizeof rules_64 / sizeof *rules_64 : sizeof rules_32 / sizeof *rules_32;
    for (size_t i = 0; i < count; i++)
        if (rules[i].type == type)
            return &rules[i];
    return NULL;
}

static bool needs_slot(uint8_t operation)
{
    return operation == OP_SLOT_NEAR || operation == OP_SLOT_OFFSET || operation == OP_SLOT;
}

static bool needs_got(uint8_t operation)
{
    return operation == OP_FROM_GOT || operation == OP_GOT_NEAR;
}

struct pass { /* one relocation section and the section it changes */
    struct mc_elf_table records;
    bool explicit_addend;
    size_t target;
};

/* False when section `index` holds no relocations of a section that is loaded. */
static bool open_pass(struct mc_object *object, size_t index, struct pass *ret)
{
    struct mc_image_build *build = object->build;
    const Elf64_Shdr *header = &build->elf.sections[index];
    if (header->sh_type != SHT_RELA && header->sh_type != SHT_REL)
        return false;
    if (header->sh_info >= build->elf.section_count) {
        mc_image_damage(build, build->elf.header.e_shoff + index * build->elf.header.e_shentsize,
                        "relocations for section %u of %zu", header->sh_info, build->elf.section_count);
        return false;
    }
    const Elf64_Shdr *target = &build->elf.sections[header->sh_info];
    if (!(target->sh_flags & SHF_ALLOC) || target->sh_type == SHT_NOBITS || !target->sh_size)
        return false;
    ret->explicit_addend = header->sh_type == SHT_RELA;
    ret->records = mc_section_table(build, index, mc_elf_reloc_size(build->elf.wide, ret->explicit_addend));
    ret->target = header->sh_info;
    object->records += (uint64_t)ret->records.count * ret->records.entry_size;
    if (object->records > build->elf.size) {
        mc_image_damage(build, header->sh_offset, "relocation sections overlap");
        return false;
    }
    return ret->records.count != 0;
}

void mc_object_find_got(struct mc_object *object)
{
    struct mc_image_build *build = object->build;
    size_t symbols = build->tables[MC_TABLE_STATIC].records.count;
    object->got_slot = mc_realloc(NULL, symbols, sizeof *object->got_slot);
    for (size_t i = 0; i < symbols; i++)
        object->got_slot[i] = 0;
    object->records = 0;
    for (size_t i = 1; i < build->elf.section_count; i++) {
        struct pass pass;
        if (!open_pass(object, i, &pass))
            continue;
        for (size_t r = 0; r < pass.records.count; r++) {
            struct mc_elf_reloc reloc = mc_elf_reloc(build->elf.wide, pass.explicit_addend, &pass.records, r);
            const struct rule *rule = find_rule(build->elf.wide, reloc.type);
            if (!rule)
                continue;
            object->got_used = object->got_used || needs_got(rule->operation);
            if (needs_slot(rule->operation) && reloc.symbol < symbols && !object->got_slot[reloc.symbol])
                object->got_slot[reloc.symbol] = (uint32_t)++object->got_count;
        }
    }
}

/* ---- applying ---- */

struct place {
    uint64_t address;
    uint8_t *bytes;
    uint64_t slot; /* address of the symbol's GOT slot, 0 when it has none */
    const struct mc_symbol *symbol;
    uint64_t symbol_address;
    int64_t addend;
};

static uint64_t compute(const struct mc_object *object, const struct rule *rule, const struct place *place)
{
    uint64_t address = place->symbol_address + (uint64_t)place->addend, addend = (uint64_t)place->addend;
    switch ((enum operation)rule->operation) {
    case OP_ABSOLUTE:
        return address;
    case OP_RELATIVE:
        return address - place->address;
    case OP_SLOT_NEAR:
        return place->slot + addend - place->address;
    case OP_SLOT_OFFSET:
        return place->slot + addend - object->got;
    case OP_SLOT:
        return place->slot + addend;
    case OP_FROM_GOT:
        return address - object->got;
    case OP_GOT_NEAR:
        return object->got + addend - place->address;
    case OP_SIZE:
        return (place->symbol ? place->symbol->size : 0) + addend;
    case OP_TLS_OFFSET:
        return address - object->tls_end;
    case OP_TLS_INNER:
        return address - object->tls_start;
    case OP_NOTHING:
        break;
    }
    return 0;
}

/* What the field refers to, for those who do not decode the instruction: fields that are relative to their place count
 * from their end, as in an instruction that ends with them. */
static uint64_t target_of(const struct mc_object *object, const struct rule *rule, const struct place *place)
{
    uint64_t tail = rule->operation == OP_RELATIVE || rule->operation == OP_GOT_NEAR ? rule->width : 0;
    if (needs_slot(rule->operation))
        return place->slot;
    if (rule->operation == OP_GOT_NEAR)
        return object->got;
    uint64_t target = place->symbol_address + (uint64_t)place->addend + tail;
    return object->build->elf.wide ? target : (uint32_t)target;
}

static int64_t stored_addend(const struct rule *rule, const uint8_t *bytes)
{
    uint64_t value = 0;
    memcpy(&value, bytes, rule->width);
    unsigned shift = 64 - rule->width * 8u;
    return rule->width ? (int64_t)(value << shift) >> shift : 0;
}

/* Fills a place from a record. False, with the damage described, when the record points outside. */
static bool find_place(struct mc_object *object, const struct pass *pass, const struct rule *rule,
                       const struct mc_elf_reloc *raw, struct place *ret)
{
    struct mc_image_build *build = object->build;
    const struct mc_segment *segment = &build->image->segments[object->segment_of[pass->target]];
    const struct mc_symbol_table *table = &build->tables[MC_TABLE_STATIC];
    if (raw->offset > segment->file_size || rule->width > segment->file_size - raw->offset) {
        mc_image_damage(build, segment->file_offset, "a relocation at offset 0x%llx of a section of %llu bytes",
                        (unsigned long long)raw->offset, (unsigned long long)segment->file_size);
        return false;
    }
    *ret = (struct place){.address = segment->address + raw->offset,
                          .bytes = build->section_copy[pass->target] + raw->offset};
    ret->addend = pass->explicit_addend ? raw->addend : stored_addend(rule, ret->bytes);
    if (raw->symbol >= table->records.count) {
        if (raw->symbol)
            mc_image_damage(build, segment->file_offset, "a relocation names symbol %u of %zu", raw->symbol,
                            table->records.count);
        return raw->symbol == 0;
    }
    if (raw->symbol && table->positions[raw->symbol] != UINT32_MAX)
        ret->symbol = &build->image->symbols[table->positions[raw->symbol]];
    const struct mc_import *import = ret->symbol ? mc_build_import(build, ret->symbol) : NULL;
    ret->symbol_address = import ? import->address : ret->symbol ? ret->symbol->address : 0;
    if (object->got_slot[raw->symbol])
        ret->slot =
            object->got + ((object->got_slot[raw->symbol] & ~MC_SLOT_FILLED) + 2) * (build->elf.wide ? UINT64_C(8) : 4);
    return true;
}

typedef MC_VECTOR(struct mc_reloc) reloc_vector;

static void fill_slot(struct mc_object *object, const struct rule *rule, const struct place *place, reloc_vector *list)
{
    unsigned word = object->build->elf.wide ? 8 : 4;
    uint8_t *bytes = object->got_bytes + (place->slot - object->got);
    bool tls = rule->kind == MC_RELOC_TLS;
    uint64_t value = tls ? place->symbol_address - object->tls_end : place->symbol_address;
    memcpy(bytes, &value, word);
    struct mc_reloc reloc = {.place = place->slot,
                             .kind = tls ? MC_RELOC_TLS : MC_RELOC_SLOT,
                             .width = (uint8_t)word,
                             .type = object->build->elf.wide ? R_X86_64_GLOB_DAT : R_386_GLOB_DAT,
                             .symbol = place->symbol,
                             .target = place->symbol_address};
    mc_push(list, reloc);
}

static void apply_one(struct mc_object *object, const struct pass *pass, const struct mc_elf_reloc *raw,
                      reloc_vector *list)
{
    struct mc_image_build *build = object->build;
    const struct rule *rule = find_rule(build->elf.wide, raw->type);
    struct place place;
    if (raw->type == R_X86_64_NONE) /* R_386_NONE is 0 too */
        return;
    if (!rule) {
        mc_image_damage(build, build->elf.sections[pass->target].sh_offset, "relocation of unknown type %u", raw->type);
        return;
    }
    if (!find_place(object, pass, rule, raw, &place))
        return;
    if (build->image->kind == MC_KIND_KERNEL_MODULE && place.symbol && !place.symbol->defined && rule->operation == OP_RELATIVE &&
        mc_module_patch(place.symbol->name, build->section_copy[pass->target], raw->offset,
                        build->image->segments[object->segment_of[pass->target]].file_size))
        return;
    if (needs_slot(rule->operation) && place.slot && !(object->got_slot[raw->symbol] & MC_SLOT_FILLED)) {
        fill_slot(object, rule, &place, list);
        object->got_slot[raw->symbol] |= MC_SLOT_FILLED;
    }
    if (rule->operation != OP_NOTHING) {
        uint64_t value = compute(object, rule, &place);
        memcpy(place.bytes, &value, rule->width);
    }
    struct mc_reloc reloc = {.place = place.address,
                             .kind = rule->kind,
                             .width = rule->width,
                             .type = raw->type,
                             .symbol = place.symbol,
                             .target = target_of(object, rule, &place),
                             .addend = place.addend};
    mc_push(list, reloc);
}

static void sort_relocs(struct mc_image *image, reloc_vector *list)
{
    struct mc_sort_key *keys = mc_realloc(NULL, list->count, sizeof *keys);
    for (size_t i = 0; i < list->count; i++)
        keys[i] = (struct mc_sort_key){list->items[i].place, 0, (uint32_t)i};
    mc_sort_keys(keys, list->count);
    image->relocs = MC_NEW_ARRAY(&image->arena, list->count + 1, struct mc_reloc);
    image->reloc_count = list->count;
    for (size_t i = 0; i < list->count; i++)
        image->relocs[i] = list->items[keys[i].index];
    free(keys);
}

void mc_object_relocate(struct mc_object *object)
{
    struct mc_image_build *build = object->build;
    reloc_vector list = {0};
    size_t count = build->elf.section_count;
    build->section_copy = mc_realloc(NULL, count, sizeof *build->section_copy);
    for (size_t i = 0; i < count; i++)
        build->section_copy[i] = NULL;
    object->records = 0;
    for (size_t i = 1; i < count; i++) {
        struct pass pass;
        if (!open_pass(object, i, &pass))
            continue;
        struct mc_segment *segment = &build->image->segments[object->segment_of[pass.target]];
        if (!build->section_copy[pass.target]) {
            build->section_copy[pass.target] = mc_arena_alloc(&build->image->arena, segment->file_size);
            memcpy(build->section_copy[pass.target], segment->bytes, segment->file_size);
            segment->bytes = build->section_copy[pass.target];
        }
        for (size_t r = 0; r < pass.records.count; r++) {
            struct mc_elf_reloc raw = mc_elf_reloc(build->elf.wide, pass.explicit_addend, &pass.records, r);
            apply_one(object, &pass, &raw, &list);
        }
    }
    sort_relocs(build->image, &list);
    mc_vector_free(&list);
}
