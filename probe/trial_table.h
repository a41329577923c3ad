/* SPDX-License-Identifier: Apache-2.0 */
/* A row of the trial tables, the machine state around an instruction, and the three kinds of models.
 *
 * Grammar of the trials_*.def tables; every family file brings its own short macros on top of MC_TRIAL:
 *   feature   MC_F_<id>, the feature that mc_decode names for the bytes
 *   modes     BOTH, or ONLY64 (needs REX, a 64-bit register or does not exist in 32-bit mode)
 *   state     registers that the stub loads and stores: GPR, MMX (and mm), XMM (and mm), YMM, ZMM (16-bit k), ZMMQ
 * (64-bit k) width     bytes of the vector operands, 0 for none; VEX, EVEX and XOP rows clear their destination above
 * it element   bytes of one element for EVEX masks, else 0 d a b c   destination and sources: V0-V7 vector, Q0-Q7 mm,
 * G0-G7 general (hardware numbers), K0-K7, M memory at rsi, N memory at rdi, NO none inputs    how the state is filled
 * before each run: MC_IN_* immediates which values the last byte of the instruction takes in turn: MC_IMM_* text,
 * before, hex, after   the instruction, and helper bytes run around it model     LANES, SCALAR or STATE function that
 * computes the expected state; alias: what an older CPU computes */
#ifndef MC_PROBE_TRIAL_TABLE_H
#define MC_PROBE_TRIAL_TABLE_H

#include "isa/feature.h"
#include "probe/trial.h"

enum mc_trial_mode { MC_TRIAL_BOTH, MC_TRIAL_ONLY64 };
enum mc_trial_state {
    MC_TRIAL_GPR,
    MC_TRIAL_MMX,
    MC_TRIAL_XMM,
    MC_TRIAL_YMM,
    MC_TRIAL_ZMM,
    MC_TRIAL_ZMMQ,
    MC_TRIAL_STATES
};

enum mc_operand {
    MC_NO = 0,
    MC_V0 = 0x10,
    MC_V1,
    MC_V2,
    MC_V3,
    MC_V4,
    MC_V5,
    MC_V6,
    MC_V7,
    MC_Q0 = 0x20,
    MC_Q1,
    MC_Q2,
    MC_Q3,
    MC_Q4,
    MC_Q5,
    MC_Q6,
    MC_Q7,
    MC_G0 = 0x30,
    MC_G1,
    MC_G2,
    MC_G3,
    MC_G4,
    MC_G5,
    MC_G6,
    MC_G7,
    MC_K0 = 0x40,
    MC_K1,
    MC_K2,
    MC_K3,
    MC_K4,
    MC_K5,
    MC_K6,
    MC_K7,
    MC_M = 0x50,
    MC_N = 0x51,
};

enum mc_inputs {            /* MC_INPUT_RUNS fillings each */
                 MC_IN_INT, /* integer boundaries of 8, 16, 32 and 64 bits, equal registers, pseudo-random words */
                 MC_IN_F32, /* vectors of finite floats, zeros and infinities; results of + - * stay exact */
                 MC_IN_F64,
                 MC_IN_F32S, /* all specials: NaN, denormals, halves, huge values; MXCSR.RC takes all four values */
                 MC_IN_F64S,
                 MC_IN_F16, /* small half-precision integers and fractions */
                 MC_IN_BF16,
                 MC_IN_TILE, /* AMX: tile configuration at N; three tiles at M: integers, or floats and halves */
                 MC_IN_TILE_BF16,
                 MC_IN_TILE_F16,
                 MC_IN_KINDS,
};
#define MC_INPUT_RUNS 10

enum mc_immediates {
    MC_IMM_NONE,   /* the bytes as they stand */
    MC_IMM_ROUND,  /* 0-15 */
    MC_IMM_SELECT, /* bit patterns for blends, shuffles, dot products */
    MC_IMM_COUNT,  /* byte and bit counts about 8, 16, 32, 64 */
    MC_IMM_SMALL,  /* 0-7 */
    MC_IMM_STRING, /* all modes of PCMPxSTRx */
    MC_IMM_SETS,
};

#define MC_FLAG_CF 0x001u
#define MC_FLAG_PF 0x004u
#define MC_FLAG_AF 0x010u
#define MC_FLAG_ZF 0x040u
#define MC_FLAG_SF 0x080u
#define MC_FLAG_OF 0x800u
#define MC_FLAGS_ALL (MC_FLAG_CF | MC_FLAG_PF | MC_FLAG_AF | MC_FLAG_ZF | MC_FLAG_SF | MC_FLAG_OF)

