/* SPDX-License-Identifier: Apache-2.0 */
/* The compiled form of isa/encodings.txt, shared by the generator (gen_decode.c) and the decoders. Private to isa/.
 *
 * Every opcode of every map has one 32-bit entry. A leaf says all that the sweep wants; a node names what decides (the
 * modrm byte, W, L ...) and where its block of further entries stands in mc_tree. Invalid opcodes are 0. */
#ifndef MC_ISA_DECODE_TABLE_H
#define MC_ISA_DECODE_TABLE_H

#include <stdint.h>

/* A leaf: */
#define MC_LEAF_ROW 0x1fffu         /* number of the row with a need, 0 when it needs nothing */
#define MC_LEAF_IMM_SHIFT 13        /* 4 bits, enum mc_imm */
#define MC_LEAF_FLOW_SHIFT 17       /* 4 bits, enum mc_flow */
#define MC_LEAF_MODRM (1u << 21)    /* a modrm byte follows */
#define MC_LEAF_MEM_ONLY (1u << 22) /* modrm.mod == 3 is invalid */
#define MC_LEAF_REG_ONLY (1u << 23) /* modrm.mod != 3 is invalid */
#define MC_LEAF_CPUID (1u << 24)    /* CPUID, XGETBV */
#define MC_LEAF_O64 (1u << 25)      /* operand size is 64 bits in 64-bit mode without W */
#define MC_LEAF_VVVV (1u << 26)     /* VEX.vvvv names an operand; without it vvvv must be 1111b */
#define MC_LEAF_VALID (1u << 27)    /* so that no leaf is 0 */
#define MC_SPECIAL (1u << 30)       /* no leaf: a prefix or an escape; bits 0..7 are an enum mc_special */
#define MC_MANDATORY (1u << 29)     /* besides MC_SPECIAL: 66, F2 or F3 */
/* A node (nothing else has bit 31): */
#define MC_NODE (1u << 31)
#define MC_NODE_KIND_SHIFT 24 /* 3 bits, enum mc_node_kind */
#define MC_NODE_OFFSET 0x00ffffffu

enum mc_node_kind {
    MC_NODE_MODE,
    MC_NODE_PREFIX,
    MC_NODE_L,
    MC_NODE_W,
    MC_NODE_B,
    MC_NODE_MODREG,
    MC_NODE_RM,
    MC_NODE_KINDS
};

enum mc_imm { /* what follows the modrm part; the names are those of encodings.txt */
              MC_IMM_NONE,
              MC_IMM_IB,
              MC_IMM_IW,
              MC_IMM_IZ, /* 2 or 4 by operand size */
              MC_IMM_IV, /* 2, 4 or 8 */
              MC_IMM_IBIB,
              MC_IMM_IWIB,
              MC_IMM_CB,    /* branch displacement, 1 byte */
              MC_IMM_CZ,    /* branch displacement, 4 bytes (2 with 66 in 32-bit mode) */
              MC_IMM_CV,    /* the same, but 2 with 66 in both modes (XBEGIN) */
              MC_IMM_CP,    /* far pointer, 4 or 6 */
              MC_IMM_MOFFS, /* absolute address, by address size */
              MC_IMM_I32,
              MC_IMM_I64,
              MC_IMM_COUNT
};

enum mc_special {
    MC_SPECIAL_PREFIX, /* 26 2E 36 3E 64 65 66 67 F0 F2 F3 */
    MC_SPECIAL_REX,
    MC_SPECIAL_0F,
    MC_SPECIAL_VEX3, /* C4 */
    MC_SPECIAL_VEX2, /* C5 */
    MC_SPECIAL_EVEX, /* 62 */
    MC_SPECIAL_XOP,  /* 8F */
    MC_SPECIAL_REX2, /* D5 in 64-bit mode */
    MC_SPECIAL_0F38, /* in map 0F: 38, 3A, 0F */
    MC_SPECIAL_0F3A,
    MC_SPECIAL_3DNOW,
};

/* Mandatory prefixes by number: none, 66, F3, F2 (the order of VEX.pp). */
#define MC_PP_NONE 0
#define MC_PP_66 1
#define MC_PP_F3 2
#define MC_PP_F2 3

/* What only mc_decode wants to know of a VEX or EVEX row. */
#define MC_SHAPE_MASK 1 /* EVEX.aaa may be non-zero */
#define MC_SHAPE_MASK_NEEDED 2
#define MC_SHAPE_ZERO 4      /* EVEX.z allowed */
#define MC_SHAPE_ROUND 8     /* register form: EVEX.b is embedded rounding (L'L is the mode) or SAE */
#define MC_SHAPE_VSIB 16     /* the index is a vector register; a SIB byte must be there */
#define MC_SHAPE_NF 32       /* APX: EVEX.aaa[2] is NF */
#define MC_SHAPE_SCC 64      /* APX: EVEX.aaa and V' hold a condition, vvvv flags */
#define MC_SHAPE_ND 128      /* APX: EVEX.b is ND, either value; vvvv is the destination when it is set */
#define MC_SHAPE_ZU 256      /* APX: EVEX.b is ZU, either value */
#define MC_SHAPE_GENERAL 512 /* modrm.reg is a general register: above 15 only with APX */
struct mc_shape {
    uint16_t flags;    /* MC_SHAPE_* */
    uint8_t disp_base; /* disp8*N: log2(N) + 1, or 0 for none; when disp_by_vl, N = (16 << L) >> (disp_base - 1) */
    uint8_t disp_by_vl;
    uint8_t broadcast; /* bytes of the element when EVEX.b is set; 0: EVEX.b must be 0 with a memory operand */
};

#define MC_DISP_DUP 15 /* MOVDDUP: 8, 32, 64 */

extern const uint32_t mc_table_legacy0[2][256]; /* [mode][opcode] */
extern const uint32_t mc_table_escaped[2][4];   /* [mode]: C4 LES, C5 LDS, 62 BOUND, 8F POP when they are no prefix */
extern const uint32_t mc_table_legacy[2][3][4][256]; /* [mode][map - 1][prefix][opcode] */
extern const uint32_t mc_table_lock[2][256];         /* [map][opcode]: valid where LOCK is */
extern const uint32_t mc_table_3dnow[256];           /* [suffix] */
extern const uint32_t mc_table_vex[7][4][256];       /* [map - 1][pp][opcode] */
extern const uint32_t mc_table_evex[7][4][256];      /* [map - 1][pp][opcode] */
extern const uint32_t mc_table_xop[3][256];          /* [map - 8][opcode] */
extern const uint32_t mc_tree[];
extern const struct mc_shape mc_shapes[]; /* [row] */
extern const uint16_t mc_need_with_apx[]; /* [row]: the need of the row and APX, 0 when there is none */

#endif
