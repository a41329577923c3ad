/* SPDX-License-Identifier: Apache-2.0 */
/* Images and entries of files built byte by byte: what a sound file gives, and what each kind of damage says. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <elf.h>
#include <string.h>

#include "scanner/entries.h"
#include "tests/image/elf_builder.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* ---- sound files ---- */

static void check_shared(const struct mc_image *image, bool wide)
{
    cr_assert_eq(image->damage.kind, MC_ERROR_NONE, "damage: %s", image->damage.text);
    cr_assert_eq(image->mode, wide ? MC_MODE_64 : MC_MODE_32);
    cr_assert_eq(image->kind, MC_KIND_SHARED_LIBRARY);
    cr_assert_str_eq(image->soname, "libbuilt.so");
    cr_assert_eq(image->needed_count, 1);
    cr_assert_str_eq(image->needed[0], "libc.so.6");
    cr_assert_eq(image->symbol_count, 4);
    cr_assert_eq(image->import_count, 2);
    cr_assert_str_eq(image->imports[0].symbol->name, "puts");
    cr_assert(mc_image_exports(image, BUILT_TEXT));
    cr_assert_not(mc_image_exports(image, BUILT_TEXT + 0x20));
    cr_assert_eq(image->initialiser_count, 1);
    cr_assert_eq(image->initialisers[0], BUILT_TEXT + 0x40);
}

/* Reads through relocations, across them, in the bss, and outside. */
static void check_reads(const struct mc_image *image, bool wide)
{
    uint64_t data = BUILT_DATA + BUILT_LIFT, value;
    unsigned word = wide ? 8 : 4;
    const struct {
        uint64_t address, expected;
        unsigned size;
    } rows[] = {
        {data, BUILT_TEXT + 0x40, word},
        {data + 8, BUILT_TEXT + 0x20, word},
        {data + 16, BUILT_TEXT + 4, word},
        {data + 24, image->imports[0].address, word},
        {data + 32, BUILT_TEXT, word},
        {data + 33, BUILT_TEXT >> 8, 1},
        {data + 0x3f8 + 0x10, 0, 8},
        {BUILT_TEXT, 0x9090, 2},
        {data + 7, (BUILT_TEXT + 0x20) << 8 & 0xffff, 2},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        cr_assert(mc_image_read(image, rows[i].address, rows[i].size, &value), "row %zu", i);
        cr_assert_eq(value, rows[i].expected, "row %zu: expected %#lx, got %#lx", i, rows[i].expected, value);
    }
    cr_assert_not(mc_image_read(image, 0x10000, 1, &value));
    cr_assert_not(mc_image_read(image, UINT64_MAX - 2, 8, &value));
    cr_assert_not(mc_image_read(image, data + 0x4fc, 8, &value), "the last bytes of a segment and the first behind it");
}

static void check_entries(const struct mc_image *image, bool sections)
{
    struct mc_arena arena = {0};
    struct mc_error warning;
    struct mc_entries *entries = mc_entries_find(image, &arena, &warning);
    cr_assert_eq(warning.kind, MC_ERROR_NONE, "warning: %s", warning.text);
    const struct mc_entry *work = mc_entry_at(entries, BUILT_TEXT), *helper = mc_entry_at(entries, BUILT_TEXT + 0x20);
    const struct mc_entry *label = mc_entry_at(entries, BUILT_TEXT + 0x40);
    cr_assert(work && helper && label);
    cr_assert_eq(work->sources, MC_ENTRY_DYNAMIC_SYMBOL | MC_ENTRY_UNWIND | MC_ENTRY_RELOCATION);
    cr_assert_str_eq(work->name, "work");
    cr_assert_eq(work->end, BUILT_TEXT + 0x20);
    cr_assert_eq(helper->sources, MC_ENTRY_UNWIND | MC_ENTRY_RELOCATION);
    cr_assert_eq(helper->end, BUILT_TEXT + 0x38);
    cr_assert_eq(label->sources, MC_ENTRY_INITIALISER | MC_ENTRY_RELOCATION);
    cr_assert_not(label->bounded);
    cr_assert_eq(entries->landing_pad_count, 1);
    cr_assert_eq(entries->landing_pads[0].pad, BUILT_TEXT + 0x10);
    cr_assert_eq(entries->landing_pads[0].call_start, BUILT_TEXT + 10);
    cr_assert_eq(mc_entry_holding(entries, BUILT_TEXT + 3), work);
    cr_assert_eq(mc_entry_holding(entries, BUILT_TEXT + 0x1f), mc_entry_at(entries, BUILT_TEXT + 4),
                 "a pointer into a function is an entry inside it");
    cr_assert_null(mc_entry_holding(entries, BUILT_TEXT + 0x39));
    if (sections) {
        cr_assert_eq(entries->uncovered_count, 1, "only the label's code, its padding taken off");
        cr_assert_eq(entries->uncovered[0].start, BUILT_TEXT + 0x50);
        cr_assert_eq(entries->uncovered[0].end, BUILT_TEXT + 0x51);
    }
    mc_arena_free(&arena);
}

