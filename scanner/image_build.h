/* SPDX-License-Identifier: Apache-2.0 */
/* How an image is put together; internal to the image files.
 *
 * Order for linked files: headers, segments, sections, dynamic table, symbols (sorted), extern area, relocations
 * (sorted), initialisers, notes. For objects: headers, sections, layout into segments, symbols, extern area,
 * relocations applied. */
#ifndef MC_SCANNER_IMAGE_BUILD_H
#define MC_SCANNER_IMAGE_BUILD_H

#include "scanner/elf_reader.h"
#include "scanner/image.h"

/* What is sorted is small: the key and where the record is. */
struct mc_sort_key {
    uint64_t key;
    uint32_t table, index;
};
void mc_sort_keys(struct mc_sort_key *keys, size_t count); /* stable, ascending by key */

enum { MC_TABLE_DYNAMIC, MC_TABLE_STATIC, MC_TABLE_COUNT }; /* .dynsym, .symtab */
#define MC_HIGH_TAGS 7

struct mc_symbol_table {
    struct mc_elf_table records;
    struct mc_elf_strings strings;
    struct mc_elf_table wide_sections; /* SHT_SYMTAB_SHNDX: 32-bit section indexes; count 0 when none */
    uint32_t *positions;               /* index in the file to index in image->symbols; heap */
};

struct mc_image_build {
    struct mc_image *image;
    struct mc_elf elf;
    uint64_t tags[DT_NUM]; /* values of the dynamic tags below DT_NUM, 0 when absent */
    uint64_t gnu_hash, versym, verneed, verneed_count, verdef, verdef_count, flags_1;
    struct mc_elf_strings dynamic_strings;
    struct mc_symbol_table tables[MC_TABLE_COUNT];
    const char **versions; /* by version index; arena */
    size_t version_count;
    uint32_t *import_of;       /* position of a symbol to index of its import, UINT32_MAX when defined; heap */
    uint64_t *section_address; /* objects: where each section was laid; heap */
    uint64_t *common_address;  /* objects: by symbol index, where a common symbol was laid; heap */
    uint8_t **section_copy;    /* objects: its relocated bytes, NULL when read from the file; heap */
};

/* Describes damage that leaves the file usable; the first one is kept. */
void mc_image_damage(struct mc_image_build *build, uint64_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool mc_build_segments(struct mc_image_build *build, struct mc_error *ret_error);
void mc_build_sections(struct mc_image_build *build);
void mc_build_code(struct mc_image_build *build);
void mc_build_dynamic_names(struct mc_image_build *build); /* tags, strings and names alone */
void mc_build_dynamic(struct mc_image_build *build);
void mc_build_versions(struct mc_image_build *build);
void mc_build_static_table(struct mc_image_build *build);
void mc_build_symbols(struct mc_image_build *build);
void mc_build_got_base(struct mc_image_build *build);
void mc_build_externs(struct mc_image_build *build);
void mc_build_relocs(struct mc_image_build *build);
void mc_build_initialisers(struct mc_image_build *build);
void mc_build_notes(struct mc_image_build *build);
void mc_build_eh_frame(struct mc_image_build *build);
/* image_module.c: kernel modules. As the kernel patches a place when it loads the module; false: it leaves it as it is. */
bool mc_module_patch(const char *import, uint8_t *section, uint64_t offset, uint64_t size);
void mc_build_module(struct mc_image_build *build); /* exports, alternatives, release; after relocations */
bool mc_build_object(struct mc_image_build *build, struct mc_error *ret_error);

/* The span of a section inside the file; count 0 (and damage) when it is not. */
struct mc_elf_table mc_section_table(struct mc_image_build *build, size_t section, size_t record_size);
/* A span of file bytes behind a virtual address; count 0 (and damage) when it is not wholly there. */
struct mc_elf_table mc_address_table(struct mc_image_build *build, const char *what, uint64_t address, uint64_t size,
                                     uint64_t entry_size, size_t record_size);
const struct mc_section *mc_section_named(const struct mc_image *image, const char *name);
const struct mc_import *mc_build_import(const struct mc_image_build *build, const struct mc_symbol *symbol);

#endif
