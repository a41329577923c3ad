/* SPDX-License-Identifier: Apache-2.0 */
/* Relocatable objects and kernel modules: a layout of our own, as a linker would make one.
 *
 * Every allocated section becomes a segment; behind them follow a table of GOT slots for the symbols that need one, the
 * common symbols, and the extern area. Sections stand at least 16 bytes apart, so that the end of one is not the start
 * of the next. Everything stays within 1 GiB, where every 32-bit field can reach everything. */
#include "scanner/image_object.h"

#define GAP 16
#define ALIGN_LIMIT 65536
#define SIZE_LIMIT (UINT64_C(1) << 30)

static uint64_t align_up(uint64_t address, uint64_t alignment)
{
    if (alignment < GAP || alignment > ALIGN_LIMIT || (alignment & (alignment - 1)))
        alignment = GAP;
    return (address + alignment - 1) & ~(alignment - 1);
}

static bool lay_section(struct mc_object *object, size_t index, struct mc_error *ret_error)
{
    struct mc_image_build *build = object->build;
    const Elf64_Shdr *header = &build->elf.sections[index];
    uint64_t place = build->elf.header.e_shoff + index * build->elf.header.e_shentsize;
    bool stored = header->sh_type != SHT_NOBITS;
    if (stored && !mc_elf_inside(&build->elf, header->sh_offset, header->sh_size))
        return mc_fail(ret_error, MC_ERROR_FORMAT, place,
                       "truncated: section %zu (bytes %llu to %llu) lies outside the file (%zu bytes)", index,
                       (unsigned long long)header->sh_offset, (unsigned long long)(header->sh_offset + header->sh_size),
                       build->elf.size);
    uint64_t address = align_up(object->end + GAP, header->sh_addralign);
    object->stored += stored ? header->sh_size : 0;
    if (object->stored > build->elf.size)
        return mc_fail(ret_error, MC_ERROR_FORMAT, place,
                       "sections overlap: up to section %zu they hold more bytes than the file (%zu)", index,
                       build->elf.size);
    if (header->sh_size > SIZE_LIMIT || address + header->sh_size - MC_OBJECT_BASE > SIZE_LIMIT)
        return mc_fail(ret_error, MC_ERROR_LIMIT, place, "the sections of this object need more than 1 GiB");
    build->section_address[index] = address;
    build->image->sections[index].address = address;
    object->end = address + header->sh_size;
    if (!header->sh_size)
        return true;
    struct mc_segment segment = {.address = address,
                                 .size = header->sh_size,
                                 .file_size = stored ? header->sh_size : 0,
                                 .bytes = build->elf.bytes + (stored ? header->sh_offset : 0),
                                 .file_offset = header->sh_offset,
                                 .executable = header->sh_flags & SHF_EXECINSTR,
                                 .writable = header->sh_flags & SHF_WRITE};
    object->segment_of[index] = (uint32_t)build->image->segment_count;
    build->image->segments[build->image->segment_count++] = segment;
    if (header->sh_flags & SHF_TLS) {
        object->tls_start = object->tls_start ? object->tls_start : address;
        object->tls_end = object->end;
    }
    return true;
}

/* Room for `size` bytes that are not in the file; zeros unless `bytes` says otherwise. */
static void add_segment(struct mc_object *object, uint64_t address, uint64_t size, const uint8_t *bytes)
{
    struct mc_image *image = object->build->image;
    image->segments[image->segment_count++] = (struct mc_segment){.address = address,
                                                                  .size = size,
                                                                  .file_size = bytes ? size : 0,
                                                                  .bytes = bytes,
                                                                  .file_offset = MC_NO_OFFSET,
                                                                  .writable = true};
    object->end = address + size;
}

/* ---- GOT and common symbols ---- */

static void lay_got(struct mc_object *object)
{
    struct mc_image_build *build = object->build;
    unsigned word = build->elf.wide ? 8 : 4;
    object->got = align_up(object->end + GAP, GAP);
    object->got_bytes = mc_arena_array(&build->image->arena, object->got_count + 3, word);
    build->image->got_base = object->got_used || object->got_count ? object->got : 0;
    add_segment(object, object->got, (uint64_t)(object->got_count + 3) * word, object->got_bytes);
}

