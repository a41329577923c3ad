/* SPDX-License-Identifier: Apache-2.0 */
/* One instruction on the abstract state: operands, memory, transfer functions. */
#ifndef MC_SCANNER_PROOF_MACHINE_H
#define MC_SCANNER_PROOF_MACHINE_H

#include "scanner/proof/prover.h"

struct mc_stack_place {
    uint32_t base;
    int64_t offset;
    bool let_go; /* whom it was given to does not keep it, and left something elsewhere: that is not behind it */
};

#define MC_ROW_REACH 128 /* bytes of code from the load of a row to where its base is added, or to the jump */

struct mc_table_load {
    uint64_t site;  /* address of the load, 0: none */
    uint64_t base;  /* what the base register holds: relative entries count from here */
    uint64_t table; /* address of row 0 */
    unsigned scale, size; /* bytes from row to row, bytes of a row's content */
    unsigned factor;      /* what the index is multiplied with */
    mc_value index;
};

struct mc_rows_load { /* the last load of one of a few known rows */
    uint64_t site, table; /* the instruction, 0: none; where the rows count from */
};

struct mc_row_pointer { /* table + index * size of a row, made by an ADD: what a load through it reads is a row */
    unsigned place;     /* number + 1 of the register that holds it; 0: none */
    uint64_t table;
    mc_value index;     /* already multiplied */
};

/* One run over one body: shared by its blocks and by the helpers run inside it. */
struct mc_run {
    struct mc_prover *prover;
    uint64_t entry;
    bool recording;
    unsigned depth; /* of helpers run inside */
    mc_value frame; /* the stack pointer with which the one at hand was entered */
    unsigned parts; /* of its code, in which it is: compilers put what is rarely run elsewhere */
    MC_VECTOR(struct mc_event) events;
    MC_VECTOR(mc_value) arguments;
    MC_VECTOR(struct mc_stack_place) escaped_stack; /* stack places whose address was handed out */
    struct mc_table_load table; /* the last load from a table by an unknown index */
    struct mc_rows_load rows;
    struct mc_row_pointer row;
    bool small_loop;       /* in the body at hand, which may be followed round after round */
    unsigned rows_in_loop; /* it loads from one of several rows of constant data: rounds to follow it for; 0: it does not */
    bool asks_cpuid;       /* CPUID was executed */
    bool complete;
    uint64_t gap;
    const char *gap_kind;
};

struct mc_machine {
    struct mc_run *run;
    struct mc_prover *prover;
    struct mc_values *values;
    struct mc_state *state;
    const struct mc_insn *insn;
    uint64_t address;      /* of the instruction */
    unsigned address_bits; /* 32 or 64 */
};

enum { MC_RAX, MC_RCX, MC_RDX, MC_RBX, MC_RSP, MC_RBP, MC_RSI, MC_RDI };

/* What control does after the instruction. */
struct mc_next {
    mc_facts jump_facts, fall_facts; /* of a conditional branch */
    mc_value target;                 /* of an indirect jump or call */
};

void mc_execute(struct mc_machine *machine, struct mc_next *ret_next);

/* operands.c */
mc_value mc_get_register(const struct mc_machine *m, unsigned number, unsigned size);
void mc_set_register(struct mc_machine *m, unsigned number, unsigned size, mc_value value);
void mc_put_register(struct mc_machine *m, unsigned number, mc_value value); /* all of it */
mc_value mc_effective_address(const struct mc_machine *m);
mc_value mc_load(struct mc_machine *m, mc_value address, unsigned size);
void mc_store(struct mc_machine *m, mc_value address, unsigned size, mc_value value);
mc_value mc_get_rm(struct mc_machine *m, unsigned size);
void mc_set_rm(struct mc_machine *m, unsigned size, mc_value value);
mc_value mc_get_reg(struct mc_machine *m, unsigned size);
void mc_set_reg(struct mc_machine *m, unsigned size, mc_value value);
void mc_push_value(struct mc_machine *m, mc_value value);
mc_value mc_pop_value(struct mc_machine *m);
/* The virtual address that base + offset means in this file; false when it is none. */
bool mc_module_address(const struct mc_prover *prover, uint32_t base, int64_t offset, uint64_t *ret_address);
/* Every address in the value leaves the tracked values here. */
void mc_escape(struct mc_machine *m, mc_value value, enum mc_escape how);
/* The value was just made from an address in the code or read from a relocated slot. */
void mc_note_address(struct mc_machine *m, mc_value value);
/* The facts after a call of `final`: installing or removing a SIGILL handler changes them. trap.c */
mc_facts mc_handler_installed(struct mc_machine *m, uint64_t final);
#define MC_RETURN_STATUS 64 /* "register" of an MC_SYM_RETURN: what wait() and its kin store */
bool mc_is_fork(struct mc_prover *prover, uint64_t final);
bool mc_is_wait(const char *name, unsigned *ret_status_argument);
/* Some function, among those evaluated so far, forks and waits; with `uses`, its child executes a use before anything else
 * could be told of it. */
