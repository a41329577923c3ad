/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the guard proof and what they share. Order of calls:
 *
 *   judge.c     for each use: which entries lead to it, what holds there, verdict, evidence
 *   resolve.c   questions (atoms) to facts about the CPU; greatest fixed point over cycles
 *   relevance.c who can learn anything of the CPU at all; nothing else is evaluated
 *   cells.c     who writes a cell, what and under which facts
 *   evaluate.c  one entry: forward data flow over its body, once, without looking at other functions (but small CPUID helpers,
 *               which are run inside their caller); leaves events: addresses that escape, stores, calls, returns
 *   machine.c, transfer*.c  one instruction on the abstract state
 *
 * Cost: each body is evaluated at most once per entry, only when a verdict depends on it; one function's evaluation is linear
 * in its blocks times the small height of its values. Everything is dropped with the prover. */
#ifndef MC_SCANNER_PROOF_PROVER_H
#define MC_SCANNER_PROOF_PROVER_H

#include "base/index.h"
#include "scanner/proof.h"
#include "scanner/proof/state.h"

#include <uthash.h>

enum mc_event_kind {
    MC_EVENT_REFERENCE, /* the address `target` leaves the tracked values (or control goes there) */
    MC_EVENT_STORE,     /* size bytes of value at base + offset */
    MC_EVENT_STORE_ANY, /* value somewhere in the object that holds base + offset */
    MC_EVENT_CALL,      /* call (or tail jump) of target with arguments */
    MC_EVENT_RETURN,    /* value = rax, second = rdx */
    MC_EVENT_POINT,     /* facts at a use; value = source operand of one that older CPUs run as another (alias.h) */
    MC_EVENT_ADDRESS,   /* the address `target` comes into being in a register here */
    MC_EVENT_LOST,      /* somewhere in the body the tracker lost hold of the address `target` */
};

enum mc_escape {
    MC_ESCAPE_CALL,
    MC_ESCAPE_JUMP,
    MC_ESCAPE_STORED,
    MC_ESCAPE_PASSED,
    MC_ESCAPE_LEFT, /* in a register in which it was compared with something, or from which it was chosen, and which the callee may take for an argument */
    MC_ESCAPE_RETURNED,
    MC_ESCAPE_BY_CHANCE, /* in the register of a result, where it was compared or offered to a conditional move; nobody is seen to read it */
    MC_ESCAPE_USED
};

struct mc_event {
    uint8_t kind;
    uint8_t size;
    uint8_t escape; /* enum mc_escape, of REFERENCE; of POINT: 1 when the source is known not to be 0 */
    uint32_t base;
    mc_facts facts;
    mc_value value, second;
    uint32_t arguments; /* CALL: index of the first of MC_CALL_ARGUMENTS values in the evaluation's arguments */
    uint64_t site, target;
    int64_t offset;
};
#define MC_CALL_STACK_SLOTS 10
#define MC_CALL_ARGUMENTS (16 + MC_CALL_STACK_SLOTS) /* 16 registers, then stack slots from the stack pointer at the call */

struct mc_evaluation {
    uint64_t entry;
    struct mc_event *events; /* sorted by kind, then target, then site */
    size_t event_count;
    mc_value *arguments;
    size_t argument_count;
    bool complete; /* every path was followed: no unknown indirect jump, no undecodable byte, no budget */
    bool needed;   /* an answer leans on it: its gaps are gaps of the proof */
    uint64_t gap;  /* where it is not complete */
    const char *gap_kind;
    uint64_t steps; /* instructions that it took */
    /* What it asked of relevance.c and was told no: symbols, gates. Another evaluation is the same unless an answer changed. */
    uint32_t *symbols;
    uint64_t *gates;
    size_t symbol_count, gate_count;
    unsigned outputs_known; /* mc_outputs_known when it was made */
    size_t storing;         /* index into those that store something, or SIZE_MAX */
    UT_hash_handle hh;
};

