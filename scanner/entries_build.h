/* SPDX-License-Identifier: Apache-2.0 */
/* How entries are put together; internal to the entries files. Each source pushes what it found, unsorted and with
 * duplicates; entries.c sorts and merges. */
#ifndef MC_SCANNER_ENTRIES_BUILD_H
#define MC_SCANNER_ENTRIES_BUILD_H

#include "base/vector.h"
#include "scanner/entries.h"

struct mc_entry_finder {
    const struct mc_image *image;
    struct mc_arena *arena;
    struct mc_error *warning; /* never NULL; the first one is kept */
    MC_VECTOR(struct mc_entry) found;
    MC_VECTOR(struct mc_landing_pad) pads;
    MC_VECTOR(struct mc_text_range) stubs; /* PLT ranges: linkers cover each with one FDE, which is no function */
    uint64_t code_start, code_end;         /* the code range looked at last */
    size_t code_index;
};

/* True when the address is code; *ret_end is the end of its range. Quick for neighbours. */
bool mc_finder_in_code(struct mc_entry_finder *finder, uint64_t address, uint64_t *ret_end);
/* Adds an entry unless its address is no code. size 0: unbounded. */
void mc_finder_add(struct mc_entry_finder *finder, uint64_t address, uint64_t size, uint32_t source, const char *name);
void mc_finder_warn(struct mc_entry_finder *finder, uint64_t address, const char *text);

/* Sorted, unique entries out of finder->found and the image's relocations, each with an end. */
void mc_entries_merge(struct mc_entry_finder *finder, struct mc_entries *entries);
/* Bytes of padding at the start: zero, int3 or one NOP of any length; 0 when it is something else. */
size_t mc_padding_length(enum mc_mode mode, const uint8_t *bytes, size_t size);
size_t mc_entries_above(const struct mc_entries *entries, uint64_t address); /* index of the first entry above it */

void mc_entries_from_unwind(struct mc_entry_finder *finder);
void mc_entries_from_go(struct mc_entry_finder *finder);
void mc_entries_from_plt(struct mc_entry_finder *finder);

#endif
