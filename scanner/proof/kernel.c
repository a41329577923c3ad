/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner/proof/kernel.h"

#include <string.h>

#define CAPABILITY_WORDS 40  /* more than any kernel has; what lies behind has no row */
#define TABLE_ROWS 64        /* of a table of x86_cpu_id */
#define ROW_SIZE 24          /* struct x86_cpu_id, include/linux/mod_devicetable.h, Linux 5.7 and later */
#define ROW_FEATURE 8        /* vendor, family, model, steppings, feature: 16 bits each */
#define SINCE_STEPPINGS 507
#define X86_FEATURE_ANY 0

struct word {
    uint32_t leaf, subleaf;
    int reg;
    bool known;
};

static const struct word words[CAPABILITY_WORDS] = {
#define MC_KERNEL_WORD(word, leaf, subleaf, reg) [word] = {leaf, subleaf, reg, true},
#include "scanner/proof/kernel_words.def"
#undef MC_KERNEL_WORD
};

static unsigned release_of(const struct mc_prover *prover)
{
    const struct mc_module *module = prover->image->module;
    return module && module->release[1] < 100 ? module->release[0] * 100 + module->release[1] : 0;
}

/* ---- where boot_cpu_data has its bits ---- */

/* static_cpu_has(n): the code before patching jumps to .altinstr_aux, which tests the bit in boot_cpu_data itself:
 * testb $imm8, rel32(%rip) = F6 05 rel32 imm8 (arch/x86/include/asm/cpufeature.h). */
static bool layout_from_test(const struct mc_image *image, const struct mc_alternative *one, uint64_t *ret)
{
    const uint8_t *jump = mc_image_bytes(image, one->site, 5);
    int32_t distance;
    if (!jump || jump[0] != 0xe9)
        return false;
    memcpy(&distance, jump + 1, 4);
    uint64_t test = one->site + 5 + (uint64_t)(int64_t)distance;
    const uint8_t *bytes = mc_image_bytes(image, test, 7);
    if (!bytes || bytes[0] != 0xf6 || bytes[1] != 0x05 || bytes[6] != 1u << (one->feature & 7))
        return false;
    memcpy(&distance, bytes + 2, 4);
    uint64_t place = test + 7 + (uint64_t)(int64_t)distance;
    const struct mc_import *import = mc_image_import_around(image, place);
    if (!import || strcmp(import->symbol->name, "boot_cpu_data") || place - import->address < one->feature / 8)
        return false;
    *ret = place - import->address - one->feature / 8;
    return true;
}

static bool find_layout(const struct mc_prover *prover, uint64_t *ret)
{
    static const struct {
        unsigned from, to;
        uint64_t offset;
    } rows[] = {
#define MC_KERNEL_LAYOUT(from, to, offset) {from, to, offset},
#include "scanner/proof/kernel_layouts.def"
#undef MC_KERNEL_LAYOUT
    };
    const struct mc_module *module = prover->image->module;
    for (size_t i = 0; i < module->alternative_count; i++)
        if (layout_from_test(prover->image, &module->alternatives[i], ret))
            return true;
    unsigned release = release_of(prover);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (release >= rows[i].from && release <= rows[i].to && prover->pointer_size == 8) {
            *ret = rows[i].offset;
            return true;
        }
    return false;
}

bool mc_kernel_load(struct mc_machine *m, uint64_t address, unsigned size, mc_value *ret)
{
    const struct mc_image *image = m->prover->image;
    const struct mc_import *import = image->module ? mc_image_import_around(image, address) : NULL;
    uint64_t start;
    if (!import || strcmp(import->symbol->name, "boot_cpu_data") || !find_layout(m->prover, &start))
        return false;
    uint64_t offset = address - import->address - start;
    if (address - import->address < start || offset + size > CAPABILITY_WORDS * 4 || size > 8)
        return false;
    struct mc_symbol_key key = {.kind = MC_SYM_KERNEL, .width = size * 8, .a = offset, .b = MC_KERNEL_CAPABILITY};
    *ret = mc_value_symbol(m->values, mc_symbol_id(m->values, key), 0);
    return true;
}

/* ---- calls ---- */

