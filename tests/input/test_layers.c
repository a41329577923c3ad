/* SPDX-License-Identifier: Apache-2.0 */
/* Layers of container images: what is seen of them, row by row. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "input/layers.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

struct row {
    const char *upper; /* the one member of the upper layer; a folder when it ends with / */
    const char *name;  /* a file of the lower one */
    bool seen;
};

Test(layers, one_member_above)
{
    static const struct row rows[] = {
        {"usr/bin/b", "usr/bin/a", true},
        {"usr/bin/a", "usr/bin/a", false},
        {"usr/bin/a/", "usr/bin/a", false},
        {"usr/bin/.wh.a", "usr/bin/a", false},
        {"usr/bin/.wh.a", "usr/bin/ab", true},
        {"usr/bin/.wh.a", "opt/a", true},
        {".wh.usr", "usr/bin/a", false},
        {"usr/.wh.bin", "usr/bin/a", false},
        {"usr/.wh.bin", "usr/bin2/a", true},
        {"usr/", "usr/bin/a", true},
        {"usr", "usr/bin/a", false},
        {"usr/bin", "usr/bin/a", false},
        {"usr/.wh..wh..opq", "usr/bin/a", false},
        {"usr/.wh..wh..opq", "usr/a", false},
        {"usr/.wh..wh..opq", "usr2/a", true},
        {".wh..wh..opq", "usr/bin/a", false},
        {".wh..wh..opq", "a", false},
        {".wh.a", "a", false},
        {"usr/bin/.wh.a", "usr/bin/.wh.b", false}, /* a whiteout is no file */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mc_layers layers = {0};
        struct mc_layer *stack[2] = {mc_layers_add(&layers, "low"), mc_layers_add(&layers, "high")};
        size_t length = strlen(rows[i].upper);
        bool folder = rows[i].upper[length - 1] == '/';
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)(length - folder), rows[i].upper);
        mc_layers_stack(&layers, stack, 2);
        mc_layer_note(&layers, stack[0], rows[i].name, false);
        mc_layer_note(&layers, stack[1], name, folder);
        cr_expect_eq(mc_layer_shows(stack[0], rows[i].name), rows[i].seen, "%s under %s", rows[i].name, rows[i].upper);
        mc_layers_free(&layers);
    }
}

Test(layers, a_layer_does_not_hide_its_own_files)
{
    struct mc_layers layers = {0};
    struct mc_layer *layer = mc_layers_add(&layers, "one");
    mc_layers_stack(&layers, &layer, 1);
    mc_layer_note(&layers, layer, "etc/.wh..wh..opq", false);
    mc_layer_note(&layers, layer, "etc/new", false);
    cr_expect(mc_layer_shows(layer, "etc/new"));
    mc_layers_free(&layers);
}

Test(layers, seen_in_one_image_is_seen)
{
    struct mc_layers layers = {0};
    struct mc_layer *stack[2] = {mc_layers_add(&layers, "low"), mc_layers_add(&layers, "high")};
    cr_expect_eq(mc_layers_add(&layers, "low"), stack[0]);
    cr_expect_null(mc_layers_find(&layers, "none"));
    mc_layer_note(&layers, stack[1], ".wh.a", false);
    mc_layers_stack(&layers, stack, 2);
    cr_expect_not(mc_layer_shows(stack[0], "a"));
    mc_layers_stack(&layers, stack, 1);
    cr_expect(mc_layer_shows(stack[0], "a"));
    mc_layers_free(&layers);
}
