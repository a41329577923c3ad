/* SPDX-License-Identifier: Apache-2.0 */
/* Disassembly around an address, for people, and names of places in the file. */
#ifndef MC_REPORT_LISTING_H
#define MC_REPORT_LISTING_H

#include "report/scan.h"
#include "scanner/explain.h"

const char *mc_clean_text(const char *text, struct mc_arena *arena); /* as mc_print_clean prints it */
/* The instruction with what its operands refer to: "call 0x1050 <init>". Clean text, in the arena; "" when there is
 * none. */
const char *mc_instruction_line(const struct mc_file_result *result, uint64_t address, struct mc_arena *arena);
/* "main+0x24", "function 0x8470+0xe5", in the arena; clean. */
const char *mc_code_place(const struct mc_file_result *result, uint64_t address, struct mc_arena *arena);

struct mc_listing {
    uint64_t address;       /* the instruction that is marked */
    unsigned before, after; /* instructions shown around it, where they belong to the same function */
    unsigned indent;        /* columns */
};
/* Instructions before the address are those that a reading from the function's start finds. */
void mc_print_listing(FILE *stream, const struct mc_file_result *result, const struct mc_listing *listing);

#endif