static bool is_common(const Elf64_Sym *symbol)
{
    return symbol->st_shndx == SHN_COMMON || symbol->st_shndx == 0xff02; /* SHN_X86_64_LCOMMON, psABI x86-64 4.3 */
}

/* The value of a common symbol is its alignment. */
static void lay_commons(struct mc_object *object)
{
    struct mc_image_build *build = object->build;
    const struct mc_elf_table *records = &build->tables[MC_TABLE_STATIC].records;
    uint64_t start = align_up(object->end + GAP, GAP), end = start;
    build->common_address = mc_realloc(NULL, records->count, sizeof(uint64_t));
    for (size_t i = 0; i < records->count; i++) {
        Elf64_Sym symbol = mc_elf_symbol(build->elf.wide, records, i);
        build->common_address[i] = 0;
        if (!is_common(&symbol))
            continue;
        if (symbol.st_size > SIZE_LIMIT - (end - MC_OBJECT_BASE)) {
            mc_image_damage(build, MC_NO_OFFSET, "common symbol %zu is larger than 1 GiB", i);
            continue;
        }
        build->common_address[i] = align_up(end, symbol.st_value);
        end = build->common_address[i] + symbol.st_size;
        if (end - MC_OBJECT_BASE > SIZE_LIMIT)
            end = start + SIZE_LIMIT / 2;
    }
    if (end > start)
        add_segment(object, start, end - start, NULL);
}

/* ---- what kind of object ---- */

static bool is_slim_lto(const struct mc_image *image)
{
    bool lto = false;
    for (size_t i = 1; i < image->section_count; i++)
        lto = lto || !strncmp(image->sections[i].name, ".gnu.lto_", 9);
    return lto && !image->code_count;
}

static bool lay_out(struct mc_object *object, struct mc_error *ret_error)
{
    struct mc_image_build *build = object->build;
    size_t count = build->elf.section_count;
    struct mc_image *image = build->image;
    image->segments = MC_NEW_ARRAY(&image->arena, count + 2, struct mc_segment);
    build->section_address = mc_realloc(NULL, count + 1, sizeof(uint64_t));
    object->segment_of = MC_NEW_ARRAY(&image->arena, count, uint32_t);
    memset(build->section_address, 0, (count + 1) * sizeof(uint64_t));
    object->end = MC_OBJECT_BASE - GAP;
    for (size_t i = 1; i < count; i++)
        if (build->elf.sections[i].sh_flags & SHF_ALLOC && !lay_section(object, i, ret_error))
            return false;
    return true;
}

bool mc_build_object(struct mc_image_build *build, struct mc_error *ret_error)
{
    struct mc_image *image = build->image;
    struct mc_object object = {.build = build};
    if (!build->elf.section_count)
        return mc_fail(ret_error, MC_ERROR_FORMAT, build->elf.wide ? 40 : 32, "an object file without sections");
    mc_build_sections(build);
    if (!lay_out(&object, ret_error))
        return false;
    image->kind = mc_section_named(image, ".modinfo") ? MC_KIND_KERNEL_MODULE : MC_KIND_OBJECT;
    mc_build_static_table(build);
    mc_object_name_groups(build);
    mc_object_find_got(&object);
    lay_got(&object);
    lay_commons(&object);
    mc_build_symbols(build);
    mc_build_externs(build);
    mc_object_relocate(&object);
    mc_build_eh_frame(build);
    mc_build_code(build);
    mc_build_initialisers(build);
    mc_build_notes(build);
    if (image->kind == MC_KIND_KERNEL_MODULE)
        mc_build_module(build);
    free(object.got_slot);
    if (is_slim_lto(image))
        return mc_fail(ret_error, MC_ERROR_UNSUPPORTED, MC_NO_OFFSET, "an LTO object: it holds no machine code yet");
    return true;
}
