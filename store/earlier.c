/* SPDX-License-Identifier: Apache-2.0 */
#include "store/earlier.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA "maskcheck/scan/1"

static void add(struct mc_earlier *earlier, const json_t *value)
{
    const char *text = json_string_value(value);
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        mc_out_of_memory();
    if (copy)
        mc_push(&earlier->fingerprints, copy);
}

/* False: it is not what a report says of a file. */
static bool add_file(struct mc_earlier *earlier, const json_t *file)
{
    const json_t *uses = json_object_get(file, "uses"), *unlisted = json_object_get(file, "unlisted");
    if (!json_is_array(uses) || !json_is_array(unlisted))
        return false;
    for (size_t i = 0; i < json_array_size(uses); i++)
        add(earlier, json_object_get(json_array_get(uses, i), "fingerprint"));
    for (size_t i = 0; i < json_array_size(unlisted); i++)
        add(earlier, json_array_get(unlisted, i));
    return true;
}

/* A document, a line for a file, or the line with the summary. */
static bool add_document(struct mc_earlier *earlier, const json_t *document)
{
    const char *schema = json_string_value(json_object_get(document, "schema"));
    const json_t *files = json_object_get(document, "files");
    if (!schema || strcmp(schema, SCHEMA) != 0)
        return false;
    if (!files)
        return json_object_get(document, "summary") || add_file(earlier, document);
    for (size_t i = 0; i < json_array_size(files); i++)
        if (!add_file(earlier, json_array_get(files, i)))
            return false;
    return json_is_array(files);
}

static bool read_documents(FILE *stream, struct mc_earlier *earlier, struct mc_error *ret_error)
{
    for (size_t count = 0;; count++) {
        json_error_t problem;
        int next;
        while ((next = getc(stream)) == '\n' || next == ' ' || next == '\r' || next == '\t')
            continue;
        if (next == EOF && count)
            return true;
        if (next != EOF)
            ungetc(next, stream);
        json_t *document = json_loadf(stream, JSON_DISABLE_EOF_CHECK, &problem);
        bool good = document && add_document(earlier, document);
        json_decref(document);
        if (good)
            continue;
        if (document)
            mc_fail(ret_error, MC_ERROR_UNSUPPORTED, MC_NO_OFFSET, "not a report of schema " SCHEMA);
        else
            mc_fail(ret_error, MC_ERROR_UNSUPPORTED, MC_NO_OFFSET, "no JSON: line %d: %s", problem.line, problem.text);
        return false;
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool mc_earlier_open(const char *path, struct mc_earlier *ret, struct mc_error *ret_error)
{
    FILE *stream = fopen(path, "re");
    *ret = (struct mc_earlier){0};
    if (!stream)
        return mc_fail(ret_error, MC_ERROR_IO, MC_NO_OFFSET, "cannot read: %s", strerror(errno));
    bool good = read_documents(stream, ret, ret_error);
    fclose(stream);
    if (!good)
        mc_earlier_free(ret);
    else if (ret->fingerprints.count)
        qsort(ret->fingerprints.items, ret->fingerprints.count, sizeof *ret->fingerprints.items, by_text);
    return good;
}

bool mc_earlier_has(const struct mc_earlier *earlier, const char *fingerprint)
{
    return earlier->fingerprints.count && bsearch(&fingerprint, earlier->fingerprints.items, earlier->fingerprints.count,
                                                  sizeof *earlier->fingerprints.items, by_text);
}

void mc_earlier_free(struct mc_earlier *earlier)
{
    for (size_t i = 0; i < earlier->fingerprints.count; i++)
        free(earlier->fingerprints.items[i]);
    mc_vector_free(&earlier->fingerprints);
}
