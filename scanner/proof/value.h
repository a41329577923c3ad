/* SPDX-License-Identifier: Apache-2.0 */
/* Abstract values: what a register, stack slot or memory cell may hold, and what its being so implies (design.md 5.3).
 *
 *   TOP    nothing is known but its provenance: the facts that were in what it was made of
 *   CASES  one of a few {base + offset => facts}, or any other value => `other` facts (MC_FACTS_ALL: no other value). A
 *          constant is one case with base 0; an address on the stack, an argument, the contents of a cell are one case whose
 *          base is a symbol
 *   BITS   for each bit: constant, or the facts implied when it is 1 and when it is 0
 *   MASKED bits of one symbol, moved: bit i of the value is bit i + shift of the symbol where the mask has bit i, else 0. What
 *          most tests in a program look at; it becomes BITS only when it meets something that is
 *   PAIR   two values of 32 bits side by side: a structure of two words in one register (value_pair.c)
 *
 * Values are interned; equal ids mean equal values. All operations are pure. */
#ifndef MC_SCANNER_PROOF_VALUE_H
#define MC_SCANNER_PROOF_VALUE_H

#include "scanner/proof/facts.h"

typedef uint32_t mc_value;
#define MC_TOP ((mc_value)0) /* TOP without provenance */

enum mc_symbol_kind {
    MC_SYM_NONE,
    MC_SYM_MODULE,  /* address 0 of the analysed file: a position-independent address is this symbol + virtual address */
    MC_SYM_STACK,   /* the stack pointer at a function's entry; a = entry */
    MC_SYM_ALIGNED, /* a stack pointer after `and rsp, -n`; a = site */
    MC_SYM_ARGUMENT,/* a = entry, b = register 0..15, or 16 + offset from the entry stack pointer in bytes */
    MC_SYM_CELL,    /* a = virtual address: contents of a global, width bits; b = 1: not what it starts with */
    MC_SYM_TLS,     /* a = offset from the thread pointer, b as of a cell */
    MC_SYM_LOAD,    /* a = base symbol, b = displacement: contents of memory through a pointer we know only by name */
    MC_SYM_RETURN,  /* a = entry or extern address of the callee, b = register */
    MC_SYM_MAX_LEAF,/* a = 0 or 0x80000000: what CPUID(a).EAX says */
    MC_SYM_VECTOR,  /* pseudo base for lanes of vector register a */
    MC_SYM_OBJECT,  /* a = site: fresh memory (result of an allocation) */
    MC_SYM_FEATURE_LEAF, /* glibc's record of a CPUID leaf; a = its index, see provider.c */
    MC_SYM_ENVIRONMENT, /* what getenv gave; a = site */
    MC_SYM_KERNEL,  /* what Linux tells its modules: kernel.h */
    MC_SYM_OUTPUT,  /* a = entry of a callee, b = slot of the argument << 32 | offset: what it left where its argument points */
    MC_SYM_LZCNT,   /* a = site, b = value counted: what LZCNT made of it, or BSR on a CPU without LZCNT */
};

struct mc_symbol_key {
    uint32_t kind, width; /* bits: 8, 16, 32, 64 */
    uint64_t a;
    int64_t b;
};

enum mc_value_kind { MC_VALUE_TOP, MC_VALUE_CASES, MC_VALUE_BITS, MC_VALUE_MASKED, MC_VALUE_PAIR };

struct mc_case {
    int64_t offset;
    uint32_t base; /* symbol, 0 for plain numbers */
    mc_facts facts;
};

struct mc_bit {
    uint32_t index;
    mc_facts if_one, if_zero;
};

#define MC_MAX_CASES 20

struct mc_value_data {
    uint32_t kind, count;
    uint32_t width;     /* CASES: bits that are meant; above them nothing is known */
    mc_facts other;     /* CASES: facts of any other value. TOP: provenance */
    uint64_t known, constant; /* BITS: which bits are constant, and their values. MASKED: mask, and shift (as int64_t); the
                                 symbol and the facts that hold anyway are in cases[0]. PAIR: low, high value */
    union {
        struct mc_case cases[MC_MAX_CASES];
        struct mc_bit bits[64]; /* sorted by index; only bits that imply something */
    };
};

struct mc_values;

