/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the fuzz target in ordinary tests: on files given as arguments, else on the built files and on mutations of them that
 * are the same in every run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/image/elf_builder.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static uint64_t state = 0x9e3779b97f4a7c15;

static uint64_t next_random(void) /* xorshift64 */
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void mutate(struct built *built)
{
    static const uint64_t values[] = {0, 1, 7, 0xff, 0x600, 0x1000, 0x2000, 0x7fffffff, 0x80000000, UINT64_MAX};
    size_t changes = 1 + next_random() % 4;
    for (size_t i = 0; i < changes; i++) {
        /* mostly where structure is: headers, tables, the section headers */
        size_t limit = next_random() % 4 ? BUILT_TEXT : BUILT_SIZE - 8;
        size_t offset = (next_random() % 8 ? next_random() % limit : BUILT_SECTIONS + next_random() % 0x180);
        unsigned width = 1u << next_random() % 4;
        uint64_t value = next_random() % 2 ? values[next_random() % 10] : next_random();
        put_word(built, offset, width, value);
    }
    if (next_random() % 8 == 0)
        built->size = next_random() % BUILT_SIZE;
}

/* A copy of exactly the size, so that a sanitizer sees the first byte read beyond. */
static void run(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        exit(2);
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void run_archive(const struct built *built)
{
    uint8_t bytes[8 + 60 + BUILT_SIZE];
    char header[61];
    snprintf(header, sizeof header, "%-16s%-12d%-6d%-6d%-8s%-10zu`\n", "x.o/", 0, 0, 0, "644", built->size);
    memcpy(bytes, "!<arch>\n", 8);
    memcpy(bytes + 8, header, 60);
    memcpy(bytes + 68, built->bytes, built->size);
    bytes[next_random() % 68] ^= next_random() % 4 ? 0 : (uint8_t)next_random();
    run(bytes, 68 + built->size);
}

static void run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    static uint8_t bytes[1 << 24];
    if (!file)
        exit(2);
    run(bytes, fread(bytes, 1, sizeof bytes, file));
    fclose(file);
}

int main(int count, char **arguments)
{
    for (int i = 1; i < count; i++)
        run_file(arguments[i]);
    for (unsigned i = 0; count == 1 && i < 40000; i++) {
        struct built built;
        if (i & 2)
            build_object(&built, i & 1);
        else
            build_shared(&built, i & 1);
        if (i & 4)
            built_drop_sections(&built);
        if (i >= 8)
            mutate(&built);
        run(built.bytes, built.size);
        if (i % 16 == 0)
            run_archive(&built);
    }
    printf("%s\n", count > 1 ? "files replayed" : "40000 inputs");
    return 0;
}
