/* SPDX-License-Identifier: Apache-2.0 */
/* Results as bytes and back: the same result, and from any other bytes some result that can be reported, or none. */
#include "report/scan.h"
#include "tests/store/made_result.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define PATH "/opt/some file"

static mc_bytes record_of(const char *path)
{
    mc_bytes record = {0};
    struct mc_file_result *result = made_result(path);
    mc_record_add(&record, PATH, result);
    mc_file_result_free(result);
    return record;
}

static char *report_of(const struct mc_file_result *result, const char *format, size_t *ret_size)
{
    char *text = NULL;
    struct mc_report_options options = {.all_uses = true, .verbose = true};
    FILE *stream = open_memstream(&text, ret_size);
    mc_scan_format_find(format)->file(stream, &options, result, true);
    fclose(stream);
    return text;
}

Test(record, gives_back_what_was_put)
{
    struct mc_arena arena = {0};
    struct mc_file_result *before = made_result(PATH "!member.o");
    mc_bytes record = record_of(PATH "!member.o"), again = {0};
    size_t count = 0;
    struct mc_file_result **after = mc_record_read(record.items, record.count, PATH, &arena, &count);
    cr_assert(after);
    cr_assert_eq(count, 1);
    cr_expect_str_eq(after[0]->path, PATH "!member.o");
    cr_expect_str_eq(after[0]->dependencies[0].path, "/lib/other.so");
    cr_expect_eq(after[0]->dependencies[0].identity.mtime, -4);
    cr_expect(after[0]->findings[1].at_start);
    for (int i = 0; i < 2; i++) {
        size_t a_size, b_size;
        char *a = report_of(before, i ? "json" : "text", &a_size), *b = report_of(after[0], i ? "json" : "text", &b_size);
        cr_expect_str_eq(b, a);
        free(a);
        free(b);
    }
    mc_record_add(&again, PATH, after[0]);
    cr_expect_eq(again.count, record.count);
    cr_expect_eq(memcmp(again.items, record.items, record.count), 0, "written again: other bytes");
    mc_file_result_free(after[0]);
    mc_file_result_free(before);
    mc_vector_free(&record);
    mc_vector_free(&again);
    mc_arena_free(&arena);
}

Test(record, another_name_of_the_file_changes_only_the_path)
{
    struct mc_arena arena = {0};
    mc_bytes record = record_of(PATH);
    size_t count = 0;
    struct mc_file_result **results = mc_record_read(record.items, record.count, "/elsewhere", &arena, &count);
    cr_assert(results);
    cr_expect_str_eq(results[0]->path, "/elsewhere");
    mc_file_result_free(results[0]);
    mc_vector_free(&record);
    mc_arena_free(&arena);
}

/* Reads a copy of exactly that size, so that a sanitizer sees a read behind it; whatever comes of it is reported. */
static size_t try_bytes(const uint8_t *bytes, size_t size)
{
    struct mc_arena arena = {0};
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    size_t count = 0, length;
    struct mc_file_result **results = mc_record_read(copy, size, PATH, &arena, &count);
    free(copy);
    for (size_t i = 0; results && i < count; i++) {
        free(report_of(results[i], "json", &length));
        free(report_of(results[i], "text", &length));
        mc_file_result_free(results[i]);
    }
    mc_arena_free(&arena);
    return results ? count : 0;
}

Test(record, cut_anywhere_it_is_none)
{
    mc_bytes record = record_of(PATH);
    for (size_t size = 0; size < record.count; size++)
        cr_expect_eq(try_bytes(record.items, size), 0, "%zu of %zu bytes", size, record.count);
    cr_expect_eq(try_bytes(record.items, record.count), 1);
    mc_vector_free(&record);
}

/* Every byte once with each of some values, then several at random. */
Test(record, changed_anywhere_it_does_no_harm)
{
    static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
    mc_bytes record = record_of(PATH);
    size_t refused = 0;
    for (size_t at = 0; at < record.count; at++) {
        uint8_t before = record.items[at];
        for (size_t i = 0; i < sizeof values; i++) {
            record.items[at] = values[i];
            refused += !try_bytes(record.items, record.count);
        }
        record.items[at] = before;
    }
    cr_expect_gt(refused, 0);
    srand(1);
    for (int round = 0; round < 3000; round++) {
        mc_bytes changed = record_of(PATH);
        for (int i = rand() % 8; i >= 0; i--)
            changed.items[(size_t)rand() % changed.count] = (uint8_t)rand();
        try_bytes(changed.items, changed.count);
        mc_vector_free(&changed);
    }
    mc_vector_free(&record);
}
