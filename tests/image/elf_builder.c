/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/image/elf_builder.h"

#include <elf.h>
#include <string.h>

void put_word(struct built *built, size_t offset, unsigned width, uint64_t value)
{
    memcpy(built->bytes + offset, &value, width);
}

static unsigned word_size(const struct built *built)
{
    return built->wide ? 8 : 4;
}

static void put_header(struct built *built, uint16_t type)
{
    static const uint8_t ident[EI_NIDENT] = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT};
    memcpy(built->bytes, ident, sizeof ident);
    if (!built->wide)
        built->bytes[EI_CLASS] = ELFCLASS32;
    put_word(built, 16, 2, type);
    put_word(built, 18, 2, built->wide ? EM_X86_64 : EM_386);
    put_word(built, 20, 4, EV_CURRENT);
    size_t at = 24 + 3 * (size_t)word_size(built) + 4;
    put_word(built, 24 + word_size(built), word_size(built), type == ET_REL ? 0 : (built->wide ? 64 : 52));
    put_word(built, 24 + 2 * (size_t)word_size(built), word_size(built), BUILT_SECTIONS);
    const uint16_t rest[] = {built->wide ? 64 : 52, built->wide ? 56 : 32, type == ET_REL ? 0 : BUILT_SEGMENT_COUNT,
                             built->wide ? 64 : 40, BUILT_SECTION_COUNT,   BUILT_SECTION_COUNT - 1};
    for (size_t i = 0; i < 6; i++)
        put_word(built, at + 2 * i, 2, rest[i]);
}

size_t built_phdr(const struct built *built, size_t index)
{
    return built->wide ? 64 + index * 56 : 52 + index * 32;
}

size_t built_shdr(const struct built *built, size_t index)
{
    return BUILT_SECTIONS + index * (built->wide ? 64 : 40);
}

static void put_phdr(struct built *built, size_t index, const Elf64_Phdr *header)
{
    size_t at = built_phdr(built, index);
    if (built->wide) {
        memcpy(built->bytes + at, header, sizeof *header);
        return;
    }
    Elf32_Phdr narrow = {header->p_type,
                         (Elf32_Off)header->p_offset,
                         (Elf32_Addr)header->p_vaddr,
                         0,
                         (Elf32_Word)header->p_filesz,
                         (Elf32_Word)header->p_memsz,
                         header->p_flags,
                         16};
    memcpy(built->bytes + at, &narrow, sizeof narrow);
}

static void put_shdr(struct built *built, size_t index, const Elf64_Shdr *header)
{
    size_t at = built_shdr(built, index);
    if (built->wide) {
        memcpy(built->bytes + at, header, sizeof *header);
        return;
    }
    Elf32_Shdr narrow = {header->sh_name,
                         header->sh_type,
                         (Elf32_Word)header->sh_flags,
                         (Elf32_Addr)header->sh_addr,
                         (Elf32_Off)header->sh_offset,
                         (Elf32_Word)header->sh_size,
                         header->sh_link,
                         header->sh_info,
                         (Elf32_Word)header->sh_addralign,
                         (Elf32_Word)header->sh_entsize};
    memcpy(built->bytes + at, &narrow, sizeof narrow);
}

static void put_symbol(struct built *built, size_t table, size_t index, const Elf64_Sym *symbol)
{
    if (built->wide) {
        memcpy(built->bytes + table + index * sizeof *symbol, symbol, sizeof *symbol);
        return;
    }
    Elf32_Sym narrow = {
        symbol->st_name, (Elf32_Addr)symbol->st_value, (Elf32_Word)symbol->st_size, symbol->st_info, symbol->st_other,
        symbol->st_shndx};
    memcpy(built->bytes + table + index * sizeof narrow, &narrow, sizeof narrow);
}

/* 64-bit files get RELA; 32-bit ones REL, with the addend in the place. */
static void put_reloc(struct built *built, size_t table, size_t index, uint64_t offset, uint32_t symbol, uint32_t type,
                      int64_t addend)
{
    if (built->wide) {
        Elf64_Rela reloc = {offset, ELF64_R_INFO((uint64_t)symbol, type), addend};
        memcpy(built->bytes + table + index * sizeof reloc, &reloc, sizeof reloc);
        return;
    }
    Elf32_Rel reloc = {(Elf32_Addr)offset, ELF32_R_INFO(symbol, type)};
    memcpy(built->bytes + table + index * sizeof reloc, &reloc, sizeof reloc);
}

