/* SPDX-License-Identifier: Apache-2.0 */
/* One instruction, decoded by us and by Zydis. */
#ifndef MC_TESTS_DECODE_COMPARE_H
#define MC_TESTS_DECODE_COMPARE_H

#include "isa/decode.h"

#include <Zydis/Zydis.h>

#define COMPARE_REASONS 16
struct comparison {
    ZydisDecoder decoders[2];
    unsigned long compared; /* both decoded it, and agreed in all */
    unsigned long neither;  /* neither did */
    unsigned long explained[COMPARE_REASONS];
    unsigned long failures;
};

void comparison_open(struct comparison *comparison);
/* Compares all that both say of the instruction; failures are printed with `where`. Returns the length to go on by:
 * ours, else Zydis', 0 when neither decodes. */
unsigned compare(struct comparison *comparison, enum mc_mode mode, const uint8_t *bytes, size_t size,
                 const char *where);
/* Prints the explained differences and one TAP line per kind of check. Returns the exit status. */
int comparison_report(const struct comparison *comparison, const char *what);

#endif
