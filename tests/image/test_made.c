/* SPDX-License-Identifier: Apache-2.0 */
/* Files that the compiler and linker of this build made from fixture.c: objects, archives, libraries, programs. Their
 * paths are the arguments of the folder FIXTURES (a compile definition); those that could not be made are skipped. */
#include <criterion/criterion.h>
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "scanner/archive.h"
#include "scanner/entries.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static struct mc_image *open_fixture(const char *name)
{
    char path[1024];
    struct mc_error error = {0};
    snprintf(path, sizeof path, "%s/%s", FIXTURES, name);
    if (access(path, R_OK) != 0)
        return NULL;
    struct mc_image *image = mc_image_open(path, &error);
    cr_assert_not_null(image, "%s: %s", name, error.text);
    cr_assert_eq(image->damage.kind, MC_ERROR_NONE, "%s: %s", name, image->damage.text);
    return image;
}

static const struct mc_symbol *symbol_named(const struct mc_image *image, const char *name)
{
    for (size_t i = 0; i < image->symbol_count; i++)
        if (image->symbols[i].defined && !strcmp(image->symbols[i].name, name))
            return &image->symbols[i];
    cr_assert_fail("%s: no symbol %s", image->path, name);
    return NULL;
}

static unsigned word_of(const struct mc_image *image)
{
    return image->mode == MC_MODE_64 ? 8 : 4;
}

/* ---- calls: what a direct call reaches, through a PLT stub where there is one ---- */

static void name_target(const struct mc_image *image, const struct mc_entries *entries, uint64_t target, char *name)
{
    const struct mc_import *import = mc_image_import_at(image, target);
    const struct mc_entry *entry = mc_entry_at(entries, target);
    const struct mc_symbol *symbol = mc_image_symbol_for(image, target);
    const char *found = import                 ? import->symbol->name
                        : entry && entry->name ? entry->name
                        : symbol               ? symbol->name
                                               : "?";
    snprintf(name, 64, "%.*s", (int)strcspn(found, "@"), found);
}

static void check_calls(const struct mc_image *image, const struct mc_entries *entries)
{
    static const char *const expected[] = {"helper_one", "missing_function", "puts"};
    const struct mc_symbol *caller = symbol_named(image, "caller");
    size_t count = 0;
    for (uint64_t at = caller->address; at < caller->address + caller->size;) {
        struct mc_class class;
        char name[64];
        const uint8_t *bytes = mc_image_bytes(image, at, caller->address + caller->size - at);
        cr_assert(mc_decode_class(image->mode, bytes, caller->address + caller->size - at, &class), "%#" PRIx64, at);
        at += class.length;
        uint64_t target = at + (uint64_t)(int64_t) class.displacement;
        if (class.flow != MC_FLOW_CALL)
            continue;
        name_target(image, entries, image->mode == MC_MODE_64 ? target : (uint32_t)target, name);
        if (strstr(name, "get_pc_thunk"))
            continue;
        cr_assert_lt(count, COUNT(expected));
        cr_assert_str_eq(name, expected[count], "%s: call %zu reaches %s, expected %s", image->path, count, name,
                         expected[count]);
        count++;
    }
    cr_assert_eq(count, COUNT(expected), "%s: %zu calls", image->path, count);
}

/* ---- pointers in data ---- */

static void check_table(const struct mc_image *image)
{
    static const char *const names[] = {"helper_two", "helper_one", "helper_two"};
    uint64_t start = symbol_named(image, "table")->address, value;
    unsigned word = word_of(image);
    for (size_t i = 0; i < COUNT(names); i++) {
        cr_assert(mc_image_read(image, start + i * word, word, &value));
        cr_assert_eq(value, symbol_named(image, names[i])->address, "%s: table[%zu] is %#" PRIx64, image->path, i,
                     value);
    }
    cr_assert(mc_image_read(image, symbol_named(image, "pointer")->address, word, &value));
    cr_assert_eq(value, symbol_named(image, "common_counter")->address);
}

