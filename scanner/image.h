/* SPDX-License-Identifier: Apache-2.0 */
/* One ELF file as the loader would see it: mapped bytes by virtual address, symbols, relocations, dependencies.
 *
 * Everything is checked against the file's size on reading; nothing here trusts a header. Works without section headers
 * (program headers and PT_DYNAMIC), and with sections only (relocatable objects). All memory belongs to the image's arena;
 * file bytes are a private mapping owned by the image (or a caller's buffer).
 *
 * Relocatable objects: each allocated section gets an address of its own (a layout made by us, 16-byte aligned, from
 * MC_OBJECT_BASE), relocations of its bytes are applied to a private copy, and undefined symbols get addresses in the
 * extern area, so that a direct call to one reads like any other call. */
#ifndef MC_SCANNER_IMAGE_H
#define MC_SCANNER_IMAGE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/vector.h"
#include "input/mapping.h"
#include "isa/decode.h"

enum mc_file_kind { MC_KIND_EXECUTABLE, MC_KIND_PIE, MC_KIND_SHARED_LIBRARY, MC_KIND_OBJECT, MC_KIND_KERNEL_MODULE };

struct mc_segment {
    uint64_t address, size;  /* virtual address and size in memory, bytes */
    uint64_t file_size;      /* bytes present in the file; the rest reads as 0 */
    const uint8_t *bytes;    /* file_size bytes */
    uint64_t file_offset;
    bool executable, writable;
    uint64_t relro_end;      /* [address, relro_end) lies in PT_GNU_RELRO: read-only after relocation; 0: nothing */
};

struct mc_symbol {
    const char *name;        /* bytes as in the file, NUL-terminated within bounds; "" when out of bounds */
    const char *version;     /* symbol version, NULL when none */
    uint64_t address, size;  /* virtual address; 0 when undefined */
    uint8_t type, binding, visibility; /* STT_*, STB_*, STV_* */
    bool defined;
    bool dynamic;            /* from .dynsym */
    bool exported;           /* dynamic, defined, default or protected visibility, not local; in objects: defined, not local */
    bool thread_local_;
    uint32_t section;        /* section index for objects, else 0 */
};

enum mc_reloc_kind {
    MC_RELOC_ADDRESS,   /* the place holds an address: symbol + addend, or base + addend (symbol NULL) */
    MC_RELOC_SLOT,      /* GLOB_DAT, JUMP_SLOT: the place holds the symbol's address */
    MC_RELOC_IRELATIVE, /* the place holds what the resolver at `addend` returns */
    MC_RELOC_COPY,      /* the place is a copy of the symbol's object */
    MC_RELOC_TLS,       /* module ids, offsets, descriptors */
    MC_RELOC_RELATIVE_TEXT, /* objects: a PC-relative field, already applied to the bytes */
    MC_RELOC_OTHER,
};

struct mc_reloc {
    uint64_t place;                 /* virtual address of the field */
    enum mc_reloc_kind kind;
    uint8_t width;                  /* bytes of the field */
    uint32_t type;                  /* R_X86_64_* or R_386_* */
    const struct mc_symbol *symbol; /* NULL when none */
    uint64_t target;                /* virtual address the field refers to (own definitions bind to themselves); for an undefined
                                       symbol its address in the extern area; for IRELATIVE the resolver */
    int64_t addend;
};

struct mc_import { /* an undefined symbol: one slot of the extern area */
    const struct mc_symbol *symbol;
    uint64_t address;
};

/* Linux kernel modules: an entry of .altinstructions (struct alt_instr of arch/x86/include/asm/alternative.h). The kernel puts
 * the bytes at [start, end) over those at `site` when the CPU has the feature. */
struct mc_alternative {
    uint64_t site, start, end;
    uint16_t feature; /* X86_FEATURE_* of arch/x86/include/asm/cpufeatures.h: word * 32 + bit */
    bool inverted;    /* when the CPU lacks it */
};

/* An entry of __jump_table (struct jump_entry of include/linux/jump_label.h): at `site` stands a NOP or a jump to `target`. It
 * jumps where the static key is on, or, with `inverted`, where it is off. */
struct mc_jump_label {
    uint64_t site, target, key; /* key: address of the struct static_key */
    bool inverted;
};

struct mc_module {
    struct mc_alternative *alternatives; /* sorted by start; without those that replace by nothing */
    size_t alternative_count;
    struct mc_jump_label *labels; /* sorted by site */
    size_t label_count;
    unsigned release[2]; /* of the kernel that it was built for: {6, 1}; 0 unknown */
};

#define MC_OBJECT_BASE UINT64_C(0x10000000)
/* Bytes of the extern area per import: words inside of imported objects have addresses, too. */
#define MC_EXTERN_STRIDE 0x4000 /* of linked files */
#define MC_MODULE_STRIDE 4096   /* of kernel modules */
#define MC_OBJECT_STRIDE 16     /* of other objects, which may import very much */

struct mc_section { /* a section header, name resolved; none when the file has no (readable) section headers */
    const char *name;
    uint64_t address, size, file_offset, entry_size; /* address 0: not loaded */
    uint64_t flags;          /* SHF_* */
    uint32_t type;           /* SHT_* */
    const char *comdat;      /* objects: the signature of its COMDAT group, NULL when it is in none */
};

/* Where instructions can be: executable sections, or (without section headers) the executable segments without the tables
 * that the headers name. Sorted, not overlapping. */
struct mc_code_range {
    uint64_t start, end;
};

