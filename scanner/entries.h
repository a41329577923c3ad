/* SPDX-License-Identifier: Apache-2.0 */
/* Entries: the addresses where execution can be sent, and the code that belongs to each. Found from symbols, dynamic
 * symbols, unwind data (.eh_frame by sections or by PT_GNU_EH_FRAME), initialisers, relocations, .gopclntab, the ELF entry;
 * the sweep adds call targets and landing pads. Stripped files work. */
#ifndef MC_SCANNER_ENTRIES_H
#define MC_SCANNER_ENTRIES_H

#include "scanner/image.h"

enum mc_entry_source {
    MC_ENTRY_SYMBOL = 1,
    MC_ENTRY_DYNAMIC_SYMBOL = 2,
    MC_ENTRY_UNWIND = 4,      /* an FDE starts here */
    MC_ENTRY_INITIALISER = 8,
    MC_ENTRY_FINALISER = 16,
    MC_ENTRY_RELOCATION = 32, /* a pointer in data names it */
    MC_ENTRY_IFUNC = 64,      /* STT_GNU_IFUNC or the target of an IRELATIVE relocation: a resolver */
    MC_ENTRY_GO = 128,        /* .gopclntab */
    MC_ENTRY_START = 256,     /* e_entry */
    MC_ENTRY_CALL = 512,      /* target of a direct call */
    MC_ENTRY_LANDING_PAD = 1024,
    MC_ENTRY_POINTER = 2048,  /* lea or immediate names it (files without relocations); the reference sweep's find */
    MC_ENTRY_ALTERNATIVE = 8192, /* a replacement of a kernel module's .altinstructions */
    MC_ENTRY_PLT = 4096,      /* a linker's stub: jumps through the GOT slot of an import (named "import@plt") */
};

struct mc_entry {
    uint64_t address;
    uint64_t end;      /* exclusive: the FDE's or symbol's end where known, else the next entry or the segment's end */
    uint32_t sources;  /* enum mc_entry_source bits */
    bool bounded;      /* end comes from an FDE, a sized symbol or .gopclntab */
    const char *name;  /* NULL when unknown */
};

struct mc_entries {
    struct mc_entry *items; /* sorted by address, unique */
    size_t count;
    struct mc_landing_pad { uint64_t call_start, call_end, pad; } *landing_pads; /* sorted by pad */
    size_t landing_pad_count;
    struct mc_text_range { uint64_t start, end; } *uncovered; /* executable bytes outside every bounded function */
    size_t uncovered_count;
    uint64_t longest;  /* bytes of the longest entry: whoever adds entries keeps it true (mc_entry_holding relies on it) */
};

/* Result and its memory belong to the arena. Never fails: what cannot be read (a damaged .eh_frame) is left out and
 * described in *ret_warning (kind NONE when all was read). */
struct mc_entries *mc_entries_find(const struct mc_image *image, struct mc_arena *arena, struct mc_error *ret_warning);
/* Fills in the names that cost reading (stripped Go programs keep them in cold pages): for files with something to say. */
void mc_entries_name(const struct mc_image *image, struct mc_entries *entries);
const struct mc_entry *mc_entry_at(const struct mc_entries *entries, uint64_t address);   /* exact start, or NULL */
const struct mc_entry *mc_entry_holding(const struct mc_entries *entries, uint64_t address); /* start <= address < end, or NULL */

/* The start of Go's part of the text, which its types' tables of methods count from, and where .gopclntab lies (at most up to
 * its segment's end). False when there is no Go code. */
bool mc_entries_go_text(const struct mc_image *image, const struct mc_entries *entries, uint64_t *ret,
                        struct mc_text_range *ret_table);

#endif