bool mc_child_tries(struct mc_prover *prover, bool uses);
bool mc_has_use(const struct mc_prover *prover, struct mc_text_range range);
bool mc_is_resuming_handler(struct mc_prover *prover, uint64_t entry); /* somebody installed it for SIGILL */
bool mc_is_environment(struct mc_prover *prover, uint64_t final); /* getenv and its kin */
int mc_import_arity(const char *name); /* parameters of a function of the C library, at most 6; -1 when unknown */
int mc_mangled_arity(const char *name); /* of a C++ function, those in registers, or more; -1: not told. mangled.c */
bool mc_import_speaks(const char *name); /* of the CPU, or of how a trial of it ended */
/* blocks.c: memory that is copied or filled as a whole, in pieces of a pointer's size. */
#define MC_BLOCK_PIECES 68
struct mc_block {
    unsigned size;  /* bytes; 0: too many */
    unsigned known; /* pieces of which something is known */
    mc_value pieces[MC_BLOCK_PIECES];
};
void mc_block_read(struct mc_machine *m, mc_value from, uint64_t size, bool fill, struct mc_block *ret); /* fill: bytes like `from` */
/* False when nothing was done: where it goes to is not known, or nothing of what goes there. */
bool mc_block_write(struct mc_machine *m, mc_value to, const struct mc_block *block);
void mc_execute_string(struct mc_machine *m); /* A4..AF */
bool mc_on_stack(const struct mc_machine *m, mc_value pointer, uint32_t *ret_base, int64_t *ret_offset);
/* imports.c: calls of known imports. Look before the call's effects, apply after them. */
struct mc_import_call {
    uint64_t function;
    const char *name; /* NULL: none */
    bool keeps_nothing; /* it forgets the pointers it was given */
    bool writes_nothing; /* behind none of them; but for the first, when that is to the stack: mc_import_after does it */
    struct mc_block block;
    mc_value arguments[3], pointee; /* pointee: the word that the second one points to on the stack */
};
/* outputs.c: pointers to the stack behind which the callee leaves something, and those of the others that it does not keep; look
 * before the call's effects, apply after. `escaped`: how many stack places had been handed out before the call. */
#define MC_LEFT_BEHIND 4
struct mc_left_behind {
    struct mc_left_behind_item {
        unsigned slot;
        uint32_t base;
        int64_t offset;
    } items[MC_LEFT_BEHIND];
    struct mc_stack_place let_go[MC_LEFT_BEHIND];
    unsigned count, let_go_count;
};
void mc_outputs_before(struct mc_machine *m, uint64_t final, struct mc_left_behind *ret);
void mc_outputs_after(struct mc_machine *m, uint64_t final, size_t escaped, const struct mc_left_behind *left);
mc_value mc_call_argument(struct mc_machine *m, unsigned index); /* 0..2 at a call */
bool mc_import_moves(const char *name); /* memcpy, memset and their kin */
void mc_import_before(struct mc_machine *m, uint64_t final, struct mc_import_call *ret);
bool mc_import_kills(struct mc_machine *m, const struct mc_import_call *call); /* the process, by a signal that nobody here handles */
void mc_import_after(struct mc_machine *m, const struct mc_import_call *call);
/* The word at an address of the file, as loads see it. */
mc_value mc_load_piece(struct mc_machine *m, uint64_t address, unsigned size);
void mc_record(struct mc_run *run, struct mc_event event);
void mc_set_flags(struct mc_machine *m, enum mc_flags_kind kind, unsigned width, mc_value a, mc_value b, mc_value carry);
void mc_forget_flags(struct mc_machine *m);
/* The flags, just set, speak of what the register holds, at their width. */
void mc_flags_of_register(struct mc_machine *m, unsigned number, unsigned size);
/* The flags say that it is equal to a number (ZF set): the register that they speak of then holds just that. Returns the
 * register's number, and in *ret what it held; -1 when nothing is gained. */
