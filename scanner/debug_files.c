/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/debug_files.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

bool mc_debug_info_within(const struct mc_image *image)
{
    for (size_t i = 1; i < image->section_count; i++)
        if (!strcmp(image->sections[i].name, ".debug_info") || !strcmp(image->sections[i].name, ".zdebug_info"))
            return image->sections[i].type != SHT_NOBITS && image->sections[i].size != 0;
    return false;
}

/* The section .gnu_debuglink: a name, zeros up to a multiple of four bytes, CRC-32 (GDB manual, 18.3). NULL where there is none, or
 * the name is none. */
static const char *debug_link(const struct mc_image *image, uint32_t *ret_checksum)
{
    for (size_t i = 1; i < image->section_count; i++) {
        const struct mc_section *section = &image->sections[i];
        if (strcmp(section->name, ".gnu_debuglink") || section->type == SHT_NOBITS || section->file_offset > image->file_size ||
            section->size > image->file_size - section->file_offset || section->size < 8)
            continue;
        const char *name = (const char *)image->file + section->file_offset;
        size_t length = strnlen(name, section->size), place = (length + 4) & ~(size_t)3;
        if (!length || place > section->size - 4 || memchr(name, '/', length))
            return NULL;
        memcpy(ret_checksum, name + place, 4);
        return name;
    }
    return NULL;
}

/* Without the root that stands before MC_DEBUG_FOLDER. */
static const char *within_root(const char *path, const char *folder)
{
    size_t all = strlen(folder), last = strlen(MC_DEBUG_FOLDER), root = all > last ? all - last : 0;
    bool default_one = all >= last && !strcmp(folder + root, MC_DEBUG_FOLDER);
    return default_one && !strncmp(path, folder, root) && path[root] == '/' ? path + root : path;
}

size_t mc_debug_places(const struct mc_image *image, const char *folder, struct mc_arena *arena, const char *ret[MC_DEBUG_PLACES])
{
    char text[2 * sizeof image->build_id + 1];
    bool relocatable = image->kind == MC_KIND_OBJECT || image->kind == MC_KIND_KERNEL_MODULE;
    uint32_t checksum;
    size_t count = 0;
    if (relocatable || mc_debug_info_within(image))
        return 0;
    for (size_t i = 0; i < image->build_id_size; i++)
        snprintf(text + 2 * i, 3, "%02x", image->build_id[i]);
    if (image->build_id_size >= 2)
        ret[count++] = mc_arena_printf(arena, "%s/.build-id/%.2s/%s.debug", folder, text, text + 2);
    const char *name = debug_link(image, &checksum), *slash = strrchr(image->path, '/');
    if (!name)
        return count;
    const char *beside = slash ? mc_arena_strndup(arena, image->path, (size_t)(slash - image->path)) : ".";
    ret[count++] = mc_arena_printf(arena, "%s/%s", beside, name);
    ret[count++] = mc_arena_printf(arena, "%s/.debug/%s", beside, name);
    if (*beside == '/')
        ret[count++] = mc_arena_printf(arena, "%s%s/%s", folder, within_root(beside, folder), name);
    return count;
}

/* ISO 3309, as in zip and Ethernet: polynomial 0xEDB88320. */
static uint32_t crc32_of(const uint8_t *bytes, size_t size)
{
    uint32_t table[256], crc = UINT32_MAX;
    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int bit = 0; bit < 8; bit++)
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xEDB88320u : 0);
    }
    for (size_t i = 0; i < size; i++)
        crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 0xff];
    return ~crc;
}

bool mc_debug_link_fits(const struct mc_image *image, int file)
{
    struct stat status;
    uint32_t wanted;
    if (!debug_link(image, &wanted) || fstat(file, &status) != 0 || status.st_size <= 0)
        return false;
    size_t size = (size_t)status.st_size;
    uint8_t *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (bytes == MAP_FAILED)
        return false;
    bool fits = crc32_of(bytes, size) == wanted;
    munmap(bytes, size);
    return fits;
}
