/* SPDX-License-Identifier: Apache-2.0 */
/* The generator of the decoder's tables: rows of isa/encodings.txt as read (gen_decode.c) and the C written from them
 * (gen_emit.c). A build tool: it may print and exit. */
#ifndef MC_ISA_GEN_DECODE_H
#define MC_ISA_GEN_DECODE_H

#include "isa/decode.h"
#include "isa/decode_table.h"

#include <stdio.h>

enum gen_encoding { GEN_LEGACY, GEN_3DNOW, GEN_VEX, GEN_EVEX, GEN_XOP, GEN_LOCK };

/* A box in the space of everything that can decide, one bit per value: the condition of a row, or a part of the space.
 */
struct gen_box {
    uint8_t mode;    /* bit 0: 32-bit, bit 1: 64-bit */
    uint8_t prefix;  /* bits MC_PP_* */
    uint8_t l;       /* bits 0..3 */
    uint8_t w;       /* bits 0, 1 */
    uint8_t b;       /* bits 0, 1: EVEX.b */
    uint16_t modreg; /* bits 0..7: modrm.reg with memory, 8..15: with a register */
    uint8_t rm;      /* modrm.rm */
};

#define GEN_NAMES 4
struct gen_row {
    unsigned line;
    enum gen_encoding encoding;
    unsigned map, first_opcode, last_opcode;
    struct gen_box box;
    unsigned imm, flow, flags; /* flags: MC_LEAF_MODRM, _CPUID, _O64, _VVVV */
    struct mc_shape shape;
    char features[GEN_NAMES][GEN_NAMES][24]; /* [alternative][feature], "" ends */
    unsigned vl;                             /* bit n: alternative n needs avx512vl unless the length is 512 bits */
    unsigned absent;
    char mnemonic[32];
    unsigned need; /* 0: needs nothing */
    bool used;
};

#define GEN_MAX_ROWS 6000
extern struct gen_row gen_rows[GEN_MAX_ROWS];
extern unsigned gen_row_count;
extern uint64_t gen_fingerprint; /* of all rows' text, blanks aside */

_Noreturn void gen_die(unsigned line, const char *format, ...) __attribute__((format(printf, 2, 3)));
void gen_read(FILE *in); /* ends the program on a row it does not understand */
void gen_emit(FILE *out);

#endif