struct mc_image {
    struct mc_arena arena;
    struct mc_mapping mapping; /* empty for mc_image_from_bytes */
    struct mc_error damage;    /* the first thing that could not be read although the file is usable; kind NONE when whole */
    char *path;
    const uint8_t *file;    /* the whole file (or archive member) */
    size_t file_size;
    enum mc_mode mode;
    enum mc_file_kind kind;
    uint64_t entry;         /* 0 when none */
    const char *interpreter, *soname, *runpath, *rpath;
    const char **needed;
    size_t needed_count;
    struct mc_segment *segments; /* sorted by address, not overlapping */
    size_t segment_count;
    struct mc_section *sections; /* in file order, index 0 included */
    size_t section_count;
    struct mc_code_range *code;
    size_t code_count;
    struct mc_code_range *tables; /* headers, symbols, relocations, unwind data: what the loader reads, and no code does */
    size_t table_count;
    struct mc_code_range *copies; /* data that the loader copies from another module (R_*_COPY): unknown here; sorted */
    size_t copy_count;
    struct mc_symbol *symbols;   /* .dynsym and .symtab; sorted by address then dynamic first */
    size_t symbol_count;
    struct mc_reloc *relocs;     /* sorted by place */
    size_t reloc_count;
    struct mc_import *imports;   /* sorted by address */
    size_t import_count;
    uint64_t extern_base;        /* the extern area [extern_base, extern_base + extern_stride * import_count), above every segment */
    uint64_t extern_stride;
    struct mc_module *module;    /* of kernel modules, else NULL */
    uint64_t *initialisers;      /* preinit, DT_INIT, init_array in the order they run */
    size_t initialiser_count;
    uint64_t *finalisers;
    size_t finaliser_count;
    uint32_t isa_needed;         /* GNU_PROPERTY_X86_ISA_1_NEEDED bits, 0 when absent */
    uint8_t build_id[64];
    size_t build_id_size;        /* bytes */
    uint64_t tls_start, tls_size, tls_file_size, tls_align; /* PT_TLS: the image of thread-local data; size 0: none */
    uint64_t eh_frame, eh_frame_size; /* virtual address; 0 when none */
    uint64_t dynamic_start, dynamic_end; /* the dynamic table, virtual addresses; both 0 when none */
    uint64_t got_base;           /* DT_PLTGOT or _GLOBAL_OFFSET_TABLE_: what PIC i386 code computes with; 0 when unknown */
    bool static_linked;          /* no PT_INTERP and no DT_NEEDED, and not a shared library by kind */
    bool stripped;               /* no .symtab */
};

/* Reads the file (path) or, for archive members, the given bytes. NULL and *ret_error on failure; MC_ERROR_UNSUPPORTED for
 * valid files that are not analysed (not ELF, other machine, x32, core). */
struct mc_image *mc_image_open(const char *path, struct mc_error *ret_error);
struct mc_image *mc_image_from_bytes(const char *path, const uint8_t *bytes, size_t size, struct mc_error *ret_error);
void mc_image_free(struct mc_image *image); /* accepts NULL */
/* The file shrank or failed while it was read: nothing found in it may be trusted. Ask when the analysis is over. */
bool mc_image_lost(const struct mc_image *image);

const struct mc_segment *mc_image_segment(const struct mc_image *image, uint64_t address); /* NULL when unmapped */
/* A pointer to `size` initialised bytes at the address, NULL when not all of them are in one segment's file bytes. */
const uint8_t *mc_image_bytes(const struct mc_image *image, uint64_t address, uint64_t size);
/* How many file bytes follow the address within its segment; 0 when none. */
uint64_t mc_image_available(const struct mc_image *image, uint64_t address);
/* A pointer to those bytes and their count; NULL and 0 when there are none. */
const uint8_t *mc_image_rest(const struct mc_image *image, uint64_t address, uint64_t *ret_size);
/* Reads 1, 2, 4 or 8 bytes as loaded (bss reads as 0; a relocated place gives its target). False when unmapped, and for
 * data that the loader copies from another module. */
bool mc_image_read(const struct mc_image *image, uint64_t address, unsigned size, uint64_t *ret_value);
const struct mc_reloc *mc_image_reloc_at(const struct mc_image *image, uint64_t place); /* exact place, or NULL */
size_t mc_image_first_reloc(const struct mc_image *image, uint64_t address); /* index of the first reloc with place >= address */
const struct mc_import *mc_image_import_at(const struct mc_image *image, uint64_t address); /* NULL when not in the extern area */
const struct mc_import *mc_image_import_around(const struct mc_image *image, uint64_t address); /* also behind its start */
bool mc_image_is_import(const struct mc_image *image, uint64_t address); /* one; in kernel modules also a place in one */
bool mc_image_is_code(const struct mc_image *image, uint64_t address);
size_t mc_image_symbols_above(const struct mc_image *image, uint64_t address); /* index of the first whose address is above */
bool mc_image_exports(const struct mc_image *image, uint64_t address); /* some exported symbol starts there */
/* The best symbol at or before the address whose extent holds it (or size 0 and nothing between); NULL when none. */
const struct mc_symbol *mc_image_symbol_for(const struct mc_image *image, uint64_t address);
const struct mc_jump_label *mc_image_label_at(const struct mc_image *image, uint64_t site); /* NULL when none */
/* Of a kernel module: the kernel itself may call what this data word points to, without any code of the module naming it. */
bool mc_module_kernel_calls(const struct mc_image *image, uint64_t place);
uint64_t mc_image_file_offset(const struct mc_image *image, uint64_t address); /* MC_NO_OFFSET when not in the file */

#endif