static mc_value xfeatures_result(struct mc_machine *m)
{
    struct mc_symbol_key key = {.kind = MC_SYM_KERNEL, .width = 32, .b = MC_KERNEL_XFEATURES};
    if (!mc_value_is_constant(m->values, mc_call_argument(m, 0), &key.a))
        return MC_TOP;
    return mc_value_symbol(m->values, mc_symbol_id(m->values, key), 0);
}

mc_value mc_kernel_result(struct mc_machine *m, uint64_t final)
{
    const char *name = m->prover->image->module ? mc_import_name(m->prover, final) : NULL;
    uint32_t base;
    int64_t offset;
    uint64_t table;
    if (name && !strcmp(name, "cpu_has_xfeatures"))
        return xfeatures_result(m);
    if (!name || strcmp(name, "x86_match_cpu") || release_of(m->prover) < SINCE_STEPPINGS ||
        !mc_value_single(m->values, mc_call_argument(m, 0), &base, &offset) ||
        !mc_module_address(m->prover, base, offset, &table))
        return MC_TOP;
    struct mc_symbol_key key = {.kind = MC_SYM_KERNEL, .width = 64, .a = table, .b = MC_KERNEL_MATCH};
    return mc_value_symbol(m->values, mc_symbol_id(m->values, key), 0);
}

/* ---- alternatives ---- */

const struct mc_alternative *mc_kernel_alternatives_at(const struct mc_prover *prover, uint64_t start, size_t *ret_count)
{
    const struct mc_module *module = prover->image->module;
    size_t low = 0, high = module ? module->alternative_count : 0;
    *ret_count = 0;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (module->alternatives[middle].start < start)
            low = middle + 1;
        else
            high = middle;
    }
    while (module && low + *ret_count < module->alternative_count && module->alternatives[low + *ret_count].start == start)
        ++*ret_count;
    return module ? module->alternatives + low : NULL;
}

mc_facts mc_kernel_alternative(struct mc_prover *prover, const struct mc_alternative *alternative)
{
    struct mc_symbol_key key = {.kind = MC_SYM_KERNEL, .width = 32, .a = alternative->feature, .b = MC_KERNEL_FEATURE};
    if (alternative->inverted)
        return MC_FACTS_NONE;
    struct mc_atom atom = mc_atom_test(mc_symbol_id(prover->values, key), MC_NE, 0);
    return mc_facts_one(prover->facts, atom, alternative->site);
}

/* ---- static keys ---- */

#define KEY_SIZE 16 /* struct static_key: a count, then a pointer */

bool mc_kernel_owns_key(const struct mc_prover *prover, uint64_t key)
{
    size_t count, first = mc_references_to(prover->references, key, key + KEY_SIZE, &count), named = 0;
    uint64_t enabled;
    if (mc_image_exports(prover->image, key) || !mc_image_read(prover->image, key, 4, &enabled) || enabled)
        return false;
    for (size_t i = first; i < first + count; i++) {
        enum mc_reference_kind kind = prover->references->items[i].kind;
        if (kind == MC_REF_DATA || kind == MC_REF_STORE)
            return false;
        named += kind == MC_REF_LEA;
    }
    return named;
}

mc_facts mc_kernel_key(struct mc_prover *prover, const struct mc_jump_label *label)
{
    struct mc_symbol_key key = {.kind = MC_SYM_KERNEL, .width = 32, .a = label->key, .b = MC_KERNEL_KEY};
    if (!mc_kernel_owns_key(prover, label->key))
        return MC_FACTS_NONE;
    return mc_facts_one(prover->facts, mc_atom_test(mc_symbol_id(prover->values, key), MC_NE, 0), label->site);
}

/* include/linux/jump_label.h: these turn a key on; those only look at it, or turn it off. */
static bool turns_on(const char *name, bool *ret_harmless)
{
    static const char *const on[] = {"static_key_enable", "static_key_enable_cpuslocked", "static_key_slow_inc",
                                     "static_key_slow_inc_cpuslocked"};
    static const char *const off[] = {"static_key_disable", "static_key_disable_cpuslocked", "static_key_slow_dec",
                                      "static_key_slow_dec_cpuslocked", "static_key_count"};
    *ret_harmless = false;
    for (size_t i = 0; name && i < sizeof off / sizeof *off; i++)
        *ret_harmless |= !strcmp(name, off[i]);
    for (size_t i = 0; name && i < sizeof on / sizeof *on; i++)
        if (!strcmp(name, on[i]))
            return true;
    return false;
}