static void check_initialisers(const struct mc_image *image)
{
    uint64_t early = symbol_named(image, "start_early")->address, late = symbol_named(image, "end_late")->address;
    bool found_early = false, found_late = false;
    for (size_t i = 0; i < image->initialiser_count; i++)
        found_early = found_early || image->initialisers[i] == early;
    for (size_t i = 0; i < image->finaliser_count; i++)
        found_late = found_late || image->finalisers[i] == late;
    cr_assert(found_early && found_late, "%s", image->path);
}

static void check_entries(const struct mc_image *image, const struct mc_entries *entries)
{
    const struct {
        const char *name;
        uint32_t sources;
    } rows[] = {
        {"dispatched", MC_ENTRY_SYMBOL | MC_ENTRY_IFUNC},
        {"caller", MC_ENTRY_SYMBOL | MC_ENTRY_UNWIND},
        {"start_early", MC_ENTRY_SYMBOL | MC_ENTRY_INITIALISER},
        {"end_late", MC_ENTRY_SYMBOL | MC_ENTRY_FINALISER},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct mc_entry *entry = mc_entry_at(entries, symbol_named(image, rows[i].name)->address);
        cr_assert(entry && (entry->sources & rows[i].sources) == rows[i].sources,
                  "%s: %s has sources %#x, expected %#x", image->path, rows[i].name, entry ? entry->sources : 0,
                  rows[i].sources);
    }
}

static size_t check_image(const char *name, enum mc_file_kind kind)
{
    struct mc_image *image = open_fixture(name);
    struct mc_error warning;
    if (!image)
        return 0;
    cr_assert_eq(image->kind, kind, "%s: kind %d", name, image->kind);
    struct mc_entries *entries = mc_entries_find(image, &image->arena, &warning);
    cr_assert_eq(warning.kind, MC_ERROR_NONE, "%s: %s", name, warning.text);
    check_calls(image, entries);
    check_table(image);
    check_initialisers(image);
    check_entries(image, entries);
    mc_image_free(image);
    return 1;
}

Test(made, every_form_of_one_program)
{
    const struct {
        const char *name;
        enum mc_file_kind kind;
    } rows[] = {
        {"object.o", MC_KIND_OBJECT},
        {"object-pic.o", MC_KIND_OBJECT},
        {"object-large.o", MC_KIND_OBJECT},
        {"object-32.o", MC_KIND_OBJECT},
        {"object-pic-32.o", MC_KIND_OBJECT},
        {"linked-r.o", MC_KIND_OBJECT},
        {"library.so", MC_KIND_SHARED_LIBRARY},
        {"library-relr.so", MC_KIND_SHARED_LIBRARY},
        {"library-32.so", MC_KIND_SHARED_LIBRARY},
        {"program-pie", MC_KIND_PIE},
        {"program", MC_KIND_EXECUTABLE},
        {"program-static", MC_KIND_EXECUTABLE},
        {"program-static-pie", MC_KIND_PIE},
        {"program-32", MC_KIND_PIE},
    };
    size_t checked = 0;
    for (size_t i = 0; i < COUNT(rows); i++)
        checked += check_image(rows[i].name, rows[i].kind);
    cr_assert_geq(checked, 8, "only %zu of the fixtures could be made", checked);
}

/* A program at a fixed address: stdout is copied from libc, whatever the file says; stubs are entries. */
Test(made, program_with_copies_and_stubs)
{
    struct mc_image *image = open_fixture("program");
    if (!image)
        cr_skip_test("the fixture could not be made");
    uint64_t value;
    cr_assert_gt(image->copy_count, 0);
    cr_assert_not(mc_image_read(image, image->copies[0].start, 8, &value));
    cr_assert_not(image->static_linked);
    struct mc_entries *entries = mc_entries_find(image, &image->arena, NULL);
    size_t stubs = 0;
    for (size_t i = 0; i < entries->count; i++)
        stubs += entries->items[i].sources & MC_ENTRY_PLT && entries->items[i].name &&
                 !strcmp(entries->items[i].name, "puts@plt");
    cr_assert_eq(stubs, 1, "%zu entries puts@plt", stubs);
    mc_image_free(image);
}