/* What the flags tell of the register that they speak of, where ZF is set (equal) or clear. */
void mc_known_learn(struct mc_machine *m, bool equal);
void mc_known_forget(struct mc_known *known, unsigned number); /* the register was written */
/* After an instruction that only copies a register, or takes its complement: `before` it, this was known. */
void mc_known_move(struct mc_machine *m, const struct mc_known *before);
int mc_assume_equal(struct mc_machine *m, mc_value *ret_before);
/* What follows where the condition (the low bits of Jcc, SETcc, CMOVcc) holds, and where it does not. */
/* What is no more than a limit that tells something of the CPU. bounds.c */
void mc_bound_facts(struct mc_machine *m, unsigned condition, mc_facts *ret_true, mc_facts *ret_false);
void mc_condition_facts(struct mc_machine *m, unsigned condition, mc_facts *ret_true, mc_facts *ret_false);
/* initial.c: the flags tell, where the condition is as `taken`, that a global is not what it starts with ("not asked yet"), but
 * what somebody stored there. The memory, and the register that was compared, then are that, until it is undone. */
struct mc_assumed {
    int reg; /* -1: none */
    mc_value before;
    uint32_t base; /* of the memory; 0: nothing was gained */
    int64_t offset;
    unsigned size;
    uint32_t copies[4]; /* cells of the stack that hold what was compared */
    unsigned copy_count;
    mc_value copied;
};
void mc_assume_stored(struct mc_machine *m, unsigned condition, bool taken, struct mc_assumed *ret);
void mc_assume_undo(struct mc_machine *m, const struct mc_assumed *assumed);
/* Something was stored to the global or thread-local word, and more may have been by now: it is not what it started with, if that
 * was not 0. False when the cell is none of those. */
bool mc_stored_since(struct mc_machine *m, const struct mc_memory_cell *cell, mc_value *ret);
void mc_execute_cpuid(struct mc_machine *m);
mc_value mc_cpuid_register(struct mc_machine *m, uint32_t leaf, uint32_t subleaf, unsigned reg); /* reg as enum mc_register */
/* provider.c: modules whose answers are CPUID's by their documentation. What the call of an import returns in RAX; MC_TOP when
 * it is none of them. Then what stands at the offset in it, false when nothing is known. */
mc_value mc_provider_result(struct mc_machine *m, uint64_t final);
bool mc_provider_load(struct mc_machine *m, uint32_t base, int64_t offset, unsigned size, mc_value *ret);
void mc_execute_xgetbv(struct mc_machine *m);
void mc_execute_0f(struct mc_machine *m, struct mc_next *ret_next);  /* map 0F */
void mc_execute_wide(struct mc_machine *m);                          /* maps 0F38, 0F3A; VEX, EVEX, XOP */
void mc_execute_vector(struct mc_machine *m);                        /* legacy SSE data movement that carries integer values */
void mc_clobber_vector(struct mc_machine *m, unsigned number);
/* transfer_wide.c: `size` bytes (1, 2, 4, 8) of the low 16 of a vector register. MC_TOP when nothing is known. */
mc_value mc_get_lane(struct mc_machine *m, unsigned number, unsigned offset, unsigned size);
bool mc_has_lanes(struct mc_machine *m, unsigned number); /* something is known of it */
void mc_set_lane(struct mc_machine *m, unsigned number, unsigned offset, unsigned size, mc_value value);
mc_value mc_at_offset(struct mc_machine *m, mc_value address, unsigned offset);
/* lanes.c: what interleaves, shifts, compares and packs the lanes of vector registers. */
void mc_execute_lanes(struct mc_machine *m);

/* thread_local.c: what __tls_get_addr returns for data of this module; MC_TOP for any other call. */
mc_value mc_thread_local_address(struct mc_machine *m, uint64_t final);

#endif