/* Index of the first event of that kind or a later one: those of one kind stand together. */
static inline size_t mc_first_of_kind(const struct mc_evaluation *evaluation, enum mc_event_kind kind)
{
    size_t low = 0, high = evaluation->event_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (evaluation->events[middle].kind < (uint8_t)kind)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What is asked most, of all evaluations: stands in one row, the oldest first. */
struct mc_storing {
    uint64_t pieces[4]; /* bit n of the 256: it stores something at an offset, of whatever, in the nth 4 bytes modulo 1024 */
    struct mc_evaluation *evaluation;       /* NULL: forgotten */
    uint32_t inside, inside_count;          /* of the interiors, those of its body; inside is UINT32_MAX as long as nobody asked */
};

/* False: no store of it is of the byte at the offset. */
static inline bool mc_may_store_at(const struct mc_storing *storing, int64_t offset)
{
    uint64_t piece = (uint64_t)offset >> 2;
    return storing->pieces[piece >> 6 & 3] >> (piece & 63) & 1;
}

struct mc_property { /* a yes/no per address, computed once */
    uint64_t address;
    int state;
};
struct mc_properties {
    struct mc_index index;
    MC_VECTOR(struct mc_property *) items; /* in the order made; the arena's */
};

struct mc_reached { /* from the entries of the body that was asked about last */
    uint64_t start;
    MC_VECTOR(struct mc_reached_entry {
        uint64_t entry;
        uint8_t *bits; /* by address - start: an instruction stands there and is reached */
        bool open;     /* an indirect jump may lead anywhere in the function */
    }) items;
    size_t last, bytes; /* index asked for last; bytes of all bits */
};

#define MC_DECODED 8192
struct mc_decoded { /* bodies are gone through several times */
    uint64_t address; /* + 1; 0: nothing */
    struct mc_insn insn;
};

struct mc_last_path { /* found for a use, and what for */
    uint64_t node;
    mc_facts facts;
    const struct mc_need *need;
    bool inferring;
    struct mc_step *steps;
    size_t length;
};

struct mc_last_doors { /* found for a use, and what for */
    uint64_t node;
    mc_facts facts;
    const struct mc_need *need;
    bool inferring;
    const char **names;
    size_t count, searches;
};

#define MC_LACKING 256 /* a power of two */
struct mc_lacking { /* an answer, found not to be enough or enough for what is needed */
    const struct mc_need *need; /* NULL: none yet */
    mc_facts facts;             /* resolved */
    bool lacks;
};

struct mc_last_reason { /* given to a use, and what for */
    unsigned rule; /* enum mc_rule */
    enum mc_feature implied_by;
    struct mc_feature_set missing;
    struct mc_guard guard;
    const struct mc_need *need;
    bool limited;
    const char *text;
};

struct mc_resolver;
struct mc_relevance;
struct mc_fields;
struct mc_foreign;
struct mc_outputs;
struct mc_tags;
struct mc_row_tables;
struct mc_needs;

struct mc_prover {
    const struct mc_image *image;
    struct mc_entries *entries;
    const struct mc_references *references;
    uint64_t *furthest; /* by entry: where the longest-reaching of it and those before it ends */
    const struct mc_uses *uses;
    const struct mc_proof_options *options;
    struct mc_arena arena, reference_arena;
    struct mc_facts_table *facts;
    struct mc_values *values;
    struct mc_evaluation *evaluations;
    struct mc_properties noreturn, helper, gates, targets, handlers, live, live_inside, results, results_mostly, never_written, clobbered, readers;
    struct mc_node_list *nodes;
    struct mc_reached reached;
    struct mc_incoming_memo *incoming;
    struct mc_resolver *resolver;
    struct mc_relevance *relevance;
    struct mc_fields *fields;
    struct mc_foreign *foreign; /* what other modules answer; NULL: nothing */
    struct mc_outputs *outputs;
    struct mc_tags *tags;
    struct mc_row_tables *row_tables; /* NULL: none yet, or to be looked at anew */
    struct mc_needs *needs; /* NULL: none yet */
    size_t evaluation_bytes; /* outside of the arena */
    struct {
        bool known;
        mc_facts facts; /* where a transaction begins */
    } in_transaction;
    MC_VECTOR(struct mc_storing) storing;
    size_t storing_forgotten;
    uint64_t evaluated; /* counts evaluations made and forgotten: equal numbers, the same evaluations */
    struct mc_decoded *decoded; /* [MC_DECODED], by address; NULL: none yet */
    uint64_t steps, step_limit;
    struct { /* by the evaluation in hand, to which the answer was no */
        MC_VECTOR(uint32_t) symbols;
        MC_VECTOR(uint64_t) gates;
        MC_VECTOR(uint32_t) last; /* by symbol: number of the evaluation that asked for it last */
        uint32_t number;
    } asked;
    mc_facts loader_facts; /* what glibc's ld.so checked before anything of this file could run */
    unsigned pointer_size; /* bytes */
    bool position_independent;
    struct mc_last_path last_path;
    struct mc_last_doors last_doors;
    struct mc_last_reason last_reason;
    struct mc_lacking lacking[MC_LACKING]; /* by need and facts */
    bool tried; /* some LZCNT of a known number was evaluated (behaviour.c) */
};

/* --- proof.c --- */
/* The options, the image and what was found in it must outlive the prover. */
void mc_prover_open(struct mc_prover *prover, const struct mc_image *image, struct mc_entries *entries, const struct mc_uses *uses,
                    const struct mc_proof_options *options);
void mc_prover_close(struct mc_prover *prover);

/* --- evaluate.c --- */
/* The evaluation of the code from `entry`; memoised. NULL when the address is not code. */
struct mc_evaluation *mc_evaluate(struct mc_prover *prover, uint64_t entry);
/* More is known of who learns: forgets it when that may change it. Costs as many steps as making it anew, whether or not. */
void mc_renew_evaluation(struct mc_prover *prover, uint64_t entry);
void mc_note_asked_symbol(struct mc_prover *prover, uint32_t symbol);
void mc_note_asked_gate(struct mc_prover *prover, uint64_t entry);
void mc_evaluations_free(struct mc_prover *prover);
/* Runs a small function inside its caller: *state in and out; false when it does not return. */
struct mc_run;
bool mc_run_inline(struct mc_run *outer, uint64_t entry, struct mc_state *state);

/* --- functions.c: what can be told of a function without evaluating it --- */
/* The instruction there; false when there is none, and *ret is not to be read. */
bool mc_decode_at(struct mc_prover *prover, uint64_t address, struct mc_insn *ret);
/* The state of an address, made 0 when it is new. `ret_known` may be NULL. */
int *mc_property_of(struct mc_properties *table, struct mc_arena *arena, uint64_t address, bool *ret_known);
int mc_property_at(const struct mc_properties *table, uint64_t address); /* 0 when unknown */
void mc_properties_free(struct mc_properties *table);
void mc_extents_new(struct mc_prover *prover); /* when all entries are known */
struct mc_text_range mc_function_extent(const struct mc_prover *prover, uint64_t address);
size_t mc_first_use(const struct mc_prover *prover, uint64_t address); /* index of the first use from there on */
/* The register of a function's second result, where it has one: psABI 3.2.3; Go's own convention (abi-internal.md). */
unsigned mc_second_result(const struct mc_prover *prover, uint64_t entry);
bool mc_is_go(const struct mc_prover *prover, uint64_t address); /* compiled by Go: it has a convention of its own */
/* Follows thunks (PLT stubs, jmp to a known address): where a call to `address` really arrives. */
uint64_t mc_final_target(struct mc_prover *prover, uint64_t address);
#define MC_VARIANTS 32
/* The functions whose addresses an IFUNC resolver takes, when the jump goes through the slot that it fills. Returns how many. */
size_t mc_variants_behind(struct mc_prover *prover, const struct mc_insn *jump, uint64_t next, uint64_t variants[MC_VARIANTS]);
const char *mc_import_name(const struct mc_prover *prover, uint64_t address); /* NULL when not an import */
/* A test of what the callee returns can be answered: it is the file's own, or one of the imports that resolve.c knows. */
bool mc_result_matters(struct mc_prover *prover, uint64_t final);
bool mc_never_returns(struct mc_prover *prover, uint64_t entry);
#define MC_HELPER_DEPTH 3 /* calls between a helper and the CPUID instruction, at most */
/* Registers that a call of it may change, of those that the convention leaves to callees; all of these when it is not known. */
uint32_t mc_clobbered_registers(struct mc_prover *prover, uint64_t final);
uint32_t mc_written_registers(const struct mc_insn *insn); /* of the 16, by number; what is not known errs towards written */
bool mc_only_reads(struct mc_prover *prover, uint64_t final); /* it writes no memory but its own frame. readers.c */
/* mov r32, [esp]; ret: how i386 code learns its own address. */
bool mc_is_counter_thunk(struct mc_prover *prover, uint64_t address);
bool mc_is_provider(const struct mc_prover *prover, uint64_t final); /* an import that answers what CPUID says. provider.c */
bool mc_is_cpuid_helper(struct mc_prover *prover, uint64_t entry); /* small, and reaches CPUID or a provider, or calls nothing */
bool mc_helper_asks(struct mc_prover *prover, uint64_t entry);     /* the former */
bool mc_may_gate(struct mc_prover *prover, uint64_t entry);        /* may end the process on some condition */
/* Control flow from the entry may come to the address in the same function; by its instructions alone. */
bool mc_flow_reaches(struct mc_prover *prover, uint64_t entry, uint64_t address);
void mc_reached_free(struct mc_reached *reached);
bool mc_has_cpuid(const struct mc_prover *prover, uint64_t start, uint64_t end);
const char *mc_function_name(const struct mc_prover *prover, uint64_t address); /* NULL when unknown */

/* --- relevance.c: where it says false, nothing of the CPU is known --- */
void mc_relevance_find(struct mc_prover *prover);
bool mc_relevance_was_cut(const struct mc_prover *prover); /* a bound was reached: the answers may be false too often */
void mc_relevance_free(struct mc_prover *prover);
bool mc_symbol_may_matter(struct mc_prover *prover, uint32_t symbol); /* what tests of it tell is kept */
bool mc_body_learns(const struct mc_prover *prover, uint64_t address); /* more than what holds at its entries */
bool mc_cell_is_relevant(const struct mc_prover *prover, uint64_t address, unsigned size);
bool mc_arguments_are_relevant(const struct mc_prover *prover, uint64_t entry);
bool mc_value_tells(struct mc_prover *prover, mc_value value); /* something of the CPU follows from it */
/* The value cannot be so, as far as only numbers are needed to tell: what a function returns that knows nothing of the CPU. bounds.c */
struct mc_limit {
    enum mc_relation relation;
    unsigned width; /* bits */
    uint64_t constant;
};
bool mc_is_never(struct mc_prover *prover, mc_value value, const struct mc_limit *limit);
/* The value is no more than something that tells of the CPU; and what `value RELATION constant` says of that. bounds.c */
bool mc_is_bound(const struct mc_prover *prover, mc_value value, mc_facts facts);
mc_facts mc_facts_of_bounds(struct mc_prover *prover, mc_value value, enum mc_relation relation, uint64_t constant, mc_facts facts);
bool mc_facts_tell(const struct mc_prover *prover, mc_facts facts);  /* more than what holds at the entry */
/* results.c */
bool mc_returns_under_test(const struct mc_prover *prover, const struct mc_evaluation *evaluation); /* and it returns */
bool mc_result_tells(struct mc_prover *prover, const struct mc_evaluation *evaluation);
bool mc_is_gate(const struct mc_prover *prover, uint64_t entry); /* it returns only under a test */
bool mc_return_is_relevant(const struct mc_prover *prover, uint64_t entry); /* its result, or that it returns at all */

/* --- liveness.c: registers as a set, bit n is register n --- */
/* Those that the function at the final target may read as its caller left them; for imports and for unknown callees (0)
 * those of the calling convention. */
uint32_t mc_argument_registers(struct mc_prover *prover, uint64_t final);
uint32_t mc_argument_slots(struct mc_prover *prover, uint64_t final); /* the same as slots of a call event, the stack's included */
uint32_t mc_unknown_callee_arguments(const struct mc_prover *prover);
/* `lea r, [variable]; mov r, [r]`, as linkers make it of a load from the GOT: the address goes nowhere else. */
bool mc_only_loads_through(struct mc_prover *prover, uint64_t lea);
/* What the code at an address inside a function may still read; its end returns RAX and RDX. */
uint32_t mc_registers_read_from(struct mc_prover *prover, uint64_t address);
bool mc_result_is_read(struct mc_prover *prover, uint64_t entry); /* RAX, by somebody who calls it directly, as far as one can see */
uint32_t mc_results_ignored(struct mc_prover *prover, uint64_t entry); /* of RAX and RDX: by all callers */
/* By most callers that were looked at: hardly results. Good for taking knowledge away only. */
uint32_t mc_results_mostly_ignored(struct mc_prover *prover, uint64_t entry);

/* --- cells.c --- */
struct mc_cell_value {
    mc_value value;
    mc_facts facts;
    uint64_t site;
    bool direct; /* the initial value, or stored at an address that the instruction names */
};
struct mc_cell_values {
    struct mc_cell_value *items; /* every value the cell may hold and the facts under which it is written */
    size_t count;
    bool complete; /* false when its address escaped or a writer could not be followed */
};
void mc_cell_writers(struct mc_prover *prover, uint64_t address, unsigned size, struct mc_cell_values *ret);
/* Nothing refers to it but loads, as far as one can see: it keeps its initial value, by inference. */
/* What the function at key->a stores through an argument (numbered as in MC_SYM_ARGUMENT), key->width bits at the offset. 0 is
 * among the values: the caller cleared the memory, or nobody looks. */
void mc_stores_through(struct mc_prover *prover, const struct mc_symbol_key *key, int64_t argument, int64_t offset,
                       struct mc_cell_values *ret);
bool mc_cell_is_never_written(struct mc_prover *prover, uint64_t address, unsigned size);
/* --- fields.c: words behind pointers, by displacement (bytes) and size alone --- */
typedef void mc_learner(struct mc_prover *prover, uint64_t body);
bool mc_is_field_base(const struct mc_prover *prover, uint32_t base); /* a store there is one to a field */
/* Of an MC_SYM_LOAD: something of the CPU was stored at its displacement. Where many use the displacement, only for those who
 * look at single bits, and only by the bits that they ask for. */
bool mc_is_inside_field(const struct mc_prover *prover, uint32_t base, int64_t offset, unsigned size);
bool mc_is_field(const struct mc_prover *prover, const struct mc_symbol_key *key);
/* The displacement that the field has where it is stored: that of the symbol, or less when it lies in a structure inside. */
int64_t mc_field_displacement(const struct mc_prover *prover, const struct mc_symbol_key *key);
bool mc_is_field_of_bits(const struct mc_prover *prover, const struct mc_symbol_key *key);
bool mc_reads_bits(struct mc_prover *prover, uint64_t start, int64_t displacement); /* field_readers.c */
/* Something was: `learn` is called for the bodies near uses that load from it. True when that is news. */
bool mc_mark_field(struct mc_prover *prover, int64_t displacement, unsigned size, mc_learner *learn);
/* The same of a number that was stored under a test; only where few use the displacement. */
bool mc_mark_flag(struct mc_prover *prover, int64_t displacement, unsigned size, mc_learner *learn);
void mc_field_writers(struct mc_prover *prover, int64_t displacement, unsigned size, struct mc_cell_values *ret);
/* Thread-local words, by their offset from the thread pointer (bytes). `whole`: not single bits of it are asked for. */
void mc_learn_thread_local(struct mc_prover *prover, int64_t offset, unsigned size, mc_learner *learn);
void mc_thread_local_writers(struct mc_prover *prover, int64_t offset, unsigned size, bool whole, struct mc_cell_values *ret);
/* What a thread-local word starts with; false when unknown. */
bool mc_thread_local_initial(const struct mc_prover *prover, int64_t offset, unsigned size, uint64_t *ret);
void mc_fields_free(struct mc_prover *prover);
/* --- tags.c: bits that are set in a word behind a pointer under a test --- */
bool mc_is_tag(const struct mc_prover *prover, const struct mc_symbol_key *key); /* of an MC_SYM_LOAD: a word that has such bits */
void mc_note_tag(struct mc_prover *prover, const struct mc_event *event, uint64_t body); /* the store stands under a test, or its value does */
/* Of those noted since, which set bits in a word behind a pointer, or store a number there, under a test that `speaks` of the CPU?
 * `learn` is called for those who may ask for such, and those who set them, too. */
typedef bool mc_speaker(struct mc_prover *prover, mc_facts facts);
void mc_find_tags(struct mc_prover *prover, mc_speaker *speaks, mc_learner *learn);
/* Who sets the bit, but by copying the word; the values are of that bit alone. False when it is no tag. */
bool mc_tag_writers(struct mc_prover *prover, const struct mc_symbol_key *key, unsigned bit, struct mc_cell_values *ret);
void mc_tags_free(struct mc_prover *prover);
/* thread_local.c: where the module's block starts, from the thread pointer (bytes); who asks for its address. */
int64_t mc_thread_local_block(const struct mc_image *image);
void mc_learn_thread_local_referrers(struct mc_prover *prover, mc_learner *learn);

/* --- outputs.c: what functions leave behind pointers to their callers' stack (slots as in call events, offsets in bytes) --- */
/* True when that is news. */
bool mc_mark_output(struct mc_prover *prover, uint64_t callee, unsigned slot, int64_t low, int64_t high);
bool mc_output_range(struct mc_prover *prover, uint64_t callee, unsigned slot, int64_t *ret_low, int64_t *ret_high);
void mc_output_writers(struct mc_prover *prover, const struct mc_symbol_key *key, struct mc_cell_values *ret);
unsigned mc_outputs_known(const struct mc_prover *prover); /* a number that grows with what is known of them */
bool mc_outputs_changed(struct mc_prover *prover, const struct mc_evaluation *evaluation); /* of its callees, since it was made */
void mc_outputs_free(struct mc_prover *prover);

struct mc_text_range mc_object_extent(const struct mc_prover *prover, uint64_t address);

/* --- incoming.c --- */
/* The addresses of a body where execution can come in from elsewhere: its start, then entries in the middle. */
struct mc_nodes {
    const uint64_t *items;
    size_t count;
};
struct mc_nodes mc_nodes_of(struct mc_prover *prover, struct mc_text_range body);
/* Of a body with more, nothing is told of them one by one: nothing is known wherever one of them leads to. */
#define MC_MAX_NODES 512
bool mc_has_many_nodes(const struct mc_prover *prover, struct mc_text_range body); /* so many that it learns nothing */

/* records.c: by inference, what holds where the address is used that this evaluation stores beside a flag, near the site. */
mc_facts mc_facts_of_record(struct mc_prover *prover, const struct mc_evaluation *evaluation, uint64_t target, uint64_t site);

/* An incoming way to an entry, for paths: who, where, what holds there. */
struct mc_incoming {
    uint64_t from, holder; /* instruction or data word; entry of the code that holds it (0: data) */
    uint8_t kind;          /* enum mc_reference_kind */
    bool left;             /* MC_ESCAPE_LEFT */
    bool listed;           /* by inference, no way in: it only stands in a list of all of its kind, or in another row */
    mc_facts facts;        /* unresolved */
};
struct mc_incoming_list {
    struct mc_incoming *items;
    size_t count;
};
/* predicates.c: what a row's own predicate says, when the data word at `place` stands in such a row. */
mc_facts mc_facts_of_row(struct mc_prover *prover, uint64_t place);
void mc_row_tables_free(struct mc_prover *prover); /* they are to be looked at anew */
/* islands.c: the instruction lies in code of the unbounded body that starts behind what ends before, and that nobody refers to. */
bool mc_is_island(struct mc_prover *prover, uint64_t body, uint64_t from);
/* All ways to come to the entry, memoised. */
struct mc_incoming_list mc_incoming_of(struct mc_prover *prover, uint64_t entry);
/* Some data word or instruction holds the address, although no way from there was found: not dead (design.md 5.1). */
/* A way in of this kind (enum mc_reference_kind) is one by which the address is handed out, not a call or jump. */
static inline bool mc_hands_out(uint8_t kind)
{
    return kind != MC_REF_CALL && kind != MC_REF_JUMP;
}
bool mc_address_is_held(const struct mc_prover *prover, uint64_t entry);
void mc_incoming_forget(struct mc_prover *prover); /* ways in are to be looked for anew */
void mc_incoming_free(struct mc_prover *prover);
/* Execution may come here with no facts; *ret_why (may be NULL) says how. An exported function that the module itself refers
 * to counts as a root only when not inferring (design.md 5.1, exported functions). */
bool mc_is_given_root(const struct mc_prover *prover, uint64_t entry, const char **ret_why); /* not only by its being exported */
bool mc_is_root(struct mc_prover *prover, uint64_t entry, bool inferring, const char **ret_why);

/* --- resolve.c --- */
void mc_resolver_new(struct mc_prover *prover);
void mc_resolver_free(struct mc_prover *prover);
/* Answers found so far are void: more is known now of who learns. */
void mc_resolver_forget(struct mc_prover *prover);
/* The limits of work and memory for one file are used up: what is not known by now stays unknown. */
bool mc_exhausted(const struct mc_prover *prover);
/* The base atoms, and the answers to tests of cells, results and arguments, but not what holds at entries and after calls. */
mc_facts mc_resolve_tests(struct mc_prover *prover, mc_facts facts);
/* Base atoms only; MC_FACTS_ALL when no root leads there. `inferring` admits the inferences of design.md 5.4. */
mc_facts mc_resolve(struct mc_prover *prover, mc_facts facts, bool inferring);

#endif
