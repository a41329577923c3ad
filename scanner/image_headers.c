/* SPDX-License-Identifier: Apache-2.0 */
/* Segments, sections and the ranges of code of an image. */
#include "scanner/image_build.h"

#include <stdarg.h>
#include <stdio.h>

void mc_image_damage(struct mc_image_build *build, uint64_t offset, const char *format, ...)
{
    if (build->image->damage.kind != MC_ERROR_NONE)
        return;
    char text[sizeof build->image->damage.text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    mc_fail(&build->image->damage, MC_ERROR_FORMAT, offset, "%s", text);
}

static int compare_segments(const void *left, const void *right)
{
    const struct mc_segment *a = left, *b = right;
    return a->address < b->address ? -1 : a->address > b->address;
}

static bool check_load(const struct mc_elf *elf, size_t index, struct mc_error *ret_error)
{
    const Elf64_Phdr *header = &elf->segments[index];
    uint64_t place = elf->header.e_phoff + index * elf->header.e_phentsize;
    uint64_t limit = elf->wide ? UINT64_MAX : UINT64_C(1) << 32;
    if (header->p_memsz > limit - header->p_vaddr)
        return mc_fail(ret_error, MC_ERROR_FORMAT, place, "segment %zu wraps around the address space", index);
    if (header->p_filesz > header->p_memsz)
        return mc_fail(ret_error, MC_ERROR_FORMAT, place, "segment %zu is larger in the file than in memory", index);
    if (!mc_elf_inside(elf, header->p_offset, header->p_filesz))
        return mc_fail(ret_error, MC_ERROR_FORMAT, place,
                       "truncated: segment %zu ends at byte %llu of a file of %zu bytes", index,
                       (unsigned long long)(header->p_offset + header->p_filesz), elf->size);
    return true;
}

static void mark_relro(struct mc_image_build *build)
{
    for (size_t i = 0; i < build->elf.segment_count; i++) {
        const Elf64_Phdr *header = &build->elf.segments[i];
        if (header->p_type != PT_GNU_RELRO)
            continue;
        for (size_t s = 0; s < build->image->segment_count; s++) {
            struct mc_segment *segment = &build->image->segments[s];
            if (segment->address >= header->p_vaddr && segment->address - header->p_vaddr < header->p_memsz)
                segment->relro_end = header->p_vaddr + header->p_memsz;
        }
    }
}

/* The kernel maps later segments over earlier ones; a file that makes use of it is described and the first is cut. */
static void cut_overlaps(struct mc_image_build *build)
{
    struct mc_image *image = build->image;
    for (size_t i = 0; i + 1 < image->segment_count; i++) {
        struct mc_segment *segment = &image->segments[i];
        uint64_t room = image->segments[i + 1].address - segment->address;
        if (segment->size <= room)
            continue;
        mc_image_damage(build, segment->file_offset, "segments overlap at address 0x%llx",
                        (unsigned long long)image->segments[i + 1].address);
        segment->size = room;
        if (segment->file_size > room)
            segment->file_size = room;
    }
}

bool mc_build_segments(struct mc_image_build *build, struct mc_error *ret_error)
{
    struct mc_elf *elf = &build->elf;
    struct mc_image *image = build->image;
    image->segments = MC_NEW_ARRAY(&image->arena, elf->segment_count + 1, struct mc_segment);
    for (size_t i = 0; i < elf->segment_count; i++) {
        const Elf64_Phdr *header = &elf->segments[i];
        if (header->p_type == PT_INTERP && mc_elf_inside(elf, header->p_offset, header->p_filesz)) {
            struct mc_elf_strings text = mc_elf_strings_of(elf->bytes + header->p_offset, header->p_filesz);
            image->interpreter = mc_elf_string(&text, 0);
        }
        if (header->p_type == PT_TLS && header->p_memsz >= header->p_filesz && header->p_align <= 4096) {
            image->tls_start = header->p_vaddr;
            image->tls_size = header->p_memsz;
            image->tls_file_size = header->p_filesz;
            image->tls_align = header->p_align;
        }
        if (header->p_type != PT_LOAD || !header->p_memsz)
            continue;
        if (!check_load(elf, i, ret_error))
            return false;
        image->segments[image->segment_count++] = (struct mc_segment){.address = header->p_vaddr,
                                                                      .size = header->p_memsz,
                                                                      .file_size = header->p_filesz,
                                                                      .bytes = elf->bytes + header->p_offset,
                                                                      .file_offset = header->p_offset,
                                                                      .executable = header->p_flags & PF_X,
                                                                      .writable = header->p_flags & PF_W};
    }
    if (!image->segment_count)
        return mc_fail(ret_error, MC_ERROR_FORMAT, elf->header.e_phoff, "no loadable segment");
    qsort(image->segments, image->segment_count, sizeof *image->segments, compare_segments);
    cut_overlaps(build);
    mark_relro(build);
    return true;
}

/* ---- sections ---- */

void mc_build_sections(struct mc_image_build *build)
{
    struct mc_elf *elf = &build->elf;
    struct mc_image *image = build->image;
    struct mc_elf_strings names = {0};
    if (elf->names_section && elf->names_section < elf->section_count) {
        const Elf64_Shdr *header = &elf->sections[elf->names_section];
        if (header->sh_type == SHT_STRTAB && mc_elf_inside(elf, header->sh_offset, header->sh_size))
            names = mc_elf_strings_of(elf->bytes + header->sh_offset, header->sh_size);
    }
    if (elf->section_count > 1 && !elf->section_names && !names.size)
        mc_image_damage(build, elf->header.e_shoff, "the section names cannot be read");
    image->sections = MC_NEW_ARRAY(&image->arena, elf->section_count, struct mc_section);
    image->section_count = elf->section_count;
    for (size_t i = 0; i < elf->section_count; i++) {
        const Elf64_Shdr *header = &elf->sections[i];
        const char *name = elf->section_names ? elf->section_names[i] : mc_elf_string(&names, header->sh_name);
        image->sections[i] = (struct mc_section){.name = name,
                                                 .address = header->sh_flags & SHF_ALLOC ? header->sh_addr : 0,
                                                 .size = header->sh_size,
                                                 .file_offset = header->sh_offset,
                                                 .entry_size = header->sh_entsize,
                                                 .flags = header->sh_flags,
                                                 .type = header->sh_type};
    }
}

const struct mc_section *mc_section_named(const struct mc_image *image, const char *name)
{
    for (size_t i = 1; i < image->section_count; i++)
        if (!strcmp(image->sections[i].name, name))
            return &image->sections[i];
    return NULL;
}

struct mc_elf_table mc_section_table(struct mc_image_build *build, size_t section, size_t record_size)
{
    const struct mc_elf *elf = &build->elf;
    const Elf64_Shdr *header = &elf->sections[section];
    size_t entry = header->sh_entsize ? header->sh_entsize : record_size;
    if (header->sh_type == SHT_NOBITS || !header->sh_size)
        return (struct mc_elf_table){0};
    if (!mc_elf_inside(elf, header->sh_offset, header->sh_size)) {
        mc_image_damage(build, elf->header.e_shoff + section * elf->header.e_shentsize,
                        "section %zu (bytes %llu to %llu) lies outside the file (%zu bytes)", section,
                        (unsigned long long)header->sh_offset,
                        (unsigned long long)(header->sh_offset + header->sh_size), elf->size);
        return (struct mc_elf_table){0};
    }
    if (entry < record_size) {
        mc_image_damage(build, elf->header.e_shoff + section * elf->header.e_shentsize,
                        "section %zu has records of %zu bytes, expected %zu", section, entry, record_size);
        return (struct mc_elf_table){0};
    }
    return (struct mc_elf_table){elf->bytes + header->sh_offset, header->sh_size / entry, entry};
}

/* ---- code ---- */

typedef MC_VECTOR(struct mc_code_range) range_vector;

static int compare_ranges(const void *left, const void *right)
{
    const struct mc_code_range *a = left, *b = right;
    return a->start < b->start ? -1 : a->start > b->start;
}

static void ranges_from_sections(const struct mc_image *image, range_vector *ranges)
{
    for (size_t i = 1; i < image->section_count; i++) {
        const struct mc_section *section = &image->sections[i];
        if (!(section->flags & SHF_EXECINSTR) || !(section->flags & SHF_ALLOC) || section->type == SHT_NOBITS)
            continue;
        const struct mc_segment *segment = mc_image_segment(image, section->address);
        uint64_t room = mc_image_available(image, section->address);
        if (!segment || !segment->executable || !room)
            continue;
        uint64_t size = section->size < room ? section->size : room;
        struct mc_code_range range = {section->address, section->address + size};
        mc_push(ranges, range);
    }
}

static void ranges_from_segments(const struct mc_image *image, range_vector *ranges)
{
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct mc_segment *segment = &image->segments[i];
        struct mc_code_range range = {segment->address, segment->address + segment->file_size};
        if (segment->executable && segment->file_size)
            mc_push(ranges, range);
    }
}

