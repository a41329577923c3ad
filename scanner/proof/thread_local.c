/* SPDX-License-Identifier: Apache-2.0 */
/* Thread-local data of libraries: __tls_get_addr is given a pair in the GOT - module, offset in its block - and returns the
 * address (ELF Handling for Thread-Local Storage, 3.4 and 4.1: general and local dynamic models). Offsets count from the
 * thread pointer here, as in the models of executables: the block of a module ends there (variant II). */
#include "scanner/proof/machine.h"

#include <string.h>

#define MAX_REFERRERS 500 /* places that ask for the address of thread-local data */

int64_t mc_thread_local_block(const struct mc_image *image)
{
    uint64_t align = image->tls_align ? image->tls_align : 1;
    return -(int64_t)((image->tls_size + align - 1) / align * align);
}

static bool is_own_block(const struct mc_image *image, uint64_t pair, unsigned word, uint64_t *ret_offset)
{
    const struct mc_reloc *module = mc_image_reloc_at(image, pair), *offset = mc_image_reloc_at(image, pair + word);
    if (!module || module->kind != MC_RELOC_TLS || (module->symbol && !module->symbol->defined))
        return false;
    if (offset && offset->symbol)
        *ret_offset = offset->symbol->address + (uint64_t)offset->addend;
    else if (offset && word == 8)
        *ret_offset = (uint64_t)offset->addend;
    if (offset && (offset->symbol || word == 8))
        return !offset->symbol || offset->symbol->defined;
    return mc_image_read(image, pair + word, word, ret_offset);
}

mc_value mc_thread_local_address(struct mc_machine *m, uint64_t final)
{
    const char *name = mc_import_name(m->prover, final);
    unsigned word = m->prover->pointer_size;
    uint32_t base;
    int64_t offset;
    uint64_t pair, inside;
    if (!name || strcmp(name, word == 8 ? "__tls_get_addr" : "___tls_get_addr") ||
        !mc_value_single(m->values, m->state->registers[word == 8 ? MC_RDI : MC_RAX], &base, &offset) ||
        !mc_module_address(m->prover, base, offset, &pair) || !is_own_block(m->prover->image, pair, word, &inside) ||
        inside >= m->prover->image->tls_size)
        return MC_TOP;
    struct mc_symbol_key key = {.kind = MC_SYM_TLS, .width = 64};
    return mc_value_symbol(m->values, mc_symbol_id(m->values, key), mc_thread_local_block(m->prover->image) + (int64_t)inside);
}

void mc_learn_thread_local_referrers(struct mc_prover *prover, mc_learner *learn)
{
    const struct mc_image *image = prover->image;
    size_t learnt = 0;
    for (size_t i = 0; i < image->reloc_count; i++) {
        size_t count, first = mc_references_to(prover->references, image->relocs[i].place, image->relocs[i].place + 1, &count);
        for (size_t k = first; image->relocs[i].kind == MC_RELOC_TLS && k < first + count; k++)
            if (prover->references->items[k].kind == MC_REF_LEA && learnt++ < MAX_REFERRERS)
                learn(prover, prover->references->items[k].from);
    }
}
