/* SPDX-License-Identifier: Apache-2.0 */
/* Section groups of objects (gABI, "Section Groups"): a section of words, a flag and then section indexes. Of groups with the
 * flag GRP_COMDAT and the same signature, which is a symbol's name, the linker keeps one. */
#include "scanner/image_object.h"

/* The symbol's name; of a section's symbol the section's. */
static const char *signature_of(const struct mc_image_build *build, uint32_t symbol_index)
{
    const struct mc_symbol_table *table = &build->tables[MC_TABLE_STATIC];
    if (symbol_index >= table->records.count)
        return NULL;
    Elf64_Sym symbol = mc_elf_symbol(build->elf.wide, &table->records, symbol_index);
    const char *name = mc_elf_string(&table->strings, symbol.st_name);
    if (!*name && ELF64_ST_TYPE(symbol.st_info) == STT_SECTION && symbol.st_shndx < build->image->section_count)
        name = build->image->sections[symbol.st_shndx].name;
    return *name ? name : NULL;
}

void mc_object_name_groups(struct mc_image_build *build)
{
    for (size_t i = 1; i < build->elf.section_count; i++) {
        const Elf64_Shdr *header = &build->elf.sections[i];
        if (header->sh_type != SHT_GROUP || !mc_elf_inside(&build->elf, header->sh_offset, header->sh_size))
            continue;
        struct mc_cursor words = mc_cursor_at(build->elf.bytes + header->sh_offset, header->sh_size);
        const char *signature = signature_of(build, header->sh_info);
        uint32_t flags = mc_read_u32(&words);
        for (uint32_t member; signature && flags & GRP_COMDAT && (member = mc_read_u32(&words), !words.bad);)
            if (member < build->image->section_count)
                build->image->sections[member].comdat = signature;
    }
}
