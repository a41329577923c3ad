/* SPDX-License-Identifier: Apache-2.0 */
/* Representative encodings of a row of isa/encodings.txt, and decoders that are not ours to confirm them. */
#ifndef MC_TESTS_DECODE_CONFIRM_H
#define MC_TESTS_DECODE_CONFIRM_H

#include "isa/gen_decode.h"

enum witness { WITNESS_NONE, WITNESS_ZYDIS, WITNESS_OBJDUMP, WITNESS_LLVM };

struct sample {
    const struct gen_row *row;
    enum mc_mode mode;
    uint8_t bytes[16];
    unsigned length;      /* ours */
    enum witness witness; /* who confirmed it */
    char against[128];    /* what a decoder says that knows the bytes as something else; "" when none does */
};

/* Each looks at the samples without a witness. A missing tool confirms nothing: *ret_missing says which. */
void confirm_by_zydis(struct sample *samples, size_t count, const char **ret_missing);
void confirm_by_objdump(struct sample *samples, size_t count, const char **ret_missing);
void confirm_by_llvm(struct sample *samples, size_t count, const char **ret_missing);

/* Whether a decoder's mnemonic names the row: the same, or a known other spelling. A row's name with a dash is a group
 * of plain instructions, whose name says nothing. */
bool name_fits(const struct gen_row *row, const char *mnemonic);

#endif
