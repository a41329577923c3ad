/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/inputs.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void add(struct mc_inputs *inputs, const char *path, uint64_t size, bool named)
{
    struct mc_scan_item item = {mc_arena_strdup(&inputs->arena, path), size, named};
    mc_push(&inputs->items, item);
}

static void add_folder(struct mc_inputs *inputs, const char *path)
{
    char *root = mc_arena_strdup(&inputs->arena, path);
    char *const roots[] = {root, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (!tree) {
        add(inputs, path, 0, true);
        return;
    }
    for (FTSENT *node; (node = fts_read(tree));)
        if (node->fts_info == FTS_F && S_ISREG(node->fts_statp->st_mode))
            add(inputs, node->fts_path, (uint64_t)node->fts_statp->st_size, false);
    fts_close(tree);
}

void mc_inputs_add_path(struct mc_inputs *inputs, const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        add(inputs, path, 0, true);
    else if (S_ISDIR(status.st_mode))
        add_folder(inputs, path);
    else
        add(inputs, path, S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0, true);
}

bool mc_inputs_add_list(struct mc_inputs *inputs, const char *list, bool zero, struct mc_error *ret_error)
{
    bool from_stdin = strcmp(list, "-") == 0;
    FILE *stream = from_stdin ? stdin : fopen(list, "re");
    if (!stream)
        return mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET, "cannot open the list of files: %s", strerror(errno));
    char *line = NULL;
    size_t capacity = 0;
    int separator = zero ? 0 : '\n';
    for (ssize_t length; (length = getdelim(&line, &capacity, separator, stream)) > 0;) {
        if (line[length - 1] == separator)
            line[--length] = 0;
        if (length > 0)
            mc_inputs_add_path(inputs, line);
    }
    bool failed = ferror(stream);
    free(line);
    if (!from_stdin)
        fclose(stream);
    return !failed || mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET, "cannot read the list of files");
}

static int by_path(const void *a, const void *b)
{
    const struct mc_scan_item *x = a, *y = b;
    int order = strcmp(x->path, y->path);
    return order ? order : y->named - x->named;
}

void mc_inputs_sort(struct mc_inputs *inputs)
{
    size_t kept = 0;
    if (!inputs->items.count)
        return;
    qsort(inputs->items.items, inputs->items.count, sizeof *inputs->items.items, by_path);
    for (size_t i = 0; i < inputs->items.count; i++)
        if (i == 0 || strcmp(inputs->items.items[i].path, inputs->items.items[kept - 1].path) != 0)
            inputs->items.items[kept++] = inputs->items.items[i];
    inputs->items.count = kept;
}

void mc_inputs_free(struct mc_inputs *inputs)
{
    mc_vector_free(&inputs->items);
    mc_arena_free(&inputs->arena);
}
