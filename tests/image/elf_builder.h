/* SPDX-License-Identifier: Apache-2.0 */
/* Small ELF files made byte by byte, so that tests know every offset in them and can damage each field. */
#ifndef MC_TESTS_ELF_BUILDER_H
#define MC_TESTS_ELF_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUILT_SIZE 0x1c00

/* Where things are, as file offsets; addresses are equal to offsets below BUILT_DATA and 0x1000 higher from there on.
 */
enum {
    BUILT_HASH = 0x200,
    BUILT_SYMBOLS = 0x240,
    BUILT_STRINGS = 0x340,
    BUILT_RELOCS = 0x3c0,
    BUILT_FRAME_HEADER = 0x4c0,
    BUILT_FRAME = 0x500,
    BUILT_LSDA = 0x5c0,
    BUILT_TEXT = 0x600,  /* work (exported, 0x20 bytes), helper (0x620, unwind data only), label at 0x640 */
    BUILT_DATA = 0x1000, /* init_array, table[2], got[4] */
    BUILT_DYNAMIC = 0x1100,
    BUILT_NAMES = 0x1400,
    BUILT_SECTIONS = 0x1500,
    BUILT_LIFT = 0x1000,
};
enum { BUILT_SEGMENT_COUNT = 5, BUILT_SECTION_COUNT = 6 };

struct built {
    uint8_t bytes[BUILT_SIZE];
    size_t size;
    bool wide;
    size_t dynamic_count; /* entries before DT_NULL */
};

/* A shared library: work() and table exported, puts() imported, one initialiser, one landing pad, two relocated
 * pointers. */
void build_shared(struct built *built, bool wide);
/* A relocatable object: .text calls `missing` and loads it by its GOT slot; 32-bit ones use REL, 64-bit ones RELA. */
void build_object(struct built *built, bool wide);

void put_word(struct built *built, size_t offset, unsigned width, uint64_t value);
/* Offsets of header fields that differ by class. */
size_t built_phdr(const struct built *built, size_t index);
size_t built_shdr(const struct built *built, size_t index);
void built_set_tag(struct built *built, int64_t tag, uint64_t value); /* of an entry that is there */
void built_drop_sections(struct built *built);

#endif
