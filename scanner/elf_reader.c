/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/elf_reader.h"

#include "scanner/elf_library.h"

static void read_ehdr(struct mc_elf *elf)
{
    if (elf->wide) {
        memcpy(&elf->header, elf->bytes, sizeof elf->header);
        return;
    }
    Elf32_Ehdr narrow;
    memcpy(&narrow, elf->bytes, sizeof narrow);
    memcpy(elf->header.e_ident, narrow.e_ident, sizeof narrow.e_ident);
    elf->header.e_type = narrow.e_type;
    elf->header.e_machine = narrow.e_machine;
    elf->header.e_version = narrow.e_version;
    elf->header.e_entry = narrow.e_entry;
    elf->header.e_phoff = narrow.e_phoff;
    elf->header.e_shoff = narrow.e_shoff;
    elf->header.e_flags = narrow.e_flags;
    elf->header.e_ehsize = narrow.e_ehsize;
    elf->header.e_phentsize = narrow.e_phentsize;
    elf->header.e_phnum = narrow.e_phnum;
    elf->header.e_shentsize = narrow.e_shentsize;
    elf->header.e_shnum = narrow.e_shnum;
    elf->header.e_shstrndx = narrow.e_shstrndx;
}

static const struct {
    uint16_t machine;
    const char *name;
} machine_names[] = {
    {EM_SPARC, "SPARC"},     {EM_68K, "m68k"},      {EM_IAMCU, "Intel MCU"}, {EM_MIPS, "MIPS"},
    {EM_PARISC, "PA-RISC"},  {EM_PPC, "PowerPC"},   {EM_PPC64, "PowerPC64"}, {EM_S390, "S/390"},
    {EM_ARM, "Arm"},         {EM_SH, "SuperH"},     {EM_SPARCV9, "SPARC64"}, {EM_IA_64, "Itanium"},
    {EM_AARCH64, "AArch64"}, {EM_RISCV, "RISC-V"},  {EM_BPF, "BPF"},         {EM_LOONGARCH, "LoongArch"},
    {EM_AVR, "AVR"},         {EM_XTENSA, "Xtensa"}, {EM_ALPHA, "Alpha"},     {EM_AMDGPU, "AMD GPU"},
    {EM_CUDA, "CUDA"},       {EM_MSP430, "MSP430"}, {EM_L10M, "Intel L1OM"}, {EM_K10M, "Intel K1OM"},
};

static bool check_machine(const struct mc_elf *elf, struct mc_error *ret_error)
{
    uint16_t machine = elf->header.e_machine;
    if (machine == EM_X86_64 && !elf->wide)
        return mc_fail(ret_error, MC_ERROR_UNSUPPORTED, 18, "x32 (32-bit pointers on x86-64) is not analysed");
    if (machine == EM_386 && elf->wide)
        return mc_fail(ret_error, MC_ERROR_FORMAT, 4, "wrong class: 64-bit ELF for machine i386");
    if (machine == EM_X86_64 || machine == EM_386)
        return true;
    for (size_t i = 0; i < sizeof machine_names / sizeof *machine_names; i++)
        if (machine_names[i].machine == machine)
            return mc_fail(ret_error, MC_ERROR_UNSUPPORTED, 18, "machine %s, not x86", machine_names[i].name);
    return mc_fail(ret_error, MC_ERROR_UNSUPPORTED, 18, "machine %u, not x86", machine);
}

static bool check_type(const struct mc_elf *elf, struct mc_error *ret_error)
{
    switch (elf->header.e_type) {
    case ET_REL:
    case ET_EXEC:
    case ET_DYN:
        return true;
    case ET_CORE:
        return mc_fail(ret_error, MC_ERROR_UNSUPPORTED, 16, "a core file, not a program");
    default:
        return mc_fail(ret_error, MC_ERROR_FORMAT, 16, "ELF type %u, expected 1 (object), 2 (executable) or 3 (shared)",
                       elf->header.e_type);
    }
}

static bool check_ident(struct mc_elf *elf, struct mc_error *ret_error)
{
    if (elf->size == 0)
        return mc_fail(ret_error, MC_ERROR_UNSUPPORTED, 0, "an empty file, not an ELF file");
    if (elf->size < SELFMAG || memcmp(elf->bytes, ELFMAG, SELFMAG) != 0)
        return mc_fail(ret_error, MC_ERROR_UNSUPPORTED, 0, "not an ELF file");
    if (elf->size < EI_NIDENT)
        return mc_fail(ret_error, MC_ERROR_FORMAT, elf->size, "truncated in the ELF identification: %zu of %d bytes",
                       elf->size, EI_NIDENT);
    unsigned class = elf->bytes[EI_CLASS], data = elf->bytes[EI_DATA];
    if (class != ELFCLASS32 && class != ELFCLASS64)
        return mc_fail(ret_error, MC_ERROR_FORMAT, EI_CLASS, "wrong class: %u, expected 1 (32-bit) or 2 (64-bit)",
                       class);
    if (data == ELFDATA2MSB)
        return mc_fail(ret_error, MC_ERROR_UNSUPPORTED, EI_DATA, "a big-endian machine, not x86");
    if (data != ELFDATA2LSB)
        return mc_fail(ret_error, MC_ERROR_FORMAT, EI_DATA, "byte order %u, expected 1 (little) or 2 (big)", data);
    elf->wide = class == ELFCLASS64;
    size_t wanted = elf->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
    if (elf->size < wanted)
        return mc_fail(ret_error, MC_ERROR_FORMAT, elf->size, "truncated in the ELF header: %zu of %zu bytes",
                       elf->size, wanted);
    return true;
}