/* ---- the shared library ---- */

static void put_segments(struct built *built)
{
    uint64_t data_size = BUILT_NAMES - BUILT_DATA;
    const Elf64_Phdr headers[BUILT_SEGMENT_COUNT] = {
        {PT_LOAD, PF_R | PF_X, 0, 0, 0, 0x700, 0x700, 0x1000},
        {PT_LOAD, PF_R | PF_W, BUILT_DATA, BUILT_DATA + BUILT_LIFT, 0, data_size, data_size + 0x100, 0x1000},
        {PT_DYNAMIC, PF_R | PF_W, BUILT_DYNAMIC, BUILT_DYNAMIC + BUILT_LIFT, 0, 0x200, 0x200, 8},
        {PT_GNU_EH_FRAME, PF_R, BUILT_FRAME_HEADER, BUILT_FRAME_HEADER, 0, 12, 12, 4},
        {PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16},
    };
    for (size_t i = 0; i < BUILT_SEGMENT_COUNT; i++)
        put_phdr(built, i, &headers[i]);
}

static void put_section_table(struct built *built)
{
    static const char names[] = "\0.dynsym\0.dynstr\0.text\0.eh_frame\0.shstrtab";
    memcpy(built->bytes + BUILT_NAMES, names, sizeof names);
    uint64_t symbol = built->wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
    const Elf64_Shdr headers[BUILT_SECTION_COUNT] = {
        {0},
        {1, SHT_DYNSYM, SHF_ALLOC, BUILT_SYMBOLS, BUILT_SYMBOLS, 5 * symbol, 2, 1, 8, symbol},
        {9, SHT_STRTAB, SHF_ALLOC, BUILT_STRINGS, BUILT_STRINGS, 0x40, 0, 0, 1, 0},
        {17, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, BUILT_TEXT, BUILT_TEXT, 0x80, 0, 0, 16, 0},
        {23, SHT_PROGBITS, SHF_ALLOC, BUILT_FRAME, BUILT_FRAME, 0xa0, 0, 0, 8, 0},
        {33, SHT_STRTAB, 0, 0, BUILT_NAMES, sizeof names, 0, 0, 1, 0},
    };
    for (size_t i = 0; i < BUILT_SECTION_COUNT; i++)
        put_shdr(built, i, &headers[i]);
}

static void put_dynamic_symbols(struct built *built)
{
    static const char names[] = "\0puts\0work\0table\0maybe\0libc.so.6\0libbuilt.so";
    memcpy(built->bytes + BUILT_STRINGS, names, sizeof names);
    const Elf64_Sym symbols[5] = {
        {0},
        {1, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), STV_DEFAULT, SHN_UNDEF, 0, 0},
        {6, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), STV_DEFAULT, 3, BUILT_TEXT, 0x20},
        {11, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT), STV_DEFAULT, 4, BUILT_DATA + BUILT_LIFT + 8, 16},
        {17, ELF64_ST_INFO(STB_WEAK, STT_NOTYPE), STV_DEFAULT, SHN_UNDEF, 0, 0},
    };
    for (size_t i = 0; i < 5; i++)
        put_symbol(built, BUILT_SYMBOLS, i, &symbols[i]);
    const uint32_t hash[] = {1, 5, 2, 0, 3, 4, 1, 0}; /* one bucket, five chain words */
    memcpy(built->bytes + BUILT_HASH, hash, sizeof hash);
}

