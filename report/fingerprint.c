/* SPDX-License-Identifier: Apache-2.0 */
#include "report/fingerprint.h"

#include "scanner/evidence.h"

#include <sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What compilers append to the names of local functions in whole-program builds: it changes from build to build. */
static const char *const passing_suffixes[] = {".lto_priv.", ".llvm.", ".__uniq."};

static uint64_t hash_name(uint64_t hash, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof passing_suffixes / sizeof *passing_suffixes; i++) {
        const char *suffix = strstr(name, passing_suffixes[i]);
        if (suffix && suffix != name && (size_t)(suffix - name) < length)
            length = (size_t)(suffix - name);
    }
    return mc_hash_bytes(hash, name, length);
}

/* "./lib/libfoo.so.1.2" -> "lib/libfoo.so" */
static char *stable_path(const char *path)
{
    while (path[0] == '.' && path[1] == '/')
        path += 2 + strspn(path + 2, "/");
    char *copy = strdup(path);
    if (!copy)
        mc_out_of_memory();
    char *version = strstr(copy, ".so.");
    if (version && version[4 + strspn(version + 4, "0123456789.")] == 0)
        version[3] = 0;
    return copy;
}

static int by_group(const void *a, const void *b)
{
    const uint64_t *x = *(const uint64_t *const *)a, *y = *(const uint64_t *const *)b;
    if (*x != *y)
        return *x < *y ? -1 : 1;
    return x < y ? -1 : x > y; /* the place in the list, which is the order of addresses */
}

/* Numbers the findings within their groups. */
static void number_groups(struct mc_fingerprints *prints, size_t count)
{
    uint64_t **order = mc_realloc(NULL, count, sizeof *order);
    for (size_t i = 0; i < count; i++)
        order[i] = &prints->groups[i];
    qsort(order, count, sizeof *order, by_group);
    for (size_t i = 0; i < count; i++) {
        size_t index = (size_t)(order[i] - prints->groups);
        bool same = i && *order[i - 1] == *order[i];
        prints->numbers[index] = same ? prints->numbers[order[i - 1] - prints->groups] + 1 : 0;
    }
    free(order);
}

void mc_fingerprints_open(struct mc_fingerprints *ret, const struct mc_file_result *result)
{
    size_t count = result->finding_count;
    *ret = (struct mc_fingerprints){.result = result, .file = stable_path(result->path)};
    if (!count)
        return;
    ret->groups = mc_realloc(NULL, count, sizeof *ret->groups);
    ret->numbers = mc_realloc(NULL, count, sizeof *ret->numbers);
    uint64_t function = MC_HASH_START;
    for (size_t i = 0; i < count; i++) {
        const struct mc_finding *finding = &result->findings[i];
        if (finding->function)
            function = hash_name(MC_HASH_START, finding->function);
        else
            function = finding->function_code;
        const char *feature = mc_features[mc_need_at(finding->use.need)->feature].name;
        uint64_t group = mc_hash_bytes(function, feature, strlen(feature) + 1);
        ret->groups[i] = finding->rule ? mc_hash_bytes(group, finding->rule, strlen(finding->rule)) : group;
    }
    number_groups(ret, count);
}

void mc_fingerprint(const struct mc_fingerprints *prints, const struct mc_finding *finding, char ret[MC_FINGERPRINT_SIZE])
{
    size_t index = (size_t)(finding - prints->result->findings);
    SHA2_CTX context;
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256Init(&context);
    SHA256Update(&context, (const uint8_t *)prints->file, strlen(prints->file) + 1);
    SHA256Update(&context, (const uint8_t *)&prints->groups[index], sizeof prints->groups[index]);
    SHA256Update(&context, (const uint8_t *)&prints->numbers[index], sizeof prints->numbers[index]);
    SHA256Final(digest, &context);
    for (size_t i = 0; i < (MC_FINGERPRINT_SIZE - 1) / 2; i++)
        snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}

void mc_fingerprints_close(struct mc_fingerprints *prints)
{
    free(prints->file);
    free(prints->groups);
    free(prints->numbers);
    *prints = (struct mc_fingerprints){0};
}