struct switches { /* where a key is turned on */
    mc_facts sets[8];
    size_t count;
    bool unclear; /* something else may be done with it */
};

static void look_for_switches(struct mc_prover *prover, uint64_t from, uint64_t key, struct switches *ret)
{
    struct mc_nodes nodes = mc_nodes_of(prover, mc_function_extent(prover, from));
    bool met = false;
    for (size_t n = 0; n < nodes.count; n++) {
        const struct mc_evaluation *evaluation = mc_evaluate(prover, nodes.items[n]);
        ret->unclear |= !evaluation || !evaluation->complete;
        for (size_t i = 0; evaluation && i < evaluation->event_count; i++) {
            const struct mc_event *event = &evaluation->events[i];
            uint64_t place;
            uint32_t base;
            int64_t offset;
            bool harmless;
            if (event->kind != MC_EVENT_CALL ||
                !mc_value_single(prover->values, evaluation->arguments[event->arguments + MC_RDI], &base, &offset) ||
                !mc_module_address(prover, base, offset, &place) || place < key || place >= key + KEY_SIZE)
                continue;
            met = true;
            if (turns_on(mc_import_name(prover, event->target), &harmless) && ret->count < 8)
                ret->sets[ret->count++] = event->facts;
            else
                ret->unclear |= !harmless;
        }
    }
    ret->unclear |= !met;
}

static mc_value key_value(struct mc_prover *prover, uint64_t key)
{
    struct switches found = {.count = 0};
    size_t count, first = mc_references_to(prover->references, key, key + KEY_SIZE, &count);
    uint64_t last = 0;
    for (size_t i = first; i < first + count && !found.unclear; i++) {
        const struct mc_reference *reference = &prover->references->items[i];
        uint64_t function = mc_function_extent(prover, reference->from).start;
        if (reference->kind == MC_REF_LEA && function != last)
            look_for_switches(prover, reference->from, key, &found);
        last = function;
    }
    if (found.unclear || !found.count)
        return MC_TOP;
    return mc_value_boolean(prover->values, mc_facts_any(prover->facts, found.sets, found.count, 0), MC_FACTS_NONE);
}

mc_facts mc_kernel_loaded(struct mc_prover *prover, uint64_t initialiser)
{
    struct mc_symbol_key key = {.kind = MC_SYM_RETURN, .width = 32, .a = initialiser, .b = MC_RAX};
    return mc_facts_one(prover->facts, mc_atom_test(mc_symbol_id(prover->values, key), MC_EQ, 0), 0);
}

/* ---- what it means ---- */

static mc_facts fact_of_bit(struct mc_prover *prover, enum mc_feature feature)
{
    const struct mc_feature_info *info = &mc_features[feature];
    return mc_facts_one(prover->facts, mc_atom_bit(info->leaf, info->subleaf, info->reg, info->bit, true), 0);
}

/* XCR0 has these bits, so the CPU has XSAVE and the kernel turned it on. */
static mc_facts facts_of_states(struct mc_prover *prover, uint64_t states)
{
    mc_facts facts = states ? fact_of_bit(prover, MC_F_OSXSAVE) : MC_FACTS_NONE;
    for (unsigned bit = 0; bit < 64; bit++) {
        struct mc_atom state = {.kind = MC_ATOM_XCR0, .c = (uint64_t)bit << 1 | 1};
        if (states >> bit & 1)
            facts = mc_facts_or(prover->facts, facts, mc_facts_one(prover->facts, state, 0));
    }
    return facts;
}

/* The kernel turns a state on only where CPUID has the feature that it belongs to (xsave_cpuid_features of
 * arch/x86/kernel/fpu/xstate.c). */