static void put_dynamic_relocs(struct built *built)
{
    uint64_t data = BUILT_DATA + BUILT_LIFT;
    bool wide = built->wide;
    put_reloc(built, BUILT_RELOCS, 0, data, 0, wide ? R_X86_64_RELATIVE : R_386_RELATIVE, BUILT_TEXT + 0x40);
    put_reloc(built, BUILT_RELOCS, 1, data + 8, 0, wide ? R_X86_64_RELATIVE : R_386_RELATIVE, BUILT_TEXT + 0x20);
    put_reloc(built, BUILT_RELOCS, 2, data + 16, 2, wide ? R_X86_64_64 : R_386_32, 4);
    put_reloc(built, BUILT_RELOCS, 3, data + 24, 1, wide ? R_X86_64_GLOB_DAT : R_386_GLOB_DAT, 0);
    put_reloc(built, BUILT_RELOCS, 4, data + 32, 2, wide ? R_X86_64_JUMP_SLOT : R_386_JMP_SLOT, 0);
    if (wide)
        return;
    put_word(built, BUILT_DATA, 4, BUILT_TEXT + 0x40);
    put_word(built, BUILT_DATA + 8, 4, BUILT_TEXT + 0x20);
    put_word(built, BUILT_DATA + 16, 4, 4);
    put_word(built, BUILT_DATA + 32, 4, 0x666); /* a slot's lazy stub: not an addend */
}

static void put_dynamic(struct built *built)
{
    unsigned word = word_size(built);
    uint64_t reloc = built->wide ? sizeof(Elf64_Rela) : sizeof(Elf32_Rel);
    const Elf64_Dyn tags[] = {
        {DT_NEEDED, {23}},
        {DT_SONAME, {33}},
        {DT_HASH, {BUILT_HASH}},
        {DT_SYMTAB, {BUILT_SYMBOLS}},
        {DT_SYMENT, {built->wide ? 24 : 16}},
        {DT_STRTAB, {BUILT_STRINGS}},
        {DT_STRSZ, {0x40}},
        {built->wide ? DT_RELA : DT_REL, {BUILT_RELOCS}},
        {built->wide ? DT_RELASZ : DT_RELSZ, {5 * reloc}},
        {built->wide ? DT_RELAENT : DT_RELENT, {reloc}},
        {DT_INIT_ARRAY, {BUILT_DATA + BUILT_LIFT}},
        {DT_INIT_ARRAYSZ, {word}},
        {DT_PLTGOT, {BUILT_DATA + BUILT_LIFT + 24}},
    };
    built->dynamic_count = sizeof tags / sizeof *tags;
    for (size_t i = 0; i < built->dynamic_count; i++) {
        put_word(built, BUILT_DYNAMIC + 2 * i * word, word, (uint64_t)tags[i].d_tag);
        put_word(built, BUILT_DYNAMIC + (2 * i + 1) * word, word, tags[i].d_un.d_val);
    }
}

/* A CIE with "zLR" (LSDA and code by pcrel sdata4), then FDEs of work (with an LSDA: one call site, one pad) and
 * helper. */
static void put_frames(struct built *built)
{
    static const uint8_t cie[] = {1, 'z', 'L', 'R', 0, 1, 0x78, 16, 2, 0x1b, 0x1b, 0, 0, 0, 0, 0};
    size_t at = BUILT_FRAME;
    put_word(built, at, 4, 4 + sizeof cie);
    memcpy(built->bytes + at + 8, cie, sizeof cie);
    at += 8 + sizeof cie;
    for (unsigned i = 0; i < 2; i++) {
        put_word(built, at, 4, 20);
        put_word(built, at + 4, 4, at + 4 - BUILT_FRAME);
        put_word(built, at + 8, 4, BUILT_TEXT + i * 0x20 - (at + 8));
        put_word(built, at + 12, 4, 0x20 - i * 8);
        built->bytes[at + 16] = 4; /* bytes of augmentation data */
        put_word(built, at + 17, 4, i ? 0 : BUILT_LSDA - (at + 17));
        at += 24;
    }
    static const uint8_t lsda[] = {0xff, 0xff, 1, 8, 4, 6, 0, 0, 10, 4, 0x10, 0}; /* two call sites, one with a pad */
    memcpy(built->bytes + BUILT_LSDA, lsda, sizeof lsda);
    static const uint8_t header[] = {1, 0x1b, 0xff, 0xff};
    memcpy(built->bytes + BUILT_FRAME_HEADER, header, sizeof header);
    put_word(built, BUILT_FRAME_HEADER + 4, 4, BUILT_FRAME - (BUILT_FRAME_HEADER + 4));
}

