/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of other modules that are CPUID's by contract. glibc 2.33 and later: <sys/platform/x86.h>,
 * __x86_get_cpuid_feature_leaf(index) points to { cpuid_array[4]; active_array[4] }, registers in the order EAX, EBX, ECX, EDX;
 * a bit of active_array is set only where the OS has turned the feature on, too. */
#include "scanner/proof/machine.h"

#include <string.h>

static const struct {
    uint32_t leaf, subleaf;
} leaves[] = { /* enum in <bits/platform/x86.h> */
    {1, 0}, {7, 0}, {0x80000001, 0}, {0xD, 1}, {0x80000007, 0}, {0x80000008, 0}, {7, 1}, {0x19, 0}, {0x14, 0}};
#define LEAVES (sizeof leaves / sizeof *leaves)

bool mc_is_provider(const struct mc_prover *prover, uint64_t final)
{
    const char *name = mc_import_name(prover, final);
    return name && !strcmp(name, "__x86_get_cpuid_feature_leaf");
}

mc_value mc_provider_result(struct mc_machine *m, uint64_t final)
{
    uint64_t index;
    if (!mc_is_provider(m->prover, final) ||
        !mc_value_is_constant(m->values, mc_value_zero_extend(m->values, mc_call_argument(m, 0), 32), &index) || index >= LEAVES)
        return MC_TOP;
    struct mc_symbol_key key = {.kind = MC_SYM_FEATURE_LEAF, .width = m->prover->pointer_size * 8, .a = index};
    return mc_value_symbol(m->values, mc_symbol_id(m->values, key), 0);
}

/* The library asked for the highest leaf before. */
static mc_facts active_facts(struct mc_machine *m, uint32_t leaf)
{
    struct mc_facts_table *t = m->prover->facts;
    struct mc_atom highest = {.kind = MC_ATOM_MAX_LEAF, .a = leaf & 0x80000000, .c = leaf};
    return mc_facts_one(t, highest, m->address);
}

bool mc_provider_load(struct mc_machine *m, uint32_t base, int64_t offset, unsigned size, mc_value *ret)
{
    struct mc_symbol_key key = mc_symbol_get(m->values, base);
    if (key.kind != MC_SYM_FEATURE_LEAF || offset < 0 || offset + (int64_t)size > 32 || (offset & 3) + size > 4)
        return false;
    bool active = offset >= 16;
    uint32_t leaf = leaves[key.a].leaf;
    mc_value word = mc_cpuid_register(m, leaf, leaves[key.a].subleaf, (unsigned)(offset & 15) / 4);
    if (active)
        word = mc_value_with_facts(m->values, word, active_facts(m, leaf));
    *ret = mc_value_extract(m->values, word, (unsigned)(offset & 3) * 8, size * 8);
    return true;
}
