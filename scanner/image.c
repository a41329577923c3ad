/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/image.h"

#include "scanner/image_build.h"

static bool has_segment(const struct mc_elf *elf, uint32_t type)
{
    for (size_t i = 0; i < elf->segment_count; i++)
        if (elf->segments[i].p_type == type)
            return true;
    return false;
}

/* libc.so.6 and ld.so have an interpreter or an entry, and a soname: libraries that can be run. */
static enum mc_file_kind kind_of(const struct mc_image_build *build)
{
    const struct mc_image *image = build->image;
    if (build->elf.header.e_type == ET_EXEC)
        return MC_KIND_EXECUTABLE;
    if (build->flags_1 & DF_1_PIE)
        return MC_KIND_PIE;
    if (image->soname)
        return MC_KIND_SHARED_LIBRARY;
    return image->interpreter ? MC_KIND_PIE : MC_KIND_SHARED_LIBRARY;
}

/* Separate debug files keep the headers of the program and none of its bytes. */
static bool check_has_code(const struct mc_image_build *build, struct mc_error *ret_error)
{
    for (size_t i = 1; i < build->elf.section_count; i++) {
        const Elf64_Shdr *header = &build->elf.sections[i];
        if (header->sh_type == SHT_NOBITS && header->sh_flags & SHF_EXECINSTR && header->sh_size)
            return mc_fail(ret_error, MC_ERROR_UNSUPPORTED, header->sh_offset,
                           "a separate debug file: it holds no code");
    }
    return true;
}

/* Up to the terminator, or to the first length that leads out of the segment. */
static uint64_t frame_size(const struct mc_image *image, uint64_t address)
{
    uint64_t room = mc_image_available(image, address);
    struct mc_cursor cursor = mc_cursor_at(mc_image_bytes(image, address, room), room);
    while (room - cursor.position >= 4) {
        uint64_t start = cursor.position, length = mc_read_u32(&cursor);
        if (!length)
            return cursor.position;
        if (length == UINT32_MAX)
            length = mc_read_u64(&cursor);
        if (!mc_take(&cursor, length))
            return start;
    }
    return cursor.position;
}

void mc_build_eh_frame(struct mc_image_build *build)
{
    struct mc_image *image = build->image;
    const struct mc_section *section = mc_section_named(image, ".eh_frame");
    if (section && section->address && section->type != SHT_NOBITS) {
        image->eh_frame = section->address;
        image->eh_frame_size = section->size;
        return;
    }
    for (size_t i = 0; i < build->elf.segment_count; i++) {
        if (build->elf.segments[i].p_type != PT_GNU_EH_FRAME)
            continue;
        /* .eh_frame_hdr: version 1, encodings of the pointer, the count and the table; the pointer is DW_EH_PE_pcrel |
         * sdata4 in every linker's output. */
        uint64_t header = build->elf.segments[i].p_vaddr;
        const uint8_t *bytes = mc_image_bytes(image, header, 8);
        if (!bytes || bytes[0] != 1 || bytes[1] != 0x1b)
            continue;
        int32_t distance;
        memcpy(&distance, bytes + 4, sizeof distance);
        image->eh_frame = header + 4 + (uint64_t)(int64_t)distance;
        image->eh_frame_size = frame_size(image, image->eh_frame);
        if (!image->eh_frame_size)
            image->eh_frame = 0;
    }
}

static bool build_linked(struct mc_image_build *build, struct mc_error *ret_error)
{
    struct mc_image *image = build->image;
    if (!mc_build_segments(build, ret_error) || !check_has_code(build, ret_error))
        return false;
    image->entry = build->elf.header.e_entry;
    mc_build_sections(build);
    mc_build_dynamic(build);
    image->kind = kind_of(build);
    image->static_linked =
        !has_segment(&build->elf, PT_INTERP) && !image->needed_count && image->kind != MC_KIND_SHARED_LIBRARY;
    mc_build_eh_frame(build);
    mc_build_code(build);
    mc_build_versions(build);
    mc_build_static_table(build);
    mc_build_symbols(build);
    if (!image->got_base)
        mc_build_got_base(build);
    mc_build_externs(build);
    mc_build_relocs(build);
    mc_build_initialisers(build);
    mc_build_notes(build);
    return true;
}

static void release_build(struct mc_image_build *build)
{
    for (unsigned i = 0; i < MC_TABLE_COUNT; i++)
        free(build->tables[i].positions);
    free(build->import_of);
    free(build->section_address);
    free(build->common_address);
    free(build->section_copy);
}