Test(built, shared_library_of_both_classes_with_and_without_sections)
{
    for (unsigned round = 0; round < 4; round++) {
        struct built built;
        bool wide = round & 1, sections = round & 2;
        build_shared(&built, wide);
        if (!sections)
            built_drop_sections(&built);
        struct mc_error error = {0};
        struct mc_image *image = mc_image_from_bytes("built", built.bytes, built.size, &error);
        cr_assert_not_null(image, "round %u: %s", round, error.text);
        check_shared(image, wide);
        check_reads(image, wide);
        check_entries(image, sections);
        mc_image_free(image);
    }
}

Test(built, object_of_both_classes)
{
    for (unsigned wide = 0; wide < 2; wide++) {
        struct built built;
        build_object(&built, wide);
        if (!wide)
            put_word(&built, BUILT_TEXT + 8, 4, 0);
        struct mc_error error = {0};
        struct mc_image *image = mc_image_from_bytes("built.o", built.bytes, built.size, &error);
        cr_assert_not_null(image, "%s", error.text);
        cr_assert_eq(image->damage.kind, MC_ERROR_NONE, "damage: %s", image->damage.text);
        cr_assert_eq(image->kind, MC_KIND_OBJECT);
        uint64_t here = image->sections[1].address, missing = image->imports[0].address, field, slot, value;
        cr_assert_geq(here, MC_OBJECT_BASE);
        cr_assert(mc_image_read(image, here + 1, 4, &field));
        cr_assert_eq((uint32_t)(here + 5 + field), (uint32_t)missing, "the call reaches the import");
        cr_assert(mc_image_read(image, here + 8, 4, &field));
        slot = wide ? here + 12 + (uint64_t)(int64_t)(int32_t)field : image->got_base + field;
        cr_assert(mc_image_read(image, slot, wide ? 8 : 4, &value));
        cr_assert_eq(value, missing, "the GOT slot holds the import: %#lx at %#lx", value, slot);
        cr_assert_eq(mc_image_import_at(image, missing), &image->imports[0]);
        cr_assert(mc_image_exports(image, here));
        mc_image_free(image);
    }
}

/* ---- bad files ---- */

enum shape { SHARED, OBJECT };

struct bad {
    const char *what;
    enum shape shape;
    size_t size;   /* cut to this many bytes; 0: whole */
    size_t offset; /* damage: width bytes at offset become value; width 0: none */
    unsigned width;
    uint64_t value;
    enum mc_error_kind kind; /* NONE: opens, with the text as damage */
    const char *text;        /* must be part of the message */
};