/* Takes [start, end) out of the sorted ranges. */
static void remove_range(range_vector *ranges, uint64_t start, uint64_t end)
{
    size_t count = ranges->count;
    for (size_t i = 0; i < count; i++) {
        struct mc_code_range *range = &ranges->items[i];
        if (start >= range->end || end <= range->start)
            continue;
        struct mc_code_range rest = {end, range->end};
        range->end = start > range->start ? start : range->start;
        if (rest.start < rest.end)
            mc_push(ranges, rest);
    }
}

static void list_tables(const struct mc_image_build *build, range_vector *ranges)
{
    const struct mc_elf *elf = &build->elf;
    for (size_t i = 0; i < elf->segment_count; i++) {
        const Elf64_Phdr *header = &elf->segments[i];
        if (header->p_type == PT_LOAD && header->p_offset == 0) {
            uint64_t headers = elf->header.e_phoff + elf->segment_count * elf->header.e_phentsize;
            mc_push(ranges, ((struct mc_code_range){header->p_vaddr, header->p_vaddr + headers}));
        } else if (header->p_type == PT_INTERP || header->p_type == PT_NOTE || header->p_type == PT_GNU_EH_FRAME) {
            mc_push(ranges, ((struct mc_code_range){header->p_vaddr, header->p_vaddr + header->p_memsz}));
        }
    }
    const uint64_t *tags = build->tags;
    const struct {
        uint64_t address, size;
    } tables[] = {
        {tags[DT_STRTAB], tags[DT_STRSZ]},
        {tags[DT_SYMTAB], build->tables[MC_TABLE_DYNAMIC].records.count * mc_elf_symbol_size(elf->wide)},
        {tags[DT_RELA], tags[DT_RELASZ]},
        {tags[DT_REL], tags[DT_RELSZ]},
        {tags[DT_JMPREL], tags[DT_PLTRELSZ]},
        {build->versym, build->tables[MC_TABLE_DYNAMIC].records.count * 2},
        {build->image->eh_frame, build->image->eh_frame_size},
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (tables[i].address && tables[i].size && tables[i].address + tables[i].size > tables[i].address)
            mc_push(ranges, ((struct mc_code_range){tables[i].address, tables[i].address + tables[i].size}));
}

void mc_build_code(struct mc_image_build *build)
{
    struct mc_image *image = build->image;
    range_vector ranges = {0}, tables = {0};
    list_tables(build, &tables);
    ranges_from_sections(image, &ranges);
    bool holds_entry = !image->entry;
    for (size_t i = 0; i < ranges.count; i++)
        holds_entry = holds_entry || (image->entry >= ranges.items[i].start && image->entry < ranges.items[i].end);
    if (!ranges.count || !holds_entry) { /* no sections, or sections that do not describe this program */
        ranges.count = 0;
        ranges_from_segments(image, &ranges);
        for (size_t i = 0; i < tables.count; i++) /* old linkers put tables and code into one executable segment */
            remove_range(&ranges, tables.items[i].start, tables.items[i].end);
    }
    image->tables = MC_NEW_ARRAY(&image->arena, tables.count, struct mc_code_range);
    image->table_count = tables.count;
    if (tables.count)
        memcpy(image->tables, tables.items, tables.count * sizeof *tables.items);
    mc_vector_free(&tables);
    if (ranges.count)
        qsort(ranges.items, ranges.count, sizeof *ranges.items, compare_ranges);
    image->code = MC_NEW_ARRAY(&image->arena, ranges.count + 1, struct mc_code_range);
    for (size_t i = 0; i < ranges.count; i++) {
        struct mc_code_range *last = image->code_count ? &image->code[image->code_count - 1] : NULL;
        if (ranges.items[i].start >= ranges.items[i].end)
            continue;
        if (last && ranges.items[i].start <= last->end)
            last->end = ranges.items[i].end > last->end ? ranges.items[i].end : last->end;
        else
            image->code[image->code_count++] = ranges.items[i];
    }
    mc_vector_free(&ranges);
}
