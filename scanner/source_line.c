/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/source_line.h"

#include <dlfcn.h>
#include <elfutils/libdw.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/elf_library.h"

/* The functions of libdw that are used: one list for the pointers and their loading. */
#define LIBDW_FUNCTIONS(X)                                                                                             \
    X(dwarf_begin_elf)                                                                                                 \
    X(dwarf_end)                                                                                                       \
    X(dwarf_nextcu)                                                                                                    \
    X(dwarf_offdie)                                                                                                    \
    X(dwarf_ranges)                                                                                                    \
    X(dwarf_getsrc_die)                                                                                                \
    X(dwarf_linesrc)                                                                                                   \
    X(dwarf_lineno)

static struct {
    bool loaded;
#define X(name) __typeof__(&name) name;
    LIBDW_FUNCTIONS(X)
#undef X
} libdw;

/* Never unloaded: it lives as long as the process. */
static void load_libdw(void)
{
    void *library = dlopen("libdw.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return;
    libdw.loaded = true;
#define X(name)                                                                                                        \
    libdw.name = (__typeof__(&name))dlsym(library, #name);                                                             \
    libdw.loaded = libdw.loaded && libdw.name;
    LIBDW_FUNCTIONS(X)
#undef X
}

struct unit_range { /* code of a compilation unit */
    uint64_t start, end;
    Dwarf_Off die;
};

struct mc_source_lines {
    uint8_t *copy; /* of the whole file, NULL when libdw can work on the image's bytes */
    Elf *elf;
    Dwarf *dwarf;
    MC_VECTOR(struct unit_range) units; /* by start */
};

static int compare_units(const void *left, const void *right)
{
    const struct unit_range *a = left, *b = right;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return a->die < b->die ? -1 : a->die > b->die;
}

/* Not every compiler writes .debug_aranges; the units' own ranges are always there. */
static void read_units(struct mc_source_lines *lines)
{
    Dwarf_Off offset = 0, next;
    size_t header;
    for (; libdw.dwarf_nextcu(lines->dwarf, offset, &next, &header, NULL, NULL, NULL) == 0 && next > offset;
         offset = next) {
        Dwarf_Die die;
        Dwarf_Addr base, start, end;
        ptrdiff_t step = 0;
        if (!libdw.dwarf_offdie(lines->dwarf, offset + header, &die))
            continue;
        while ((step = libdw.dwarf_ranges(&die, step, &base, &start, &end)) > 0)
            if (start && start < end) /* 0: code that the linker dropped */
                mc_push(&lines->units, ((struct unit_range){start, end, offset + header}));
    }
    if (lines->units.count)
        qsort(lines->units.items, lines->units.count, sizeof *lines->units.items, compare_units);
}

static bool has_debug_info(const struct mc_image *image)
{
    for (size_t i = 1; i < image->section_count; i++)
        if (!strcmp(image->sections[i].name, ".debug_info") || !strcmp(image->sections[i].name, ".zdebug_info"))
            return image->sections[i].type != SHT_NOBITS && image->sections[i].size != 0;
    return false;
}

/* Decompressing, libelf changes the section header where it lies. */
static bool has_compressed(const struct mc_image *image)
{
    for (size_t i = 1; i < image->section_count; i++)
        if (image->sections[i].flags & SHF_COMPRESSED || !strncmp(image->sections[i].name, ".zdebug", 7))
            return true;
    return false;
}

struct mc_source_lines *mc_source_lines_open(const struct mc_image *image)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (image->kind == MC_KIND_OBJECT || image->kind == MC_KIND_KERNEL_MODULE || !has_debug_info(image))
        return NULL;
    pthread_once(&once, load_libdw);
    if (!libdw.loaded)
        return NULL;
    struct mc_source_lines *lines = mc_realloc(NULL, 1, sizeof *lines);
    *lines = (struct mc_source_lines){0};
    if (has_compressed(image)) {
        lines->copy = mc_realloc(NULL, image->file_size, 1);
        memcpy(lines->copy, image->file, image->file_size);
    }
    lines->elf = mc_elf_library_open(lines->copy ? lines->copy : image->file, image->file_size);
    lines->dwarf = lines->elf ? libdw.dwarf_begin_elf(lines->elf, DWARF_C_READ, NULL) : NULL;
    if (!lines->dwarf) {
        mc_source_lines_close(lines);
        return NULL;
    }
    read_units(lines);
    return lines;
}

/* The last unit that starts at or before the address; units do not overlap in linked programs. */
static const struct unit_range *unit_of(const struct mc_source_lines *lines, uint64_t address)
{
    size_t low = 0, high = lines->units.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (lines->units.items[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low && address < lines->units.items[low - 1].end ? &lines->units.items[low - 1] : NULL;
}

const char *mc_source_line(struct mc_source_lines *lines, uint64_t address, struct mc_arena *arena)
{
    const struct unit_range *unit = lines ? unit_of(lines, address) : NULL;
    Dwarf_Die die;
    if (!unit || !libdw.dwarf_offdie(lines->dwarf, unit->die, &die))
        return NULL;
    Dwarf_Line *line = libdw.dwarf_getsrc_die(&die, address);
    const char *path = line ? libdw.dwarf_linesrc(line, NULL, NULL) : NULL;
    int number;
    if (!path || libdw.dwarf_lineno(line, &number) != 0 || number <= 0)
        return NULL;
    const char *slash = strrchr(path, '/');
    return mc_arena_printf(arena, "%s:%d", slash ? slash + 1 : path, number);
}

void mc_source_lines_close(struct mc_source_lines *lines)
{
    if (!lines)
        return;
    if (lines->dwarf)
        libdw.dwarf_end(lines->dwarf);
    mc_elf_library_close(lines->elf);
    free(lines->copy);
    mc_vector_free(&lines->units);
    free(lines);
}