/* 64-bit offsets: program headers at 64 (56 each), section headers at BUILT_SECTIONS (64 each). */
#define PHDR(index, field) (64 + (index)*56 + (field))
#define SHDR(index, field) (BUILT_SECTIONS + (index)*64 + (field))
static const struct bad bad_files[] = {
    {"empty file", SHARED, SIZE_MAX, 0, 0, 0, MC_ERROR_UNSUPPORTED, "an empty file, not an ELF file"},
    {"three bytes", SHARED, 3, 0, 0, 0, MC_ERROR_UNSUPPORTED, "not an ELF file"},
    {"magic alone", SHARED, 4, 0, 0, 0, MC_ERROR_FORMAT, "truncated in the ELF identification: 4 of 16"},
    {"identification alone", SHARED, 16, 0, 0, 0, MC_ERROR_FORMAT, "truncated in the ELF header: 16 of 64"},
    {"header cut by one", SHARED, 63, 0, 0, 0, MC_ERROR_FORMAT, "truncated in the ELF header: 63 of 64"},
    {"header alone", SHARED, 64, 0, 0, 0, MC_ERROR_FORMAT, "truncated: 5 program headers end beyond the file (64"},
    {"program headers cut by one", SHARED, 64 + 5 * 56 - 1, 0, 0, 0, MC_ERROR_FORMAT, "truncated: 5 program headers"},
    {"program headers alone", SHARED, 64 + 5 * 56, 0, 0, 0, MC_ERROR_FORMAT, "truncated: segment 0 ends at byte 1792"},
    {"second segment cut by one", SHARED, BUILT_NAMES - 1, 0, 0, 0, MC_ERROR_FORMAT, "truncated: segment 1 ends"},
    {"section headers cut off", SHARED, BUILT_SECTIONS, 0, 0, 0, MC_ERROR_NONE, "the section headers lie beyond"},
    {"section headers cut by one", SHARED, BUILT_SECTIONS + 6 * 64 - 1, 0, 0, 0, MC_ERROR_NONE,
     "truncated: 6 section headers end beyond"},
    {"object without its section headers", OBJECT, BUILT_SECTIONS, 0, 0, 0, MC_ERROR_FORMAT,
     "section headers lie beyond"},
    {"class 3", SHARED, 0, 4, 1, 3, MC_ERROR_FORMAT, "wrong class: 3, expected 1 (32-bit) or 2 (64-bit)"},
    {"class 32 of a 64-bit file", SHARED, 0, 4, 1, 1, MC_ERROR_UNSUPPORTED, "x32"},
    {"class 64 with machine i386", SHARED, 0, 18, 2, EM_386, MC_ERROR_FORMAT,
     "wrong class: 64-bit ELF for machine i386"},
    {"big endian", SHARED, 0, 5, 1, 2, MC_ERROR_UNSUPPORTED, "big-endian"},
    {"byte order 7", SHARED, 0, 5, 1, 7, MC_ERROR_FORMAT, "byte order 7"},
    {"Arm", SHARED, 0, 18, 2, EM_AARCH64, MC_ERROR_UNSUPPORTED, "machine AArch64, not x86"},
    {"unknown machine", SHARED, 0, 18, 2, 0x1234, MC_ERROR_UNSUPPORTED, "machine 4660, not x86"},
    {"core file", SHARED, 0, 16, 2, ET_CORE, MC_ERROR_UNSUPPORTED, "a core file"},
    {"type 9", SHARED, 0, 16, 2, 9, MC_ERROR_FORMAT, "ELF type 9"},
    {"short program headers", SHARED, 0, 54, 2, 32, MC_ERROR_FORMAT, "program headers of 32 bytes, expected 56"},
    {"program headers far away", SHARED, 0, 32, 8, UINT64_MAX - 8, MC_ERROR_FORMAT, "end beyond the file"},
    {"no program headers", SHARED, 0, 56, 2, 0, MC_ERROR_FORMAT, "no loadable segment"},
    {"65535 program headers", SHARED, 0, 56, 2, PN_XNUM, MC_ERROR_FORMAT, "no loadable segment"},
    {"segment larger than the file", SHARED, 0, PHDR(0, 32), 8, 0x100000, MC_ERROR_FORMAT,
     "segment 0 is larger in the"},
    {"segment of 2^63 bytes", SHARED, 0, PHDR(1, 40), 8, UINT64_MAX, MC_ERROR_FORMAT, "segment 1 wraps around"},
    {"segment beyond the file", SHARED, 0, PHDR(1, 8), 8, 0x10000, MC_ERROR_FORMAT,
     "truncated: segment 1 ends at byte"},
    {"segments overlap", SHARED, 0, PHDR(1, 16), 8, 0x680, MC_ERROR_NONE, "segments overlap at address 0x680"},
    {"short section headers", SHARED, 0, 58, 2, 40, MC_ERROR_NONE, "section headers of 40 bytes, expected 64"},
    {"2^32 sections", SHARED, 0, SHDR(0, 32), 8, UINT64_C(1) << 32, MC_ERROR_NONE, NULL},
    {"section names out of range", SHARED, 0, 62, 2, 77, MC_ERROR_NONE, "the section names cannot be read"},
    {"section names that name no strings", SHARED, 0, 62, 2, 3, MC_ERROR_NONE, "the section names cannot be read"},
    {"dynamic table outside", SHARED, 0, PHDR(2, 16), 8, 0x9000, MC_ERROR_NONE, "the dynamic table"},
    {"code section beyond the file", OBJECT, 0, SHDR(1, 32), 8, 0x100000, MC_ERROR_FORMAT, "section 1 (bytes 1536 to"},
    {"sections overlap", OBJECT, 0, SHDR(4, 8), 8, SHF_ALLOC, MC_ERROR_NONE, NULL},
    {"object of 2 GiB", OBJECT, 0, SHDR(1, 4), 4, SHT_NOBITS, MC_ERROR_NONE, NULL},
    {"symbols without their strings", OBJECT, 0, SHDR(3, 40), 4, 99, MC_ERROR_NONE, "string table (section 99)"},
    {"cyclic string table", OBJECT, 0, SHDR(3, 40), 4, 3, MC_ERROR_NONE, "string table (section 3)"},
    {"symbol table beyond the file", OBJECT, 0, SHDR(3, 24), 8, 0x9000, MC_ERROR_NONE, "section 3 (bytes 36864"},
    {"symbols of 8 bytes", OBJECT, 0, SHDR(3, 56), 8, 8, MC_ERROR_NONE,
     "section 3 has records of 8 bytes, expected 24"},
    {"relocations for a section that is not there", OBJECT, 0, SHDR(2, 44), 4, 99, MC_ERROR_NONE,
     "relocations for section 99"},
    {"relocation outside its section", OBJECT, 0, BUILT_RELOCS, 8, 10, MC_ERROR_NONE, "a relocation at offset 0xa"},
    {"relocation far outside its section", OBJECT, 0, BUILT_RELOCS, 8, UINT64_MAX, MC_ERROR_NONE,
     "a relocation at offset"},
    {"relocation of an unknown type", OBJECT, 0, BUILT_RELOCS + 8, 4, 250, MC_ERROR_NONE,
     "relocation of unknown type 250"},
    {"relocation with symbol 77", OBJECT, 0, BUILT_RELOCS + 12, 4, 77, MC_ERROR_NONE,
     "a relocation names symbol 77 of 3"},
};

