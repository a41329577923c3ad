/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/image_link.h"

#include "scanner/image_build.h"

static const char *keep(struct mc_arena *arena, const char *text)
{
    return text ? mc_arena_strdup(arena, text) : NULL;
}

bool mc_image_link_info(const char *path, struct mc_arena *arena, struct mc_link_info *ret, struct mc_error *ret_error)
{
    struct mc_image image = {0};
    if (!mc_mapping_open(path, &image.mapping, ret_error))
        return false;
    struct mc_image_build build = {.image = &image, .elf = {.bytes = image.mapping.bytes, .size = image.mapping.size}};
    bool done = mc_elf_read_headers(&build.elf, &image.arena, &image.damage, ret_error);
    if (done && build.elf.header.e_type != ET_REL)
        done = mc_build_segments(&build, ret_error);
    if (done) {
        image.mode = build.elf.wide ? MC_MODE_64 : MC_MODE_32;
        mc_build_dynamic_names(&build);
        *ret = (struct mc_link_info){.needed_count = image.needed_count,
                                     .soname = keep(arena, image.soname),
                                     .rpath = keep(arena, image.rpath),
                                     .runpath = keep(arena, image.runpath),
                                     .interpreter = keep(arena, image.interpreter),
                                     .wide = build.elf.wide};
        ret->needed = MC_NEW_ARRAY(arena, image.needed_count + 1, const char *);
        for (size_t i = 0; i < image.needed_count; i++)
            ret->needed[i] = keep(arena, image.needed[i]);
    }
    mc_mapping_close(&image.mapping);
    mc_arena_free(&image.arena);
    return done;
}
