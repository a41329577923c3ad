/* SPDX-License-Identifier: Apache-2.0 */
/* Our decoder against Zydis: lengths, flow and operands of random bytes and of the code of installed files. Prints TAP.
 *   against_zydis fuzz [ROUNDS [SEED]]
 *   against_zydis files [SEED]          a sample of /usr/bin and /usr/lib; with MASKCHECK_ALL=1 in the environment all
 * files Where the two differ, compare.c must know why; what it does not know is a failure. */
#define _GNU_SOURCE /* nftw */
#include "tests/decode/compare.h"

#include <elf.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static uint64_t state;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static unsigned one_of(const uint8_t *bytes, unsigned count)
{
    return bytes[next_random() % count];
}

/* Random bytes with a bias to what is long: prefixes, REX, every escape, valid VEX, EVEX and XOP payloads. */
static void make_bytes(uint8_t bytes[40])
{
    static const uint8_t prefixes[] = {0x66, 0xf2, 0xf3, 0x67, 0xf0, 0x2e, 0x64};
    for (unsigned i = 0; i < 40; i++)
        bytes[i] = (uint8_t)(next_random() >> 56);
    unsigned at = 0;
    for (unsigned i = 0; i < 2; i++)
        if (next_random() % 3 == 0)
            bytes[at++] = (uint8_t)one_of(prefixes, sizeof prefixes);
    if (next_random() % 4 == 0)
        bytes[at++] = 0x40 | (uint8_t)(next_random() % 16);
    switch (next_random() % 8) {
    case 1:
    case 2:
        bytes[at] = 0x0f;
        break;
    case 3:
        bytes[at++] = 0x0f;
        bytes[at] = next_random() & 1 ? 0x38 : 0x3a;
        break;
    case 4:
        bytes[at] = 0xc5;
        break;
    case 5:
        bytes[at] = 0xc4;
        bytes[at + 1] = (bytes[at + 1] & 0xe0) | (uint8_t)(1 + next_random() % 3);
        bytes[at + 2] |= next_random() & 1 ? 0x78 : 0;
        break;
    case 6:
        bytes[at] = 0x62;
        bytes[at + 1] = (bytes[at + 1] & 0xf0) | (uint8_t)(1 + next_random() % 6);
        bytes[at + 2] |= 4 | (next_random() & 1 ? 0x78 : 0);
        bytes[at + 3] = (bytes[at + 3] | 8) & (next_random() & 1 ? 0x68 : 0xff);
        break;
    case 7:
        bytes[at] = 0x8f;
        bytes[at + 1] = (bytes[at + 1] & 0xe0) | (uint8_t)(8 + next_random() % 3);
        break;
    default:
        break;
    }
}

static int fuzz(unsigned long rounds, uint64_t seed)
{
    struct comparison comparison;
    comparison_open(&comparison);
    printf("# seed %llu, %lu rounds\n", (unsigned long long)seed, rounds);
    state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (unsigned long i = 0; i < rounds; i++) {
        uint8_t bytes[40];
        make_bytes(bytes);
        compare(&comparison, i & 1 ? MC_MODE_64 : MC_MODE_32, bytes, i % 3 ? sizeof bytes : i % 16, "random bytes");
    }
    return comparison_report(&comparison, "random bytes");
}

struct paths {
    char **items;
    size_t count, capacity;
} paths;

static int collect(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)where;
    if (type != FTW_F || !S_ISREG(status->st_mode) || status->st_size < (off_t)sizeof(Elf64_Ehdr))
        return 0;
    if (paths.count == paths.capacity) {
        paths.capacity = paths.capacity ? 2 * paths.capacity : 4096;
        paths.items = realloc(paths.items, paths.capacity * sizeof *paths.items);
    }
    if (paths.items)
        paths.items[paths.count++] = strdup(path);
    return 0;
}