static struct mc_image *build_image(const char *path, struct mc_mapping *mapping, const uint8_t *bytes, size_t size,
                                    struct mc_error *ret_error)
{
    struct mc_image *image = mc_realloc(NULL, 1, sizeof *image);
    *image = (struct mc_image){.file = bytes, .file_size = size};
    if (mapping)
        image->mapping = *mapping;
    image->path = mc_arena_strdup(&image->arena, path);
    struct mc_image_build build = {.image = image, .elf = {.bytes = bytes, .size = size}};
    bool done = mc_elf_read_headers(&build.elf, &image->arena, &image->damage, ret_error);
    image->mode = build.elf.wide ? MC_MODE_64 : MC_MODE_32;
    if (done)
        done = build.elf.header.e_type == ET_REL ? mc_build_object(&build, ret_error) : build_linked(&build, ret_error);
    release_build(&build);
    if (done)
        return image;
    mc_image_free(image);
    return NULL;
}

struct mc_image *mc_image_open(const char *path, struct mc_error *ret_error)
{
    struct mc_mapping mapping;
    if (!mc_mapping_open(path, &mapping, ret_error))
        return NULL;
    return build_image(path, &mapping, mapping.bytes, mapping.size, ret_error);
}

struct mc_image *mc_image_from_bytes(const char *path, const uint8_t *bytes, size_t size, struct mc_error *ret_error)
{
    return build_image(path, NULL, bytes, size, ret_error);
}

bool mc_image_lost(const struct mc_image *image)
{
    return mc_mapping_lost(&image->mapping);
}

void mc_image_free(struct mc_image *image)
{
    if (!image)
        return;
    mc_mapping_close(&image->mapping);
    mc_arena_free(&image->arena);
    free(image);
}

/* ---- questions ---- */

const struct mc_segment *mc_image_segment(const struct mc_image *image, uint64_t address)
{
    size_t low = 0, high = image->segment_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct mc_segment *segment = &image->segments[middle];
        if (address < segment->address)
            high = middle;
        else if (address - segment->address >= segment->size)
            low = middle + 1;
        else
            return segment;
    }
    return NULL;
}

uint64_t mc_image_available(const struct mc_image *image, uint64_t address)
{
    const struct mc_segment *segment = mc_image_segment(image, address);
    uint64_t offset = segment ? address - segment->address : 0;
    return segment && offset < segment->file_size ? segment->file_size - offset : 0;
}

const uint8_t *mc_image_bytes(const struct mc_image *image, uint64_t address, uint64_t size)
{
    const struct mc_segment *segment = mc_image_segment(image, address);
    if (!segment)
        return NULL;
    uint64_t offset = address - segment->address;
    if (offset > segment->file_size || size > segment->file_size - offset)
        return NULL;
    return segment->bytes + offset;
}

const uint8_t *mc_image_rest(const struct mc_image *image, uint64_t address, uint64_t *ret_size)
{
    const struct mc_segment *segment = mc_image_segment(image, address);
    uint64_t offset = segment ? address - segment->address : 0;
    *ret_size = segment && offset < segment->file_size ? segment->file_size - offset : 0;
    return *ret_size ? segment->bytes + offset : NULL;
}