struct mc_values *mc_values_new(struct mc_arena *arena, struct mc_facts_table *facts);
void mc_values_free(struct mc_values *values);
struct mc_facts_table *mc_values_facts(const struct mc_values *values);
/* Tests of symbols for which it says false imply nothing; none set: every symbol may matter. */
typedef bool mc_symbol_filter(void *context, uint32_t symbol);
void mc_values_set_filter(struct mc_values *values, mc_symbol_filter *filter, void *context);
/* The symbol is a global that is set to things that are not the CPU's (an option, a setter's argument), and starts with *ret. None
 * set: no symbol is. The context is the filter's. */
typedef bool mc_symbol_option(void *context, uint32_t symbol, uint64_t *ret);
void mc_values_set_option(struct mc_values *values, mc_symbol_option *option);

/* Symbol 1 is always MC_SYM_MODULE. */
#define MC_BASE_MODULE 1u
uint32_t mc_symbol_id(struct mc_values *values, struct mc_symbol_key key);
struct mc_symbol_key mc_symbol_get(const struct mc_values *values, uint32_t symbol);

void mc_value_get(const struct mc_values *values, mc_value value, struct mc_value_data *ret);
mc_value mc_value_top(struct mc_values *values, mc_facts provenance);
mc_value mc_value_constant(struct mc_values *values, uint64_t constant); /* number or module address, 64 bits */
mc_value mc_value_symbol(struct mc_values *values, uint32_t symbol, int64_t offset);
mc_value mc_value_cases(struct mc_values *values, const struct mc_case *cases, size_t count, mc_facts other, unsigned width);
/* 0 or 1 with the facts of either; a side that is MC_FACTS_ALL cannot be. */
mc_value mc_value_boolean(struct mc_values *values, mc_facts if_one, mc_facts if_zero);
mc_value mc_value_from_bits(struct mc_values *values, const struct mc_value_data *bits);

/* The one case there is: its base and offset. False when there are several, or others. */
bool mc_value_single(const struct mc_values *values, mc_value value, uint32_t *ret_base, int64_t *ret_offset);
bool mc_value_is_constant(const struct mc_values *values, mc_value value, uint64_t *ret_constant);
/* Facts that are in the value (of any case or bit, positive side): what it was derived from. */
mc_facts mc_value_provenance(struct mc_values *values, mc_value value);

/* Module addresses that some operation could not keep (they became part of a TOP) since the last call; the list is the
 * values' own until the next operation. The caller must treat them as handed out wherever they came from. */
const int64_t *mc_values_take_lost(struct mc_values *values, size_t *ret_count);

/* Marks the list, and forgets what was added since: for operands whose addresses the caller accounts for itself. */
size_t mc_values_lost_mark(const struct mc_values *values);
void mc_values_lost_reset(struct mc_values *values, size_t mark);

enum mc_operation { MC_OP_AND, MC_OP_OR, MC_OP_XOR, MC_OP_ADD, MC_OP_SUB, MC_OP_SHL, MC_OP_SHR, MC_OP_SAR, MC_OP_ROL, MC_OP_ROR, MC_OP_MUL };
mc_value mc_value_operate(struct mc_values *values, enum mc_operation operation, mc_value a, mc_value b, unsigned width);
mc_value mc_value_zero_extend(struct mc_values *values, mc_value value, unsigned from);  /* keep the low `from` bits */
mc_value mc_value_sign_extend(struct mc_values *values, mc_value value, unsigned from, unsigned to);
/* Bits [low, low + width) of a value, at the bottom. */
mc_value mc_value_extract(struct mc_values *values, mc_value value, unsigned low, unsigned width);
/* `old` with bits [low, low + width) replaced by the low bits of `part`. */
mc_value mc_value_insert(struct mc_values *values, mc_value old, mc_value part, unsigned low, unsigned width);
/* Two ways meet: a under facts fa, b under facts fb. */
mc_value mc_value_join(struct mc_values *values, mc_value a, mc_facts fa, mc_value b, mc_facts fb);
/* Every implication gains the facts. */
mc_value mc_value_with_facts(struct mc_values *values, mc_value value, mc_facts facts);
/* Index of the lowest (or highest) set bit, as tzcnt, bsf and bsr compute it. */
mc_value mc_value_bit_index(struct mc_values *values, mc_value value, bool highest, unsigned width, int64_t when_zero);

/* What follows from `value RELATION constant` (at `width` bits); MC_FACTS_ALL when it cannot be. */
mc_facts mc_value_test(struct mc_values *values, mc_value value, enum mc_relation relation, uint64_t constant, unsigned width);

#endif