/* Every instruction of a section, one after the other; after bytes that are none, the next byte. */
static void compare_section(struct comparison *comparison, enum mc_mode mode, const uint8_t *bytes, size_t size,
                            const char *path)
{
    while (size) {
        unsigned length = compare(comparison, mode, bytes, size, path);
        bytes += length ? length : 1;
        size -= length ? length : 1;
    }
}

#define EACH_SECTION(class, mode)                                                                                   \
    do {                                                                                                            \
        const Elf##class##_Ehdr *header = (const void *)file;                                                       \
        if (header->e_shoff > size || header->e_shnum * sizeof(Elf##class##_Shdr) > size - header->e_shoff)         \
            break;                                                                                                  \
        for (unsigned i = 0; i < header->e_shnum; i++) {                                                            \
            Elf##class##_Shdr section;                                                                              \
            memcpy(&section, file + header->e_shoff + i * sizeof section, sizeof section);                          \
            if (section.sh_type == SHT_PROGBITS && section.sh_flags & SHF_EXECINSTR && section.sh_offset <= size && \
                section.sh_size <= size - section.sh_offset) {                                                      \
                compare_section(comparison, mode, file + section.sh_offset, section.sh_size, path);                 \
                total += section.sh_size;                                                                           \
            }                                                                                                       \
        }                                                                                                           \
    } while (0)

/* Bytes of code in the file; 0 when it is no x86 ELF file. */
static size_t compare_file(struct comparison *comparison, const char *path)
{
    size_t total = 0;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (descriptor < 0)
        return 0;
    uint8_t *file = MAP_FAILED;
    if (fstat(descriptor, &status) == 0 && status.st_size >= (off_t)sizeof(Elf64_Ehdr))
        file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    if (file == MAP_FAILED)
        return 0;
    size_t size = (size_t)status.st_size;
    uint16_t machine;
    memcpy(&machine, file + offsetof(Elf64_Ehdr, e_machine), sizeof machine);
    if (memcmp(file, ELFMAG, SELFMAG) == 0 && machine == EM_X86_64 && file[EI_CLASS] == ELFCLASS64)
        EACH_SECTION(64, MC_MODE_64);
    else if (memcmp(file, ELFMAG, SELFMAG) == 0 && machine == EM_386 && file[EI_CLASS] == ELFCLASS32)
        EACH_SECTION(32, MC_MODE_32);
    munmap(file, size);
    return total;
}

#define SAMPLE_BYTES (48u << 20)

static int files(uint64_t seed)
{
    struct comparison comparison;
    comparison_open(&comparison);
    const char *all = getenv("MASKCHECK_ALL");
    bool whole = all && strcmp(all, "1") == 0;
    nftw("/usr/bin", collect, 32, FTW_PHYS);
    nftw("/usr/lib", collect, 32, FTW_PHYS);
    state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    size_t count = 0, bytes = 0;
    for (size_t i = 0; i < paths.count && (whole || bytes < SAMPLE_BYTES); i++) {
        size_t pick = i + next_random() % (paths.count - i);
        char *path = paths.items[pick];
        paths.items[pick] = paths.items[i];
        size_t code = compare_file(&comparison, path);
        bytes += code;
        count += code != 0;
        free(path);
    }
    printf("# %s: seed %llu, %zu files, %zu bytes of code\n", whole ? "all files" : "a sample",
           (unsigned long long)seed, count, bytes);
    return comparison_report(&comparison, "code of installed files");
}

int main(int count, char **arguments)
{
    if (count >= 2 && strcmp(arguments[1], "fuzz") == 0)
        return fuzz(count > 2 ? strtoul(arguments[2], NULL, 0) : 3000000,
                    count > 3 ? strtoull(arguments[3], NULL, 0) : 1);
    if (count >= 2 && strcmp(arguments[1], "files") == 0)
        return files(count > 2 ? strtoull(arguments[2], NULL, 0) : (uint64_t)time(NULL));
    fputs("usage: against_zydis fuzz [ROUNDS [SEED]] | files [SEED]\n", stderr);
    return 2;
}