static Elf64_Phdr read_phdr(const struct mc_elf *elf, size_t index)
{
    const uint8_t *record = elf->bytes + elf->header.e_phoff + index * elf->header.e_phentsize;
    Elf64_Phdr segment;
    if (elf->wide) {
        memcpy(&segment, record, sizeof segment);
        return segment;
    }
    Elf32_Phdr narrow;
    memcpy(&narrow, record, sizeof narrow);
    return (Elf64_Phdr){.p_type = narrow.p_type,
                        .p_flags = narrow.p_flags,
                        .p_offset = narrow.p_offset,
                        .p_vaddr = narrow.p_vaddr,
                        .p_paddr = narrow.p_paddr,
                        .p_filesz = narrow.p_filesz,
                        .p_memsz = narrow.p_memsz,
                        .p_align = narrow.p_align};
}

static Elf64_Shdr read_shdr(const struct mc_elf *elf, size_t index)
{
    const uint8_t *record = elf->bytes + elf->header.e_shoff + index * elf->header.e_shentsize;
    Elf64_Shdr section;
    if (elf->wide) {
        memcpy(&section, record, sizeof section);
        return section;
    }
    Elf32_Shdr narrow;
    memcpy(&narrow, record, sizeof narrow);
    return (Elf64_Shdr){.sh_name = narrow.sh_name,
                        .sh_type = narrow.sh_type,
                        .sh_flags = narrow.sh_flags,
                        .sh_addr = narrow.sh_addr,
                        .sh_offset = narrow.sh_offset,
                        .sh_size = narrow.sh_size,
                        .sh_link = narrow.sh_link,
                        .sh_info = narrow.sh_info,
                        .sh_addralign = narrow.sh_addralign,
                        .sh_entsize = narrow.sh_entsize};
}

static bool read_segments(struct mc_elf *elf, struct mc_arena *arena, struct mc_error *ret_error)
{
    size_t count = elf->header.e_phnum, record = elf->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
    if (count == PN_XNUM && elf->section_count)
        count = elf->sections[0].sh_info; /* gABI: the true count of a file with 65535 or more program headers */
    if (!count || !elf->header.e_phoff)
        return true;
    if (elf->header.e_phentsize < record)
        return mc_fail(ret_error, MC_ERROR_FORMAT, elf->wide ? 54 : 42, "program headers of %u bytes, expected %zu",
                       elf->header.e_phentsize, record);
    if (!mc_elf_inside(elf, elf->header.e_phoff, (uint64_t)count * elf->header.e_phentsize))
        return mc_fail(ret_error, MC_ERROR_FORMAT, elf->header.e_phoff,
                       "truncated: %zu program headers end beyond the file (%zu bytes)", count, elf->size);
    elf->segments = MC_NEW_ARRAY(arena, count, Elf64_Phdr);
    for (size_t i = 0; i < count; i++)
        elf->segments[i] = read_phdr(elf, i);
    elf->segment_count = count;
    return true;
}

static bool read_sections(struct mc_elf *elf, struct mc_arena *arena, struct mc_error *ret_error)
{
    uint64_t count = elf->header.e_shnum;
    size_t record = elf->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
    if (!elf->header.e_shoff)
        return true;
    if (elf->header.e_shentsize < record)
        return mc_fail(ret_error, MC_ERROR_FORMAT, elf->wide ? 58 : 46, "section headers of %u bytes, expected %zu",
                       elf->header.e_shentsize, record);
    if (!mc_elf_inside(elf, elf->header.e_shoff, elf->header.e_shentsize))
        return mc_fail(ret_error, MC_ERROR_FORMAT, elf->header.e_shoff,
                       "truncated: the section headers lie beyond the file (%zu bytes)", elf->size);
    Elf64_Shdr first = read_shdr(elf, 0);
    if (!count)
        count = first.sh_size; /* gABI: the true count of a file with 65280 or more sections */
    if (count > (elf->size - elf->header.e_shoff) / elf->header.e_shentsize)
        return mc_fail(ret_error, MC_ERROR_FORMAT, elf->header.e_shoff,
                       "truncated: %llu section headers end beyond the file (%zu bytes)", (unsigned long long)count,
                       elf->size);
    elf->sections = MC_NEW_ARRAY(arena, count, Elf64_Shdr);
    for (size_t i = 0; i < count; i++)
        elf->sections[i] = read_shdr(elf, i);
    elf->section_count = (size_t)count;
    elf->names_section = elf->header.e_shstrndx == SHN_XINDEX ? first.sh_link : elf->header.e_shstrndx;
    return true;
}

bool mc_elf_read_headers(struct mc_elf *elf, struct mc_arena *arena, struct mc_error *damage,
                         struct mc_error *ret_error)
{
    if (!check_ident(elf, ret_error))
        return false;
    bool whole = mc_elf_library_headers(elf, arena);
    if (!whole)
        read_ehdr(elf);
    if (!check_machine(elf, ret_error) || !check_type(elf, ret_error))
        return false;
    if (whole)
        return true;
    struct mc_error sections_error = {0};
    bool sections_read = read_sections(elf, arena, &sections_error);
    if (!sections_read && elf->header.e_type == ET_REL) {
        if (ret_error)
            *ret_error = sections_error;
        return false;
    }
    if (!sections_read && damage->kind == MC_ERROR_NONE)
        *damage = sections_error;
    return read_segments(elf, arena, ret_error);
}
