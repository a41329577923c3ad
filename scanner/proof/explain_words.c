/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/proof/explain.h"
#include "scanner/proof/kernel.h"

#include "scanner/proof/foreign.h"

#include "base/demangle.h"

#include <inttypes.h>

#define BITS_NAMED 6 /* of one set */
#define IDENTITIES 3

const char *mc_place_text(struct mc_prover *prover, struct mc_arena *arena, uint64_t address)
{
    const char *name = mc_function_name(prover, address);
    if (!name)
        return mc_arena_printf(arena, "%s0x%" PRIx64, mc_image_is_code(prover->image, address) ? "function " : "",
                               address);
    const struct mc_symbol *symbol = mc_image_symbol_for(prover->image, address);
    uint64_t into = symbol && symbol->name == name ? address - symbol->address : 0;
    const char *text = mc_symbol_text(name, arena);
    if (into)
        return mc_arena_printf(arena, "%s+0x%" PRIx64 " (0x%" PRIx64 ")", text, into, address);
    return mc_arena_printf(arena, "%s (0x%" PRIx64 ")", text, address);
}

static const char *add(struct mc_arena *arena, const char *text, const char *more)
{
    return *text ? mc_arena_printf(arena, "%s, %s", text, more) : more;
}

/* Leaves that say which CPU it is rather than what it can do; NULL for others. */
static const char *identity(const struct mc_atom *atom)
{
    unsigned reg = (unsigned)(atom->c >> 8);
    if (atom->a == 0 && reg != MC_EAX)
        return "the vendor (CPUID 0)";
    if (atom->a == 1 && reg == MC_EAX)
        return "family, model or stepping (CPUID 1.eax)";
    if (atom->a >= 0x80000002 && atom->a <= 0x80000004)
        return "the brand string (CPUID 80000002...)";
    return NULL;
}

static const char *bit_text(struct mc_arena *arena, const struct mc_atom *atom)
{
    static const char *const names[] = {"eax", "ebx", "ecx", "edx"};
    unsigned reg = (unsigned)(atom->c >> 8) & 3, bit = (unsigned)(atom->c >> 1) & 0x7F;
    int feature = mc_feature_at(atom->a, atom->b, (enum mc_register)reg, bit);
    const char *place =
        atom->b ? mc_arena_printf(arena, "CPUID %" PRIx32 ".%" PRIx32 ".%s bit %u", atom->a, atom->b, names[reg], bit)
                : mc_arena_printf(arena, "CPUID %" PRIx32 ".%s bit %u", atom->a, names[reg], bit);
    if (feature < 0)
        return mc_arena_printf(arena, "%s is %u", place, (unsigned)atom->c & 1);
    return mc_arena_printf(arena, "%s%s (%s)", atom->c & 1 ? "" : "no ", mc_features[feature].name, place);
}

static const char *other_text(struct mc_arena *arena, const struct mc_atom *atom)
{
    switch (atom->kind) {
    case MC_ATOM_XCR0:
        return mc_arena_printf(arena, atom->c & 1 ? "XCR0 bit %" PRIu64 : "no XCR0 bit %" PRIu64, atom->c >> 1);
    case MC_ATOM_MAX_LEAF:
        return atom->c == 0x7FFFFFFF ? "any leaf exists"
                                     : mc_arena_printf(arena, "CPUID leaf %" PRIx64 " exists", atom->c);
    case MC_ATOM_TESTED:
        return "something that came from CPUID was tested";
    case MC_ATOM_IMPLIED:
        return mc_arena_printf(arena, "%s, or on some way only %s, which no known CPU has without it", mc_features[atom->c].name,
                               mc_features[atom->a].name);
    case MC_ATOM_OVERRIDE:
        return "unless something else than CPUID was stored over it";
    case MC_ATOM_HANDLER:
        return atom->a == MC_TRIED_RESULT ? "the result of an instruction was looked at"
                                          : "a SIGILL handler, or a child's end, decides";
    default:
        return "a question";
    }
}