void build_shared(struct built *built, bool wide)
{
    *built = (struct built){.size = BUILT_SIZE, .wide = wide};
    put_header(built, ET_DYN);
    put_segments(built);
    put_section_table(built);
    put_dynamic_symbols(built);
    put_dynamic_relocs(built);
    put_dynamic(built);
    put_frames(built);
    memset(built->bytes + BUILT_TEXT, 0x90, 0x80);
    built->bytes[BUILT_TEXT + 0x1f] = built->bytes[BUILT_TEXT + 0x37] = built->bytes[BUILT_TEXT + 0x50] = 0xc3;
}

void built_set_tag(struct built *built, int64_t tag, uint64_t value)
{
    unsigned word = word_size(built);
    for (size_t i = 0; i < built->dynamic_count; i++) {
        uint64_t here = 0;
        memcpy(&here, built->bytes + BUILT_DYNAMIC + 2 * i * word, word);
        if (here == (uint64_t)tag)
            put_word(built, BUILT_DYNAMIC + (2 * i + 1) * word, word, value);
    }
}

void built_drop_sections(struct built *built)
{
    unsigned word = word_size(built);
    put_word(built, 24 + 2 * (size_t)word, word, 0);
    put_word(built, 24 + 3 * (size_t)word + 4 + 8, 2, 0);
    put_word(built, 24 + 3 * (size_t)word + 4 + 10, 2, 0);
}

/* ---- the object ---- */

/* .text of the object: call missing; mov (GOT slot of missing), %eax; ret. */
void build_object(struct built *built, bool wide)
{
    static const char names[] = "\0.text\0.rel\0.symtab\0.strtab\0.shstrtab\0missing\0here";
    *built = (struct built){.size = BUILT_SIZE, .wide = wide};
    put_header(built, ET_REL);
    memcpy(built->bytes + BUILT_NAMES, names, sizeof names);
    static const uint8_t code_64[] = {0xe8, 0, 0, 0, 0, 0x48, 0x8b, 0x05, 0, 0, 0, 0, 0xc3};
    static const uint8_t code_32[] = {0xe8, 0xfc, 0xff, 0xff, 0xff, 0x90, 0x8b, 0x83, 0, 0, 0, 0, 0xc3};
    memcpy(built->bytes + BUILT_TEXT, wide ? code_64 : code_32, sizeof code_64);
    const Elf64_Sym symbols[3] = {{0},
                                  {39, ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE), STV_DEFAULT, SHN_UNDEF, 0, 0},
                                  {47, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), STV_DEFAULT, 1, 0, 13}};
    for (size_t i = 0; i < 3; i++)
        put_symbol(built, BUILT_SYMBOLS, i, &symbols[i]);
    put_reloc(built, BUILT_RELOCS, 0, 1, 1, wide ? R_X86_64_PLT32 : R_386_PC32, -4);
    put_reloc(built, BUILT_RELOCS, 1, 8, 1, wide ? R_X86_64_REX_GOTPCRELX : R_386_GOT32X, -4);
    uint64_t symbol = wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym),
             reloc = wide ? sizeof(Elf64_Rela) : sizeof(Elf32_Rel);
    const Elf64_Shdr headers[BUILT_SECTION_COUNT] = {
        {0},
        {1, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 0, BUILT_TEXT, 13, 0, 0, 16, 0},
        {7, wide ? SHT_RELA : SHT_REL, 0, 0, BUILT_RELOCS, 2 * reloc, 3, 1, 8, reloc},
        {12, SHT_SYMTAB, 0, 0, BUILT_SYMBOLS, 3 * symbol, 4, 1, 8, symbol},
        {20, SHT_STRTAB, 0, 0, BUILT_NAMES, sizeof names, 0, 0, 1, 0},
        {28, SHT_STRTAB, 0, 0, BUILT_NAMES, sizeof names, 0, 0, 1, 0},
    };
    for (size_t i = 0; i < BUILT_SECTION_COUNT; i++)
        put_shdr(built, i, &headers[i]);
}