enum { MC_RAX, MC_RCX, MC_RDX, MC_RBX, MC_RSP, MC_RBP, MC_RSI, MC_RDI };
#define MC_MEMORY_SIZE 256

struct mc_state {
    uint8_t vec[8][64];
    uint8_t m[MC_MEMORY_SIZE], n[MC_MEMORY_SIZE]; /* what rsi and rdi point to, 64-byte aligned */
    uint64_t gpr[16]; /* by hardware number; 32-bit code uses the low halves of the first 8 */
    uint64_t flags;
    uint64_t mm[8];
    uint64_t k[8];
    uint32_t mxcsr;
    uint32_t flags_defined; /* in an expected state: which flags count */
};

/* Operands as bytes. d starts as the destination's old value for legacy instructions and memory, as zeros otherwise. */
struct mc_lanes {
    uint8_t *d;
    const uint8_t *a, *b, *c;
    unsigned n; /* bytes of a full vector: 8, 16, 32, 64 */
    unsigned immediate;
    uint32_t mxcsr;
    uint64_t mask; /* EVEX: the mask register, all ones without one; the engine applies it where element is not 0 */
    bool zeroing;
    bool b_memory;      /* b is a memory operand */
    const uint8_t *old; /* the destination before */
};
typedef void mc_lane_fn(struct mc_lanes *x);

/* General registers: the model sets d, and flags where they change; `undefined` lists the flags the manual leaves open.
 */
struct mc_scalar {
    unsigned bits;       /* operand size: 8 * width */
    uint64_t a, b, c, d; /* zero-extended to 64 bits */
    unsigned immediate;
    uint32_t flags, undefined;
    bool keep; /* the destination keeps its old value */
};
typedef void mc_scalar_fn(struct mc_scalar *x);

/* Anything else. `expect` starts as a copy of `in`. `got` is there for results that only a range can tell (RDRAND,
 * RDPID): accept a plausible value by copying it. */
struct mc_trial_view {
    const struct mc_trial *trial;
    unsigned immediate, run;
    const struct mc_state *in, *got;
    struct mc_state *expect;
};
typedef void mc_state_fn(struct mc_trial_view *view);

struct mc_model {
    mc_lane_fn *lanes;
    mc_scalar_fn *scalar, *alias;
    mc_state_fn *state;
    bool refused_by_gp; /* a CPU without the feature raises #GP at the instruction, not #UD */
};

struct mc_trial {
    uint16_t feature;
    uint8_t modes, state, width, element;
    uint8_t d, a, b, c;
    uint8_t inputs, immediates;
    const char *text, *before, *hex, *after;
    struct mc_model model;
};

#define MC_LANES(fn) \
    {                \
        .lanes = fn  \
    }
#define MC_SCALAR(fn) \
    {                 \
        .scalar = fn  \
    }
#define MC_ALIASED(fn, older)        \
    {                                \
        .scalar = fn, .alias = older \
    }
#define MC_STATE(fn) \
    {                \
        .state = fn  \
    }
#define MC_STATE_OR_GP(fn)                 \
    {                                      \
        .state = fn, .refused_by_gp = true \
    }
#define MC_TRIAL(feature, modes, state, width, element, d, a, b, c, inputs, immediates, text, before, hex, after, ...) \
    {MC_F_##feature, MC_TRIAL_##modes, MC_TRIAL_##state,    width, element, MC_##d, MC_##a, MC_##b,                    \
     MC_##c,         MC_IN_##inputs,   MC_IMM_##immediates, text,  before,  hex,    after,  __VA_ARGS__},

struct mc_trial_list {
    const struct mc_trial *rows;
    size_t count;
};

/* The row behind an index of probe/trial.h; NULL beyond the last. */
const struct mc_trial *mc_trial_row(size_t trial);

/* One list per trials_*.def file. */
extern const struct mc_trial_list mc_trial_lists[];
extern const size_t mc_trial_list_count;

/* The engine on any table: what mc_trials_run does for the project's own, and the tests do for planted rows.
 * results[count] is written in the order of the rows. */
bool mc_trials_run_rows(const struct mc_trial *const *rows, size_t count, unsigned timeout_ms,
                        struct mc_trial_result *results, struct mc_trials *ret, struct mc_error *ret_error);

/* The immediates of a set; MC_IMM_NONE has one, which is ignored. */
const uint8_t *mc_trial_immediates(enum mc_immediates set, size_t *ret_count);
/* Bytes of a hex text, at most 32; returns how many. Spaces are skipped. */
size_t mc_trial_hex(const char *hex, uint8_t ret[static 32]);

#endif