size_t mc_image_first_reloc(const struct mc_image *image, uint64_t address)
{
    size_t low = 0, high = image->reloc_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (image->relocs[middle].place < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct mc_reloc *mc_image_reloc_at(const struct mc_image *image, uint64_t place)
{
    size_t index = mc_image_first_reloc(image, place);
    return index < image->reloc_count && image->relocs[index].place == place ? &image->relocs[index] : NULL;
}

/* Puts the bytes of a relocated word that lie in [address, address + size) over `buffer`. Objects' bytes are relocated
 * already; what a COPY or TLS place will hold cannot be told, and stays as in the file. */
static void overlay_reloc(const struct mc_reloc *reloc, uint64_t address, unsigned size, uint8_t *buffer)
{
    if (reloc->kind != MC_RELOC_ADDRESS && reloc->kind != MC_RELOC_SLOT && reloc->kind != MC_RELOC_IRELATIVE)
        return;
    uint8_t word[8];
    memcpy(word, &reloc->target, sizeof word);
    for (unsigned i = 0; i < reloc->width; i++) {
        uint64_t at = reloc->place + i - address;
        if (at < size)
            buffer[at] = word[i];
    }
}

static bool is_copied(const struct mc_image *image, uint64_t address, unsigned size)
{
    for (size_t i = 0; i < image->copy_count; i++) /* a handful: stdout, environ ... */
        if (address < image->copies[i].end && image->copies[i].start < address + size)
            return true;
    return false;
}

bool mc_image_read(const struct mc_image *image, uint64_t address, unsigned size, uint64_t *ret_value)
{
    const struct mc_segment *segment = mc_image_segment(image, address);
    if (!segment || size > 8 || segment->size - (address - segment->address) < size)
        return false;
    if (image->copy_count && is_copied(image, address, size))
        return false;
    uint8_t buffer[8] = {0};
    uint64_t offset = address - segment->address;
    if (offset < segment->file_size) {
        uint64_t available = segment->file_size - offset;
        memcpy(buffer, segment->bytes + offset, available < size ? available : size);
    }
    size_t index = mc_image_first_reloc(image, address < 7 ? 0 : address - 7);
    for (; index < image->reloc_count && image->relocs[index].place < address + size; index++)
        overlay_reloc(&image->relocs[index], address, size, buffer);
    uint64_t value;
    memcpy(&value, buffer, sizeof value);
    *ret_value = value;
    return true;
}

const struct mc_import *mc_image_import_around(const struct mc_image *image, uint64_t address)
{
    if (address < image->extern_base || !image->extern_stride)
        return NULL;
    uint64_t index = (address - image->extern_base) / image->extern_stride;
    return index < image->import_count ? &image->imports[index] : NULL;
}

const struct mc_import *mc_image_import_at(const struct mc_image *image, uint64_t address)
{
    const struct mc_import *import = mc_image_import_around(image, address);
    return import && import->address == address ? import : NULL;
}

bool mc_image_is_import(const struct mc_image *image, uint64_t address)
{
    return image->module ? mc_image_import_around(image, address) != NULL : mc_image_import_at(image, address) != NULL;
}

bool mc_image_is_code(const struct mc_image *image, uint64_t address)
{
    size_t low = 0, high = image->code_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (address < image->code[middle].start)
            high = middle;
        else if (address >= image->code[middle].end)
            low = middle + 1;
        else
            return true;
    }
    return false;
}

size_t mc_image_symbols_above(const struct mc_image *image, uint64_t address)
{
    size_t low = 0, high = image->symbol_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (image->symbols[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool mc_image_exports(const struct mc_image *image, uint64_t address)
{
    for (size_t i = mc_image_symbols_above(image, address); i && image->symbols[i - 1].address == address; i--)
        if (image->symbols[i - 1].exported && !image->symbols[i - 1].thread_local_)
            return true;
    return false;
}

static bool names_a_place(const struct mc_symbol *symbol)
{
    return symbol->defined && symbol->name[0] &&
           (symbol->type == STT_FUNC || symbol->type == STT_OBJECT || symbol->type == STT_NOTYPE ||
            symbol->type == STT_GNU_IFUNC || symbol->type == STT_COMMON);
}

/* Sized before unsized, global before local, typed before untyped: what a person would call the place. */
static int rank_of(const struct mc_symbol *symbol)
{
    return (symbol->size ? 4 : 0) + (symbol->type != STT_NOTYPE ? 2 : 0) + (symbol->binding != STB_LOCAL ? 1 : 0);
}

const struct mc_symbol *mc_image_symbol_for(const struct mc_image *image, uint64_t address)
{
    enum { STEPS = 64 }; /* nested symbols are few; a name is not worth an unbounded walk */
    const struct mc_symbol *best = NULL;
    size_t index = mc_image_symbols_above(image, address);
    uint64_t nearest = UINT64_MAX;
    for (int steps = 0; index && steps < STEPS; index--, steps++) {
        const struct mc_symbol *symbol = &image->symbols[index - 1];
        if (!names_a_place(symbol))
            continue;
        if (nearest == UINT64_MAX)
            nearest = symbol->address;
        bool holds = symbol->size ? address - symbol->address < symbol->size : symbol->address == nearest;
        if (best && symbol->address < best->address)
            break;
        if (holds && (!best || rank_of(symbol) > rank_of(best)))
            best = symbol;
    }
    return best;
}

const struct mc_jump_label *mc_image_label_at(const struct mc_image *image, uint64_t site)
{
    size_t low = 0, high = image->module ? image->module->label_count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct mc_jump_label *label = &image->module->labels[middle];
        if (label->site == site)
            return label;
        if (label->site < site)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

uint64_t mc_image_file_offset(const struct mc_image *image, uint64_t address)
{
    const struct mc_segment *segment = mc_image_segment(image, address);
    if (!segment || address - segment->address >= segment->file_size)
        return MC_NO_OFFSET;
    uint64_t offset = address - segment->address;
    return segment->file_offset == MC_NO_OFFSET ? MC_NO_OFFSET : segment->file_offset + offset;
}
