/* SPDX-License-Identifier: Apache-2.0 */
/* What explain is told to look at, and the tree that it finds there, on a library built byte by byte. */
#include "scanner/explain.h"

#include "scanner/scan.h"
#include "tests/image/elf_builder.h"

#include <criterion/criterion.h>
#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

enum { TEST = BUILT_TEXT + 9, USE = BUILT_TEXT + 15 };

/* work(): asks CPUID leaf 1, tests a bit of ECX, runs PMULLD where it is set. */
static const uint8_t code[] = {0xb8, 1,    0,    0,    0,    /* mov eax, 1 */
                               0x31, 0xc9, 0x0f, 0xa2,       /* xor ecx, ecx; cpuid */
                               0x0f, 0xba, 0xe1, 19,         /* bt ecx, 19 */
                               0x73, 0x05,                   /* jnc to ret */
                               0x66, 0x0f, 0x38, 0x40, 0xc1, /* pmulld xmm0, xmm1 */
                               0xc3};
static struct built built;

static void set_up(void)
{
    build_shared(&built, true);
    memcpy(built.bytes + BUILT_TEXT, code, sizeof code);
}

TestSuite(explain, .init = set_up);

static struct mc_file_result *explain(const char *word)
{
    struct mc_error error;
    struct mc_scan_options options = {.explain = true, .explain_word = word};
    cr_assert(mc_baseline_parse("x86-64-v1", &options.baseline, &error));
    struct mc_image *image = mc_image_from_bytes("built", built.bytes, built.size, &error);
    return image ? mc_scan_image(image, &options) : NULL;
}

Test(explain, words_name_places)
{
    static const struct {
        const char *word;
        enum mc_place_kind kind;
        uint64_t address;
        size_t explained;
    } rows[] = {
        {NULL, MC_PLACE_FILE, 0, 0},
        {"work", MC_PLACE_FUNCTION, BUILT_TEXT, 1},
        {"0x600", MC_PLACE_FUNCTION, BUILT_TEXT, 1}, /* no use, but where a function starts */
        {"0x60f", MC_PLACE_ADDRESS, USE, 1},
        {"60F", MC_PLACE_ADDRESS, USE, 1},
        {"0X60f", MC_PLACE_ADDRESS, USE, 1},
        {"0x611", MC_PLACE_ADDRESS, USE + 2, 1}, /* inside the instruction */
        {"0x60e", MC_PLACE_ADDRESS, USE - 1, 0},
        {"0x614", MC_PLACE_ADDRESS, USE + 5, 0},
        {"0xffffffffffffffff", MC_PLACE_ADDRESS, UINT64_MAX, 0},
        {"0x10000000000000000", MC_PLACE_UNKNOWN, 0, 0},
        {"wor", MC_PLACE_UNKNOWN, 0, 0},
        {"0x", MC_PLACE_UNKNOWN, 0, 0},
        {"", MC_PLACE_UNKNOWN, 0, 0},
        {"0x60fg", MC_PLACE_UNKNOWN, 0, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mc_file_result *result = explain(rows[i].word);
        const struct mc_explained *explained = result->explained;
        cr_assert_eq(explained->place.kind, rows[i].kind, "row %zu: kind %d", i, (int)explained->place.kind);
        cr_assert_eq(explained->place.address, rows[i].address, "row %zu: %#lx", i,
                     (unsigned long)explained->place.address);
        cr_assert_eq(explained->count, rows[i].explained, "row %zu: %zu explained", i, explained->count);
        mc_file_result_free(result);
    }
}

Test(explain, guard_is_the_leaf_of_the_tree)
{
    struct mc_file_result *result = explain("work");
    const struct mc_explanation *item = &result->explained->items[0];
    cr_assert_eq(item->finding_count, 1);
    cr_assert_eq(item->findings[0]->use.address, USE);
    cr_assert_eq(item->findings[0]->verdict, MC_VERDICT_GUARDED);
    cr_assert_eq(item->inferring, false);
    cr_assert_null(item->steps);
    const struct mc_why *way = item->why;
    cr_assert(way && !way->next && way->kind == MC_WHY_WAY && way->address == BUILT_TEXT);
    const struct mc_why *asked = way->below;
    cr_assert(asked && !asked->next && !asked->below);
    cr_assert_eq(asked->kind, MC_WHY_ASKED);
    cr_assert_eq(asked->address, TEST);
    cr_assert_str_eq(asked->known, "sse4.1 (CPUID 1.ecx bit 19)");
    cr_assert_str_eq(asked->function, "work");
    mc_file_result_free(result);
}

Test(explain, path_says_what_is_known)
{
    built.bytes[TEST + 3] = 0; /* SSE3 instead of SSE4.1 */
    struct mc_file_result *result = explain("0x60f");
    const struct mc_explanation *item = &result->explained->items[0];
    cr_assert_eq(item->findings[0]->verdict, MC_VERDICT_MISGUARDED);
    cr_assert_eq(item->findings[0]->path_length, 2);
    cr_assert(item->steps);
    cr_assert_str_eq(item->steps[1].known, "sse3 (CPUID 1.ecx bit 0)");
    cr_assert(item->steps[1].asked && item->steps[1].asked->address == TEST);
    mc_file_result_free(result);
}

Test(explain, nothing_known_without_a_test)
{
    memset(built.bytes + BUILT_TEXT, 0x90, USE - BUILT_TEXT);
    struct mc_file_result *result = explain("work");
    const struct mc_explanation *item = &result->explained->items[0];
    cr_assert_eq(item->findings[0]->verdict, MC_VERDICT_UNGUARDED);
    cr_assert_null(item->why);
    cr_assert_str_eq(item->steps[1].known, "");
    cr_assert_null(item->steps[1].asked);
    mc_file_result_free(result);
}

/* Every byte damaged in turn: an answer or none, but no crash and nothing read out of bounds. */
Test(explain, damaged_files)
{
    static const uint8_t values[] = {0x00, 0xff, 0x80};
    size_t answered = 0;
    for (size_t i = 0; i < BUILT_SIZE; i += 3) {
        uint8_t before = built.bytes[i];
        built.bytes[i] = values[i % COUNT(values)];
        struct mc_file_result *result = explain(i % 2 ? "work" : "0x60f");
        answered += result && result->explained->count;
        mc_file_result_free(result);
        built.bytes[i] = before;
    }
    cr_assert_gt(answered, BUILT_SIZE / 6, "%zu answered", answered);
}
