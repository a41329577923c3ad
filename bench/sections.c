/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/sections.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void sweep_sections(Elf *elf, const uint8_t *bytes, size_t size, bench_sweep *sweep, void *context)
{
    GElf_Ehdr header;
    GElf_Shdr section;
    if (!gelf_getehdr(elf, &header) || (header.e_machine != EM_X86_64 && header.e_machine != EM_386))
        return;
    for (Elf_Scn *at = NULL; (at = elf_nextscn(elf, at));) {
        if (!gelf_getshdr(at, &section) || !(section.sh_flags & SHF_EXECINSTR) || section.sh_type != SHT_PROGBITS)
            continue;
        if (section.sh_offset <= size && section.sh_size <= size - section.sh_offset)
            sweep(context, bytes + section.sh_offset, section.sh_size, section.sh_addr, header.e_machine == EM_X86_64);
    }
}

void bench_sweep_file(const char *path, bench_sweep *sweep, void *context)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    if (fstat(file, &status) == 0 && status.st_size > 0) {
        size_t size = (size_t)status.st_size;
        void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
        if (bytes != MAP_FAILED) {
            elf_version(EV_CURRENT);
            Elf *elf = elf_memory(bytes, size);
            if (elf && elf_kind(elf) == ELF_K_ELF)
                sweep_sections(elf, bytes, size, sweep, context);
            elf_end(elf);
            munmap(bytes, size);
        }
    }
    close(file);
}

void bench_print_totals(const struct bench_totals *totals)
{
    printf("%llu bytes, %llu instructions, %llu of extensions, %llu bytes not decoded\n", totals->bytes, totals->instructions,
           totals->interesting, totals->undecoded);
}
