/* SPDX-License-Identifier: Apache-2.0 */
/* `static int has = -1; if (has < 0) has = ask(); return has;`: what the first test excludes. Once somebody stored something, the
 * initial value never comes back. */
#include "scanner/proof/machine.h"

static bool starts_with(const struct mc_prover *prover, const struct mc_symbol_key *key, uint64_t *ret)
{
    unsigned size = key->width / 8;
    if (key->b || !size || size > 8)
        return false;
    if (key->kind == MC_SYM_TLS)
        return mc_thread_local_initial(prover, (int64_t)key->a, size, ret);
    return key->kind == MC_SYM_CELL && !mc_image_reloc_at(prover->image, key->a) && mc_image_read(prover->image, key->a, size, ret);
}

/* The flags are of a global as a whole that starts with a number other than 0 (a test of 0 says enough by itself). */
static bool tests_global(const struct mc_machine *m, struct mc_symbol_key *ret_key, uint64_t *ret_initial)
{
    const struct mc_flags *flags = &m->state->flags;
    uint32_t base;
    int64_t offset;
    if (flags->kind == MC_FLAGS_UNKNOWN || flags->kind == MC_FLAGS_BITS ||
        !mc_value_single(m->values, flags->a, &base, &offset) || !base || offset)
        return false;
    *ret_key = mc_symbol_get(m->values, base);
    return flags->width == ret_key->width && starts_with(m->prover, ret_key, ret_initial) && *ret_initial;
}

/* Code that is not optimised keeps what it loads on the stack, and compares it there. */
static void assume_copies(struct mc_machine *m, mc_value tested, mc_value stored, struct mc_assumed *ret)
{
    ret->copied = tested;
    for (uint32_t i = 0; i < m->state->cell_count && ret->copy_count < sizeof ret->copies / sizeof *ret->copies; i++) {
        struct mc_memory_cell *cell = &m->state->cells[i];
        uint32_t kind = mc_symbol_get(m->values, cell->base).kind;
        if (cell->value != tested || (kind != MC_SYM_STACK && kind != MC_SYM_ALIGNED))
            continue;
        cell->value = stored;
        ret->copies[ret->copy_count++] = i;
    }
}

void mc_assume_stored(struct mc_machine *m, unsigned condition, bool taken, struct mc_assumed *ret)
{
    struct mc_flags flags = m->state->flags;
    struct mc_symbol_key key;
    uint64_t initial;
    mc_facts when_true, when_false;
    bool found;
    *ret = (struct mc_assumed){.reg = -1};
    if (!tests_global(m, &key, &initial))
        return;
    mc_value tested = flags.a;
    flags.a = mc_value_constant(m->values, initial);
    mc_flags_test(m->values, &flags, condition, &when_true, &when_false);
    if ((taken ? when_true : when_false) != MC_FACTS_ALL)
        return;
    struct mc_symbol_key block = {.kind = MC_SYM_TLS, .width = 64};
    uint32_t base = key.kind == MC_SYM_CELL ? MC_BASE_MODULE : mc_symbol_id(m->values, block);
    int64_t offset = (int64_t)key.a;
    key.b = 1;
    mc_value stored = mc_value_symbol(m->values, mc_symbol_id(m->values, key), 0);
    if (flags.place && m->state->registers[flags.place - 1] == tested) {
        ret->reg = (int)flags.place - 1;
        ret->before = tested;
        m->state->registers[ret->reg] = stored;
    }
    mc_state_load(m->values, m->state, base, offset, key.width / 8, &found);
    if (!found) { /* else it is as this function left it */
        ret->base = base;
        ret->offset = offset;
        ret->size = key.width / 8;
        mc_state_store(m->values, m->state, base, offset, ret->size, stored);
    }
    assume_copies(m, tested, stored, ret);
}

void mc_assume_undo(struct mc_machine *m, const struct mc_assumed *assumed)
{
    for (unsigned i = 0; i < assumed->copy_count; i++)
        m->state->cells[assumed->copies[i]].value = assumed->copied;
    if (assumed->reg >= 0)
        m->state->registers[assumed->reg] = assumed->before;
    if (assumed->base)
        mc_state_forget(m->state, assumed->base, assumed->offset, assumed->size);
}

bool mc_stored_since(struct mc_machine *m, const struct mc_memory_cell *cell, mc_value *ret)
{
    struct mc_symbol_key base = mc_symbol_get(m->values, cell->base);
    struct mc_symbol_key key = {.kind = MC_SYM_CELL, .width = cell->size * 8, .a = (uint64_t)cell->offset};
    uint64_t initial;
    if (base.kind == MC_SYM_TLS && !base.a)
        key.kind = MC_SYM_TLS;
    else if (cell->base != MC_BASE_MODULE)
        return false;
    if (!starts_with(m->prover, &key, &initial) || !initial)
        return false;
    key.b = 1;
    *ret = mc_value_symbol(m->values, mc_symbol_id(m->values, key), 0);
    return true;
}
