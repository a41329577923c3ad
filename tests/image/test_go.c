/* SPDX-License-Identifier: Apache-2.0 */
/* Go's function table in its four layouts and both pointer sizes, whole and damaged, put into a built file without
 * section headers; and a program made by the Go compiler where there is one, held against the compiler's own list. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "scanner/entries.h"
#include "scanner/sweep_private.h"
#include "tests/image/elf_builder.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

enum { TABLE = 0x1300, FIRST = BUILT_TEXT + 0x58, SECOND = BUILT_TEXT + 0x60, END = BUILT_TEXT + 0x78 };

struct writer {
    struct built *built;
    size_t at;
    unsigned word;
};

static void put(struct writer *writer, unsigned width, uint64_t value)
{
    put_word(writer->built, writer->at, width, value);
    writer->at += width;
}

/* Names at 0x60 from the table's start, function records at 0x80, the function table at 0xa0 (1.2: behind the header).
 */
static void put_table(struct built *built, uint32_t magic)
{
    struct writer writer = {built, TABLE, built->wide ? 8 : 4};
    bool relative = magic == 0xfffffff0 || magic == 0xfffffff1, oldest = magic == 0xfffffffb;
    put(&writer, 4, magic);
    put(&writer, 4, (uint64_t)writer.word << 24 | 1 << 16);
    put(&writer, writer.word, 2);
    if (!oldest) {
        put(&writer, writer.word, 0);
        if (relative)
            put(&writer, writer.word, BUILT_TEXT);
        put(&writer, writer.word, 0x60);
        for (int i = 0; i < 3; i++)
            put(&writer, writer.word, 0);
        put(&writer, writer.word, 0xa0);
        writer.at = TABLE + 0xa0;
    }
    uint64_t records = oldest ? 0x80 : 0x80 - 0xa0; /* since 1.16 counted from the function table */
    unsigned width = relative ? 4 : writer.word;
    uint64_t origin = relative ? BUILT_TEXT : 0;
    if (!oldest) /* records must lie behind the table they are counted from */
        records = 0x38;
    const uint64_t starts[] = {FIRST, SECOND};
    for (int i = 0; i < 2; i++) {
        put(&writer, width, starts[i] - origin);
        put(&writer, width, records + (uint64_t)i * 16);
    }
    put(&writer, width, END - origin);
    static const char names[] = "main.first\0main.second";
    memcpy(built->bytes + TABLE + 0x60 - (oldest ? 0x20 : 0), names, sizeof names);
    for (int i = 0; i < 2; i++) {
        size_t record = TABLE + (oldest ? 0 : 0xa0) + records + (size_t)i * 16;
        put_word(built, record, width, starts[i] - origin);
        put_word(built, record + width, 4, (oldest ? 0x40 : 0) + (i ? sizeof "main.first" : 0));
    }
}

static void build(struct built *built, bool wide, uint32_t magic)
{
    build_shared(built, wide);
    built_drop_sections(built);
    memset(built->bytes + TABLE, 0, 0x100);
    put_table(built, magic);
}

static const uint32_t magics[] = {0xfffffffb, 0xfffffffa, 0xfffffff0, 0xfffffff1};

Test(go, every_layout)
{
    for (size_t i = 0; i < COUNT(magics) * 2; i++) {
        struct built built;
        struct mc_error warning;
        build(&built, i & 1, magics[i / 2]);
        struct mc_image *image = mc_image_from_bytes("go", built.bytes, built.size, NULL);
        struct mc_entries *entries = mc_entries_find(image, &image->arena, &warning);
        mc_entries_name(image, entries);
        const struct mc_entry *first = mc_entry_at(entries, FIRST), *second = mc_entry_at(entries, SECOND);
        cr_assert_eq(warning.kind, MC_ERROR_NONE, "magic %#x: %s", magics[i / 2], warning.text);
        cr_assert(first && second, "magic %#x, %u bits", magics[i / 2], i & 1 ? 64 : 32);
        cr_assert_eq(first->sources, MC_ENTRY_GO);
        cr_assert_eq(first->end, SECOND);
        cr_assert_eq(second->end, END);
        cr_assert(first->name && !strcmp(first->name, "main.first"), "magic %#x: %s", magics[i / 2], first->name);
        cr_assert(second->name && !strcmp(second->name, "main.second"), "%s", second->name);
        mc_image_free(image);
    }
}

/* Every byte of the table replaced by values that lie: no crash, and entries only in code. */
Test(go, damaged)
{
    static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
    for (size_t i = 0; i < COUNT(magics) * 2; i++)
        for (size_t at = 0; at < 0x100; at++)
            for (size_t v = 0; v < COUNT(values); v++) {
                struct built built;
                build(&built, i & 1, magics[i / 2]);
                built.bytes[TABLE + at] = values[v];
                struct mc_image *image = mc_image_from_bytes("go", built.bytes, built.size, NULL);
                struct mc_entries *entries = mc_entries_find(image, &image->arena, NULL);
                mc_entries_name(image, entries);
                for (size_t e = 0; e < entries->count; e++)
                    cr_assert(mc_image_is_code(image, entries->items[e].address));
                mc_image_free(image);
            }
}

struct seen {
    uint64_t places[64];
    size_t count;
};

static void note_method(void *context, uint64_t place, uint64_t function)
{
    struct seen *seen = context;
    cr_assert(function == FIRST || function == SECOND);
    cr_assert_lt(seen->count, COUNT(seen->places));
    seen->places[seen->count++] = place;
}

