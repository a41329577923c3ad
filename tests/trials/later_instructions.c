/* SPDX-License-Identifier: Apache-2.0 */
/* later_instructions FILE: instructions of .text that need more than x86-64-v1 (of an i386 file: more than a Pentium),
 * and bytes that are no instruction. Exit status 0 none, 1 some, 2 not readable. */
#include "isa/baseline.h"
#include "isa/decode.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
    enum mc_mode mode;
    const uint8_t *bytes;
    size_t size;
    uint64_t address;
};

static uint8_t *read_file(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long size = 0;
    if (file && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) > (long)sizeof(Elf64_Ehdr) &&
        fseek(file, 0, SEEK_SET) == 0)
        bytes = malloc((size_t)size);
    if (bytes && fread(bytes, 1, (size_t)size, file) != (size_t)size) {
        free(bytes);
        bytes = NULL;
    }
    if (file)
        fclose(file);
    *ret_size = (size_t)size;
    return bytes;
}

/* The files are our own build's or the system's: offsets are checked only as far as a typo could go. */
#define FIND_TEXT(bits)                                                                                           \
    static bool find_text##bits(const uint8_t *file, size_t size, struct text *ret)                               \
    {                                                                                                             \
        Elf##bits##_Ehdr header;                                                                                  \
        memcpy(&header, file, sizeof header);                                                                     \
        for (unsigned i = 0; i < header.e_shnum; i++) {                                                           \
            Elf##bits##_Shdr section, names;                                                                      \
            if (header.e_shoff + (i + 1) * sizeof section > size || header.e_shstrndx >= header.e_shnum)          \
                return false;                                                                                     \
            memcpy(&section, file + header.e_shoff + i * sizeof section, sizeof section);                         \
            memcpy(&names, file + header.e_shoff + header.e_shstrndx * sizeof names, sizeof names);               \
            if (names.sh_offset + section.sh_name + 6 > size || section.sh_offset + section.sh_size > size)       \
                continue;                                                                                         \
            if (strcmp((const char *)file + names.sh_offset + section.sh_name, ".text") != 0)                     \
                continue;                                                                                         \
            *ret = (struct text){bits == 64 ? MC_MODE_64 : MC_MODE_32, file + section.sh_offset, section.sh_size, \
                                 section.sh_addr};                                                                \
            return true;                                                                                          \
        }                                                                                                         \
        return false;                                                                                             \
    }
FIND_TEXT(64)
FIND_TEXT(32)

static struct mc_feature_set allowed_in(enum mc_mode mode)
{
    struct mc_feature_set set = {0};
    if (mode == MC_MODE_64)
        return mc_baseline_find("x86-64-v1")->features;
    static const enum mc_feature pentium[] = {MC_F_FPU, MC_F_TSC, MC_F_CX8};
    for (size_t i = 0; i < sizeof pentium / sizeof *pentium; i++)
        mc_set_add(&set, pentium[i]);
    return set;
}

static bool is_allowed(const struct mc_need *need, const struct mc_feature_set *allowed)
{
    for (unsigned i = 0; i < need->count; i++)
        if (mc_set_within(&need->alternatives[i], allowed))
            return true;
    return need->count == 0;
}

int main(int argc, char **argv)
{
    size_t size, decoded = 0, later = 0, unknown = 0;
    uint8_t *file = argc == 2 ? read_file(argv[1], &size) : NULL;
    struct text text;
    if (!file || memcmp(file, ELFMAG, SELFMAG) != 0 ||
        !(file[EI_CLASS] == ELFCLASS64 ? find_text64(file, size, &text) : find_text32(file, size, &text))) {
        fprintf(stderr, "usage: later_instructions ELF-FILE, with a .text section\n");
        return 2;
    }
    struct mc_feature_set allowed = allowed_in(text.mode);
    for (size_t at = 0; at < text.size; decoded++) {
        struct mc_class class;
        unsigned length = mc_decode_class(text.mode, text.bytes + at, text.size - at, &class);
        const struct mc_need *need = mc_need_at(class.need);
        if (length == 0) {
            unknown++;
            printf("0x%llx: no instruction\n", (unsigned long long)(text.address + at));
        } else if (need->absent != MC_ABSENT_NOP && !is_allowed(need, &allowed)) {
            if (later++ < 10)
                printf("0x%llx: %s needs %s\n", (unsigned long long)(text.address + at), need->text,
                       mc_features[need->feature].name);
        }
        at += length ? length : 1;
    }
    printf("%zu instructions, %zu later than the baseline, %zu unknown\n", decoded, later, unknown);
    free(file);
    return later || unknown ? 1 : 0;
}