ParameterizedTestParameters(built, bad_file)
{
    static size_t indexes[COUNT(bad_files)];
    for (size_t i = 0; i < COUNT(bad_files); i++)
        indexes[i] = i;
    return cr_make_param_array(size_t, indexes, COUNT(bad_files));
}

ParameterizedTest(size_t *index, built, bad_file)
{
    const struct bad *bad = &bad_files[*index];
    struct built built;
    if (bad->shape == OBJECT)
        build_object(&built, true);
    else
        build_shared(&built, true);
    if (bad->width)
        put_word(&built, bad->offset, bad->width, bad->value);
    if (bad->offset == SHDR(0, 32)) /* the count is in section 0 when the header says 0 */
        put_word(&built, 60, 2, 0);
    size_t size = bad->size == SIZE_MAX ? 0 : bad->size ? bad->size : built.size;
    struct mc_error error = {0};
    struct mc_image *image = mc_image_from_bytes(bad->what, built.bytes, size, &error);
    if (bad->kind == MC_ERROR_NONE) {
        cr_assert_not_null(image, "%s: expected an image, got error %d: %s", bad->what, error.kind, error.text);
        error = image->damage;
        struct mc_arena arena = {0};
        mc_entries_find(image, &arena, NULL);
        mc_arena_free(&arena);
    } else {
        cr_assert_null(image, "%s: expected an error", bad->what);
        cr_assert_eq(error.kind, bad->kind, "%s: expected kind %d, got %d: %s", bad->what, bad->kind, error.kind,
                     error.text);
    }
    if (bad->text)
        cr_assert(strstr(error.text, bad->text), "%s: expected \"%s\", got \"%s\"", bad->what, bad->text, error.text);
    mc_image_free(image);
}

/* Cut at every byte: an error or a smaller image, never a read outside (the copy has exactly the bytes it should). */
Test(built, truncated_everywhere)
{
    for (unsigned round = 0; round < 4; round++) {
        struct built built;
        if (round & 2)
            build_object(&built, round & 1);
        else
            build_shared(&built, round & 1);
        for (size_t size = 0; size < built.size; size++) {
            uint8_t *copy = malloc(size ? size : 1);
            memcpy(copy, built.bytes, size);
            struct mc_error error = {0};
            struct mc_image *image = mc_image_from_bytes("cut", copy, size, &error);
            cr_assert(image || (error.kind != MC_ERROR_NONE && error.text[0]), "%zu bytes: no error and no image",
                      size);
            struct mc_arena arena = {0};
            if (image)
                mc_entries_find(image, &arena, NULL);
            mc_arena_free(&arena);
            mc_image_free(image);
            free(copy);
        }
    }
}

/* Dynamic tags that lie: each value of each tag replaced. */
Test(built, lying_dynamic_tags)
{
    static const uint64_t values[] = {0,      1,      0x6ff,      0x700,      0x2000,
                                      0x23ff, 0x24ff, 0xffffffff, UINT64_MAX, UINT64_MAX - 7};
    for (unsigned wide = 0; wide < 2; wide++)
        for (int64_t tag = 1; tag < DT_NUM; tag++)
            for (size_t i = 0; i < COUNT(values); i++) {
                struct built built;
                build_shared(&built, wide);
                built_drop_sections(&built);
                built_set_tag(&built, tag, values[i]);
                struct mc_image *image = mc_image_from_bytes("lies", built.bytes, built.size, NULL);
                struct mc_arena arena = {0};
                cr_assert_not_null(image);
                mc_entries_find(image, &arena, NULL);
                mc_arena_free(&arena);
                mc_image_free(image);
            }
}