/* Each identity is said once, however many of its bits were tested. */
static bool is_said(const char **said, const char *who)
{
    for (size_t i = 0; i < IDENTITIES; i++) {
        if (said[i] == who)
            return true;
        if (!said[i]) {
            said[i] = who;
            return false;
        }
    }
    return true;
}

const char *mc_facts_text(struct mc_prover *prover, struct mc_arena *arena, mc_facts facts)
{
    struct mc_fact_set set = mc_facts_get(prover->facts, facts);
    const char *text = "", *said[IDENTITIES] = {0};
    size_t named = 0, left = 0;
    for (int pass = 0; pass < 3; pass++) /* features that are there, other things, what is missing */
        for (uint32_t i = 0; i < set.count; i++) {
            struct mc_atom atom = mc_atom_get(prover->facts, set.items[i].atom);
            const char *who = atom.kind == MC_ATOM_BIT ? identity(&atom) : NULL;
            if ((atom.kind != MC_ATOM_BIT || who ? 1 : atom.c & 1 ? 0 : 2) != pass)
                continue;
            if (who && is_said(said, who))
                continue;
            if (!who && named++ >= BITS_NAMED)
                left++;
            else
                text = add(arena, text,
                           who                        ? who
                           : atom.kind == MC_ATOM_BIT ? bit_text(arena, &atom)
                                                      : other_text(arena, &atom));
        }
    return left ? mc_arena_printf(arena, "%s and %zu more", text, left) : text;
}