enum { ROWS = BUILT_DATA + 0x210, NAME = 0x10, TYPE = 0x4, ROW_COUNT = 10 };

static void put_row(struct built *built, size_t at, uint64_t name, uint64_t type, uint64_t first, uint64_t second)
{
    const uint64_t row[] = {name, type, first - BUILT_TEXT, second - BUILT_TEXT};
    for (unsigned i = 0; i < 4; i++)
        put_word(built, at + 4 * i, 4, row[i]);
}

/* Ten rows of methods; what stands before them looks like one, too: a name that is none, an interface's pairs of name and type. */
Test(go, rows_of_methods)
{
    static const char name[] = "\1\3Sum";
    for (int what = 0; what < 3; what++) {
        struct built built;
        struct seen seen = {.count = 0};
        build(&built, true, magics[3]);
        memset(built.bytes + BUILT_DATA, 0, NAME + 0x80);
        memcpy(built.bytes + BUILT_DATA + NAME, name, sizeof name);
        memcpy(built.bytes + BUILT_DATA + (FIRST - BUILT_TEXT), name, sizeof name);
        for (size_t i = 0; i < ROW_COUNT; i++)
            put_row(&built, ROWS + 16 * i, NAME, TYPE, SECOND, SECOND);
        if (what == 1)
            put_row(&built, ROWS - 16, NAME + 1, TYPE, SECOND, SECOND);
        if (what == 2)
            put_row(&built, ROWS - 16, NAME, TYPE, FIRST, SECOND);
        struct mc_image *image = mc_image_from_bytes("go", built.bytes, built.size, NULL);
        struct mc_entries *entries = mc_entries_find(image, &image->arena, NULL);
        mc_sweep_go_methods(image, entries, note_method, &seen);
        cr_assert_eq(seen.count, 2 * ROW_COUNT, "%d: %zu", what, seen.count);
        cr_assert_eq(seen.places[0], ROWS + BUILT_LIFT + 8);
        mc_image_free(image);
    }
}

/* A word in read-only data that equals a function's start: by chance, a function value, one of an itab's functions. */
Test(go, words_that_look_like_functions)
{
    enum { PLACE = BUILT_LSDA + 0x20 };
    for (int what = 0; what < 3; what++) {
        struct built built;
        build(&built, true, magics[3]);
        put_word(&built, 16, 2, 2); /* ET_EXEC */
        memset(built.bytes + BUILT_LSDA, 0xff, 0x40);
        put_word(&built, PLACE, 8, FIRST);
        if (what == 2) {
            put_word(&built, PLACE - 24, 8, BUILT_DATA + BUILT_LIFT);
            put_word(&built, PLACE - 16, 8, BUILT_DATA + BUILT_LIFT + 8);
            put_word(&built, PLACE - 8, 8, 0x12345678);
        }
        struct mc_image *image = mc_image_from_bytes("go", built.bytes, built.size, NULL);
        struct mc_entries *entries = mc_entries_find(image, &image->arena, NULL);
        struct mc_reference items[] = {{SECOND, PLACE, MC_REF_LEA}, {PLACE, FIRST, MC_REF_DATA}};
        struct mc_references references = {.items = items + (what != 1), .count = what == 1 ? 2 : 1};
        size_t before = references.count;
        mc_sweep_drop_go_chances(image, entries, &references);
        cr_assert_eq(references.count, what ? before : 0, "%d", what);
        mc_image_free(image);
    }
}

/* The compiler's own list of functions, of a program that imports nothing: starts must agree, sizes are padded by us.
 */
Test(go, as_the_compiler_lists_them)
{
    static const char make[] =
        "d=$(mktemp -d) && cd $d && printf 'package main\\nfunc main() { println(1) }\\n' >m.go && "
        "GO111MODULE=off GOCACHE=$d/c HOME=$d go build -o m m.go 2>/dev/null && "
        "go tool nm -size m | awk '$3==\"T\"||$3==\"t\"{print $1}' >l && strip m && echo $d";
    char folder[256], path[600], line[64];
    FILE *shell = popen(make, "r");
    bool made = fgets(folder, sizeof folder, shell) != NULL;
    pclose(shell);
    if (!made)
        cr_skip_test("no Go compiler here");
    folder[strcspn(folder, "\n")] = 0;
    snprintf(path, sizeof path, "%s/m", folder);
    struct mc_error error = {0};
    struct mc_image *image = mc_image_open(path, &error);
    cr_assert_not_null(image, "%s", error.text);
    struct mc_entries *entries = mc_entries_find(image, &image->arena, NULL);
    snprintf(path, sizeof path, "%s/l", folder);
    FILE *list = fopen(path, "r");
    size_t known = 0, missing = 0;
    while (fgets(line, sizeof line, list)) {
        const struct mc_entry *entry = mc_entry_at(entries, strtoull(line, NULL, 16));
        known += entry && entry->sources & MC_ENTRY_GO;
        missing += !entry;
    }
    fclose(list);
    mc_image_free(image);
    snprintf(path, sizeof path, "chmod -R u+w '%s'; rm -rf '%s'", folder, folder);
    cr_assert_eq(system(path), 0);
    cr_assert_gt(known, 500, "%zu functions", known);
    cr_assert_leq(missing, 4, "%zu of the compiler's names (text markers) are no entries", missing);
}
