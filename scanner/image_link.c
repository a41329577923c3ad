/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/image_link.h"

#include "scanner/image_build.h"

#include <stdlib.h>
#include <string.h>

static const char *keep(struct mc_arena *arena, const char *text)
{
    return text ? mc_arena_strdup(arena, text) : NULL;
}

/* The image's headers and segments; to be closed whether or not. */
static bool open_headers(struct mc_image_build *build, struct mc_error *ret_error)
{
    struct mc_image *image = build->image;
    build->elf.bytes = image->mapping.bytes;
    build->elf.size = image->mapping.size;
    bool done = mc_elf_read_headers(&build->elf, &image->arena, &image->damage, ret_error);
    if (done && build->elf.header.e_type != ET_REL)
        done = mc_build_segments(build, ret_error);
    image->mode = build->elf.wide ? MC_MODE_64 : MC_MODE_32;
    return done;
}

static void close_image(struct mc_image *image)
{
    mc_mapping_close(&image->mapping);
    mc_arena_free(&image->arena);
}

static bool read_link_info(struct mc_image *image, struct mc_arena *arena, struct mc_link_info *ret, struct mc_error *ret_error)
{
    struct mc_image_build build = {.image = image};
    bool done = open_headers(&build, ret_error);
    if (done) {
        mc_build_dynamic_names(&build);
        *ret = (struct mc_link_info){.needed_count = image->needed_count,
                                     .soname = keep(arena, image->soname),
                                     .rpath = keep(arena, image->rpath),
                                     .runpath = keep(arena, image->runpath),
                                     .interpreter = keep(arena, image->interpreter),
                                     .wide = build.elf.wide};
        ret->needed = MC_NEW_ARRAY(arena, image->needed_count + 1, const char *);
        for (size_t i = 0; i < image->needed_count; i++)
            ret->needed[i] = keep(arena, image->needed[i]);
    }
    return done;
}

bool mc_image_link_info(const char *path, struct mc_arena *arena, struct mc_link_info *ret, struct mc_error *ret_error)
{
    struct mc_image image = {0};
    if (!mc_mapping_open(path, &image.mapping, ret_error))
        return false;
    bool done = read_link_info(&image, arena, ret, ret_error);
    close_image(&image);
    return done;
}

bool mc_image_link_info_of(const uint8_t *bytes, size_t size, struct mc_arena *arena, struct mc_link_info *ret,
                           struct mc_error *ret_error)
{
    struct mc_image image = {.mapping = {.bytes = bytes, .size = size}};
    bool done = read_link_info(&image, arena, ret, ret_error);
    mc_arena_free(&image.arena);
    return done;
}

static int compare_names(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

bool mc_image_link_imports(const char *path, const char *const *names, size_t name_count, struct mc_arena *arena, const char ***ret,
                           size_t *ret_count)
{
    struct mc_image image = {0};
    struct mc_image_build build = {.image = &image};
    struct mc_error error;
    *ret = MC_NEW_ARRAY(arena, name_count + 1, const char *);
    *ret_count = 0;
    if (!mc_mapping_open(path, &image.mapping, &error))
        return false;
    bool done = open_headers(&build, &error);
    if (done && build.elf.header.e_type != ET_REL)
        mc_build_dynamic(&build);
    const struct mc_symbol_table *symbols = &build.tables[MC_TABLE_DYNAMIC];
    for (size_t i = 0; done && i < symbols->records.count && *ret_count < name_count; i++) {
        Elf64_Sym symbol = mc_elf_symbol(build.elf.wide, &symbols->records, i);
        const char *name = symbol.st_name < symbols->strings.size ? symbols->strings.bytes + symbol.st_name : "";
        if (symbol.st_shndx != SHN_UNDEF || !*name)
            continue;
        const char *const *found = bsearch(name, names, name_count, sizeof *names, compare_names);
        bool again = !found;
        for (size_t k = 0; k < *ret_count && !again; k++) /* under two versions */
            again = (*ret)[k] == *found;
        if (!again)
            (*ret)[(*ret_count)++] = *found;
    }
    close_image(&image);
    return done;
}