static const char *register_text(const struct mc_prover *prover, int64_t number)
{
    static const char *const wide[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                       "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    static const char *const narrow[] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};
    if (number < 0 || number > 15)
        return "a register";
    return prover->pointer_size == 4 && number < 8 ? narrow[number] : wide[number];
}

static const char *word_text(struct mc_arena *arena, unsigned bits)
{
    return bits == 8 ? "byte" : mc_arena_printf(arena, "%u-byte word", bits / 8);
}

static const char *argument_text(struct mc_prover *prover, struct mc_arena *arena, const struct mc_symbol_key *key)
{
    const char *function = mc_place_text(prover, arena, key->a);
    if (key->b < 16)
        return mc_arena_printf(arena, "the argument in %s of %s", register_text(prover, key->b), function);
    return mc_arena_printf(arena, "the stack argument at +%" PRId64 " of %s", key->b - 16, function);
}

static const char *symbol_text(struct mc_prover *prover, struct mc_arena *arena, uint32_t symbol)
{
    struct mc_symbol_key key = mc_symbol_get(prover->values, symbol);
    const char *word = word_text(arena, key.width), *foreign = mc_foreign_text(prover, arena, symbol);
    if (foreign)
        return foreign;
    switch (key.kind) {
    case MC_SYM_CELL:
        return mc_arena_printf(arena, "the %s at %s", word, mc_place_text(prover, arena, key.a));
    case MC_SYM_TLS:
        return mc_arena_printf(arena, "the thread-local %s at offset %" PRId64, word, (int64_t)key.a);
    case MC_SYM_LOAD:
        return mc_arena_printf(arena, "the %s at offset %" PRId64 " of a structure", word, key.b);
    case MC_SYM_ARGUMENT:
        return argument_text(prover, arena, &key);
    case MC_SYM_RETURN:
        if (key.b == MC_RETURN_STATUS)
            return "the status of a child";
        return mc_arena_printf(arena, "what %s returned", mc_place_text(prover, arena, key.a));
    case MC_SYM_OUTPUT:
        return mc_arena_printf(arena, "the %s at offset %d of what %s left behind a pointer", word, (int)(key.b & INT32_MAX),
                               mc_place_text(prover, arena, key.a));
    case MC_SYM_MAX_LEAF:
        return key.a ? "the highest extended leaf (CPUID 80000000.eax)" : "the highest leaf (CPUID 0.eax)";
    case MC_SYM_FEATURE_LEAF:
        return "a pointer to glibc's record of a CPUID leaf";
    case MC_SYM_KERNEL:
        return key.b == MC_KERNEL_MATCH     ? mc_arena_printf(arena, "the row that x86_match_cpu found in the table at 0x%" PRIx64, key.a)
               : key.b == MC_KERNEL_XFEATURES ? "what cpu_has_xfeatures returned"
               : key.b == MC_KERNEL_KEY     ? mc_arena_printf(arena, "the static key at %s", mc_place_text(prover, arena, key.a))
               : key.b == MC_KERNEL_FEATURE ? "the kernel's bit for an alternative"
                                            : "the kernel's copy of CPUID (boot_cpu_data)";
    case MC_SYM_ENVIRONMENT:
        return "what the environment says";
    case MC_SYM_LZCNT:
        return mc_arena_printf(arena, "the result of the instruction at 0x%" PRIx64, key.a);
    case MC_SYM_OBJECT:
        return mc_arena_printf(arena, "the memory allocated at 0x%" PRIx64, key.a);
    case MC_SYM_STACK:
    case MC_SYM_ALIGNED:
        return "an address on the stack";
    default:
        return "something that is not followed";
    }
}

static const char *number_text(struct mc_arena *arena, uint64_t number)
{
    return mc_arena_printf(arena, number < 10 ? "%" PRIu64 : "0x%" PRIx64, number);
}

const char *mc_test_text(struct mc_prover *prover, struct mc_arena *arena, const struct mc_atom *atom)
{
    static const char *const forms[][2] = {[MC_EQ] = {"is ", ""},
                                           [MC_NE] = {"is not ", ""},
                                           [MC_BELOW] = {"is below ", ""},
                                           [MC_NOT_BELOW] = {"is ", " or more"},
                                           [MC_LESS] = {"is less than ", ""},
                                           [MC_NOT_LESS] = {"is at least ", ""},
                                           [MC_WITHIN] = {"is from ", ""},
                                           [MC_NOT_WITHIN] = {"is not from ", ""},
                                           [MC_BIT_SET] = {"has bit ", " set"},
                                           [MC_BIT_CLEAR] = {"has bit ", " clear"}};
    bool bit = atom->b == MC_BIT_SET || atom->b == MC_BIT_CLEAR, range = atom->b == MC_WITHIN || atom->b == MC_NOT_WITHIN;
    const char *number = range ? mc_arena_printf(arena, "%s to %s", number_text(arena, (uint32_t)atom->c),
                                                 number_text(arena, (uint32_t)atom->c + (atom->c >> 32) - 1))
                         : bit ? mc_arena_printf(arena, "%" PRIu64, atom->c) : number_text(arena, atom->c);
    return mc_arena_printf(arena, "%s %s%s%s", symbol_text(prover, arena, atom->a), forms[atom->b][0], number,
                           forms[atom->b][1]);
}

const char *mc_value_text(struct mc_prover *prover, struct mc_arena *arena, mc_value value)
{
    uint64_t constant, address;
    uint32_t base;
    int64_t offset;
    struct mc_value_data data;
    if (mc_value_single(prover->values, value, &base, &offset) && base == MC_BASE_MODULE &&
        mc_module_address(prover, base, offset, &address) && mc_image_segment(prover->image, address))
        return mc_arena_printf(arena, "the address of %s", mc_place_text(prover, arena, address));
    if (mc_value_is_constant(prover->values, value, &constant))
        return number_text(arena, constant);
    if (mc_value_single(prover->values, value, &base, &offset) && base)
        return offset ? mc_arena_printf(arena, "%s, plus %" PRId64, symbol_text(prover, arena, base), offset)
                      : symbol_text(prover, arena, base);
    mc_value_get(prover->values, value, &data);
    if (data.kind == MC_VALUE_MASKED)
        return mc_arena_printf(arena, "bits of %s", symbol_text(prover, arena, data.cases[0].base));
    if (mc_value_provenance(prover->values, value) != MC_FACTS_NONE)
        return data.kind == MC_VALUE_CASES  ? "a number chosen by a test"
               : data.kind == MC_VALUE_BITS ? "bits that tests set"
                                            : "something made of it";
    return "an unknown value";
}