static mc_facts facts_of_xfeatures(struct mc_prover *prover, uint64_t mask)
{
    static const struct {
        uint64_t states;
        enum mc_feature feature;
    } rows[] = {{1 << 2, MC_F_AVX}, {7 << 5, MC_F_AVX512F}, {1 << 9, MC_F_PKU}};
    mc_facts facts = facts_of_states(prover, mask);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (mask & rows[i].states)
            facts = mc_facts_or(prover->facts, facts, fact_of_bit(prover, rows[i].feature));
    struct mc_atom highest = {.kind = MC_ATOM_MAX_LEAF, .c = 0xD};
    return mask ? mc_facts_or(prover->facts, facts, mc_facts_one(prover->facts, highest, 0)) : facts;
}

/* The kernel clears the bits of features that it has not turned on (XCR0), and of leaves that there are not. */
static mc_facts facts_of_feature(struct mc_prover *prover, unsigned number)
{
    struct mc_facts_table *t = prover->facts;
    const struct word *word = number / 32 < CAPABILITY_WORDS ? &words[number / 32] : NULL;
    if (!word || !word->known)
        return MC_FACTS_NONE;
    mc_facts facts = mc_facts_one(t, mc_atom_bit(word->leaf, word->subleaf, (unsigned)word->reg, number % 32, true), 0);
    struct mc_atom highest = {.kind = MC_ATOM_MAX_LEAF, .a = word->leaf & 0x80000000, .c = word->leaf};
    facts = mc_facts_or(t, facts, mc_facts_one(t, highest, 0));
    int feature = mc_feature_at(word->leaf, word->subleaf, (enum mc_register)word->reg, number % 32);
    uint64_t states = feature < 0 ? 0 : mc_os_state_xcr0(mc_features[feature].os);
    return mc_facts_or(t, facts, facts_of_states(prover, states));
}

static mc_value capability_value(struct mc_prover *prover, uint64_t offset, unsigned width)
{
    struct mc_value_data bits;
    memset(&bits, 0, sizeof bits);
    bits.kind = MC_VALUE_BITS;
    bits.known = width < 64 ? ~UINT64_C(0) << width : 0;
    for (unsigned bit = 0; bit < width; bit++) {
        mc_facts facts = facts_of_feature(prover, (unsigned)(offset * 8) + bit);
        if (facts != MC_FACTS_NONE)
            bits.bits[bits.count++] = (struct mc_bit){bit, facts, MC_FACTS_NONE};
    }
    return mc_value_from_bits(prover->values, &bits);
}

/* A pointer to the first row that fits this CPU, else NULL: what all rows have in common holds where it is not NULL. */
static mc_value match_value(struct mc_prover *prover, uint64_t table)
{
    mc_facts common = MC_FACTS_ALL;
    bool ended = false;
    for (unsigned row = 0; row < TABLE_ROWS && !ended; row++) {
        uint64_t ids = 0, feature = 0;
        if (!mc_image_read(prover->image, table + row * ROW_SIZE, 8, &ids) ||
            !mc_image_read(prover->image, table + row * ROW_SIZE + ROW_FEATURE, 2, &feature))
            return MC_TOP;
        ended = !ids && !feature;
        if (!ended)
            common = mc_facts_either(prover->facts, common,
                                     feature == X86_FEATURE_ANY ? MC_FACTS_NONE : facts_of_feature(prover, (unsigned)feature));
    }
    struct mc_case none = {.offset = 0, .base = 0, .facts = MC_FACTS_NONE};
    return ended ? mc_value_cases(prover->values, &none, 1, common, 64) : MC_TOP;
}

mc_value mc_kernel_value(struct mc_prover *prover, const struct mc_symbol_key *key)
{
    switch ((enum mc_kernel_symbol)key->b) {
    case MC_KERNEL_CAPABILITY:
        return capability_value(prover, key->a, key->width);
    case MC_KERNEL_MATCH:
        return match_value(prover, key->a);
    case MC_KERNEL_XFEATURES:
        return mc_value_boolean(prover->values, facts_of_xfeatures(prover, key->a), MC_FACTS_NONE);
    case MC_KERNEL_KEY:
        return key_value(prover, key->a);
    case MC_KERNEL_FEATURE:
        return mc_value_boolean(prover->values, facts_of_feature(prover, (unsigned)key->a), MC_FACTS_NONE);
    }
    return MC_TOP;
}
