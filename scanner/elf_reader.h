/* SPDX-License-Identifier: Apache-2.0 */
/* Raw ELF records of both classes, widened to the Elf64 structures. Internal to the image files.
 *
 * Every table is a span that was checked against the file once (mc_elf_table); records inside it are then copied out,
 * never pointed at, so that what was checked is what is used even when the file changes underneath. The headers come
 * from libelf (elf_library.h) where it takes the file; it refuses a whole file for one damaged section header, where the
 * program headers would still tell all, and then they are read here. */
#ifndef MC_SCANNER_ELF_READER_H
#define MC_SCANNER_ELF_READER_H

#include "base/arena.h"
#include "base/cursor.h"
#include "base/error.h"

#include <elf.h>
#include <string.h>

struct mc_elf {
    const uint8_t *bytes;
    size_t size;
    bool wide; /* ELFCLASS64 */
    Elf64_Ehdr header;
    Elf64_Phdr *segments;
    size_t segment_count;
    Elf64_Shdr *sections;
    size_t section_count;
    const char **section_names; /* by index, from libelf; NULL: look into names_section */
    uint32_t names_section; /* index of the section names, 0 when none */
};

struct mc_elf_table { /* count records of entry_size bytes, all inside the file (or a segment's bytes) */
    const uint8_t *bytes;
    size_t count, entry_size;
};

struct mc_elf_strings { /* every string that starts below `size` ends within it */
    const char *bytes;
    size_t size;
};

struct mc_elf_reloc {
    uint64_t offset;
    int64_t addend;
    uint32_t type, symbol;
};

/* Reads headers into elf (arrays in the arena). False: not usable at all. Damage that leaves the file usable goes to
 * *damage, once. */
bool mc_elf_read_headers(struct mc_elf *elf, struct mc_arena *arena, struct mc_error *damage,
                         struct mc_error *ret_error);

static inline bool mc_elf_inside(const struct mc_elf *elf, uint64_t offset, uint64_t size)
{
    return offset <= elf->size && size <= elf->size - offset;
}

/* Cuts a byte span down to its last NUL, so that every string in it ends. */
static inline struct mc_elf_strings mc_elf_strings_of(const uint8_t *bytes, size_t size)
{
    while (size && bytes[size - 1] != 0)
        size--;
    return (struct mc_elf_strings){(const char *)bytes, size};
}

static inline const char *mc_elf_string(const struct mc_elf_strings *strings, uint64_t offset)
{
    return offset < strings->size ? strings->bytes + offset : "";
}

/* Record `index` of a table that was checked to hold it. */
static inline Elf64_Sym mc_elf_symbol(bool wide, const struct mc_elf_table *table, size_t index)
{
    const uint8_t *record = table->bytes + index * table->entry_size;
    Elf64_Sym symbol;
    if (wide) {
        memcpy(&symbol, record, sizeof symbol);
        return symbol;
    }
    Elf32_Sym narrow;
    memcpy(&narrow, record, sizeof narrow);
    return (Elf64_Sym){.st_name = narrow.st_name,
                       .st_info = narrow.st_info,
                       .st_other = narrow.st_other,
                       .st_shndx = narrow.st_shndx,
                       .st_value = narrow.st_value,
                       .st_size = narrow.st_size};
}

static inline struct mc_elf_reloc mc_elf_reloc(bool wide, bool explicit_addend, const struct mc_elf_table *table, size_t index)
{
    const uint8_t *record = table->bytes + index * table->entry_size;
    if (wide) {
        Elf64_Rela reloc = {0};
        memcpy(&reloc, record, explicit_addend ? sizeof(Elf64_Rela) : sizeof(Elf64_Rel));
        return (struct mc_elf_reloc){reloc.r_offset, reloc.r_addend, (uint32_t)ELF64_R_TYPE(reloc.r_info),
                                     (uint32_t)ELF64_R_SYM(reloc.r_info)};
    }
    Elf32_Rela reloc = {0};
    memcpy(&reloc, record, explicit_addend ? sizeof(Elf32_Rela) : sizeof(Elf32_Rel));
    return (struct mc_elf_reloc){reloc.r_offset, reloc.r_addend, ELF32_R_TYPE(reloc.r_info), ELF32_R_SYM(reloc.r_info)};
}

static inline Elf64_Dyn mc_elf_dynamic(bool wide, const struct mc_elf_table *table, size_t index)
{
    const uint8_t *record = table->bytes + index * table->entry_size;
    Elf64_Dyn entry;
    if (wide) {
        memcpy(&entry, record, sizeof entry);
        return entry;
    }
    Elf32_Dyn narrow;
    memcpy(&narrow, record, sizeof narrow);
    return (Elf64_Dyn){.d_tag = narrow.d_tag, .d_un.d_val = narrow.d_un.d_val};
}

static inline size_t mc_elf_symbol_size(bool wide)
{
    return wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
}

static inline size_t mc_elf_reloc_size(bool wide, bool explicit_addend)
{
    if (wide)
        return explicit_addend ? sizeof(Elf64_Rela) : sizeof(Elf64_Rel);
    return explicit_addend ? sizeof(Elf32_Rela) : sizeof(Elf32_Rel);
}

#endif