Test(made, static_program_has_resolvers)
{
    struct mc_image *image = open_fixture("program-static");
    if (!image)
        cr_skip_test("no static C library here");
    cr_assert(image->static_linked);
    size_t resolvers = 0;
    struct mc_entries *entries = mc_entries_find(image, &image->arena, NULL);
    for (size_t i = 0; i < image->reloc_count; i++) {
        cr_assert_eq(image->relocs[i].kind, MC_RELOC_IRELATIVE);
        const struct mc_entry *entry = mc_entry_at(entries, image->relocs[i].target);
        cr_assert(entry && entry->sources & MC_ENTRY_IFUNC);
        resolvers++;
    }
    cr_assert_gt(resolvers, 5, "%zu IRELATIVE relocations", resolvers);
    mc_image_free(image);
}

/* ---- archives ---- */

static void check_archive(const char *name, bool thin)
{
    char path[1024];
    struct mc_archive archive;
    struct mc_error error = {0};
    snprintf(path, sizeof path, "%s/%s", FIXTURES, name);
    if (access(path, R_OK) != 0)
        cr_skip_test("the archive could not be made");
    cr_assert(mc_archive_open(path, &archive, &error), "%s", error.text);
    cr_assert_eq(archive.damage.kind, MC_ERROR_NONE, "%s", archive.damage.text);
    cr_assert_eq(archive.count, 2);
    cr_assert_eq(archive.thin, thin);
    cr_assert(strstr(archive.members[0].name, "object.o"), "%s", archive.members[0].name);
    cr_assert(strstr(archive.members[1].name, "object-with-a-very-long-name.o"), "%s", archive.members[1].name);
    for (size_t i = 0; i < archive.count && !thin; i++) {
        const struct mc_archive_member *member = &archive.members[i];
        struct mc_image *image = mc_image_from_bytes(member->name, member->bytes, member->size, &error);
        cr_assert_not_null(image, "%s: %s", member->name, error.text);
        check_table(image);
        mc_image_free(image);
    }
    cr_assert(thin == !archive.members[0].bytes);
    mc_archive_close(&archive);
}

Test(made, archive)
{
    check_archive("archive.a", false);
}

Test(made, thin_archive)
{
    check_archive("thin.a", true);
}

Test(made, damaged_archives)
{
    const struct {
        const char *bytes, *text;
        size_t count;
        enum mc_error_kind kind; /* of opening; NONE: opens, with the text as damage */
    } rows[] = {
        {"!<arch>", "not an ar archive", 0, MC_ERROR_UNSUPPORTED},
        {"!<arch>\n", "", 0, MC_ERROR_NONE},
        {"!<arch>\nx.o/", "truncated in a member's header", 0, MC_ERROR_NONE},
        {"!<arch>\nx.o/            0           0     0     644     4         xxabcd", "not a member's header", 0,
         MC_ERROR_NONE},
        {"!<arch>\nx.o/            0           0     0     644     4x        `\nabcd", "not a member's header", 0,
         MC_ERROR_NONE},
        {"!<arch>\nx.o/            0           0     0     644     9999999999`\nabcd",
         "truncated: a member of 9999999999", 0, MC_ERROR_NONE},
        {"!<arch>\nx.o/            0           0     0     644     3         `\nabc\ny/              0           0     "
         "0     "
         "644     0         `\n",
         "", 2, MC_ERROR_NONE},
        {"!<arch>\n/7              0           0     0     644     0         `\n", "", 1, MC_ERROR_NONE},
        {"!<arch>\n#1/99           0           0     0     644     2         `\nab", "", 1, MC_ERROR_NONE},
        {"!<arch>\n#1/2            0           0     0     644     4         `\nabcd", "", 1, MC_ERROR_NONE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mc_archive archive = {0};
        struct mc_error error = {0};
        bool opened = mc_archive_from_bytes((const uint8_t *)rows[i].bytes, strlen(rows[i].bytes), &archive, &error);
        cr_expect_eq(opened, rows[i].kind == MC_ERROR_NONE, "row %zu", i);
        if (opened) {
            cr_expect_eq(archive.count, rows[i].count, "row %zu: %zu members", i, archive.count);
            error = archive.damage;
        }
        cr_expect(strstr(error.text, rows[i].text), "row %zu: expected \"%s\", got \"%s\"", i, rows[i].text,
                  error.text);
        mc_archive_close(&archive);
    }
}
