/* SPDX-License-Identifier: Apache-2.0 */
/* Notes: the build id and the x86 ISA property (System V psABI x86-64, "Program Property"). */
#include "scanner/image_build.h"

#define NOTE_BUILD_ID 3
#define NOTE_PROPERTY 5
#define PROPERTY_ISA_NEEDED 0xc0008002u /* GNU_PROPERTY_X86_ISA_1_NEEDED */

static void read_properties(struct mc_image *image, struct mc_cursor cursor)
{
    size_t align = image->mode == MC_MODE_64 ? 8 : 4;
    while (cursor.size - cursor.position >= 8) {
        uint32_t type = mc_read_u32(&cursor), size = mc_read_u32(&cursor);
        struct mc_cursor value = cursor;
        if (type == PROPERTY_ISA_NEEDED && size == 4) {
            uint32_t bits = mc_read_u32(&value);
            if (!value.bad)
                image->isa_needed |= bits;
        }
        if (!mc_take(&cursor, size))
            return;
        mc_take(&cursor, -cursor.position & (align - 1));
        if (cursor.bad)
            return;
    }
}

static void read_notes(struct mc_image *image, struct mc_cursor cursor, size_t align)
{
    while (cursor.size - cursor.position >= 12) {
        uint32_t name_size = mc_read_u32(&cursor), size = mc_read_u32(&cursor), type = mc_read_u32(&cursor);
        const uint8_t *name = mc_take(&cursor, name_size);
        mc_take(&cursor, -cursor.position & (align - 1));
        const uint8_t *bytes = mc_take(&cursor, size);
        if (!bytes)
            return;
        bool gnu = name_size == 4 && !memcmp(name, "GNU", 4);
        if (gnu && type == NOTE_BUILD_ID && size && size <= sizeof image->build_id && !image->build_id_size) {
            memcpy(image->build_id, bytes, size);
            image->build_id_size = size;
        }
        if (gnu && type == NOTE_PROPERTY)
            read_properties(image, mc_cursor_at(bytes, size));
        mc_take(&cursor, -cursor.position & (align - 1));
        if (cursor.bad)
            return;
    }
}

void mc_build_notes(struct mc_image_build *build)
{
    const struct mc_elf *elf = &build->elf;
    for (size_t i = 0; i < elf->segment_count; i++) {
        const Elf64_Phdr *header = &elf->segments[i];
        if (header->p_type == PT_NOTE && mc_elf_inside(elf, header->p_offset, header->p_filesz))
            read_notes(build->image, mc_cursor_at(elf->bytes + header->p_offset, header->p_filesz),
                       header->p_align == 8 ? 8 : 4);
    }
    for (size_t i = 1; i < elf->section_count && !elf->segment_count; i++) {
        const Elf64_Shdr *header = &elf->sections[i];
        if (header->sh_type == SHT_NOTE && mc_elf_inside(elf, header->sh_offset, header->sh_size))
            read_notes(build->image, mc_cursor_at(elf->bytes + header->sh_offset, header->sh_size),
                       header->sh_addralign == 8 ? 8 : 4);
    }
}
