/* SPDX-License-Identifier: Apache-2.0 */
/* Structures inside of structures: a body that computes `argument + K` for others looks at their fields itself at K + their
 * displacement (libgcrypt's ciphers within its handles). By instructions alone, so an inference as all of fields.c. */
#include "scanner/proof/interiors.h"

#include <stdlib.h>
#include <string.h>

#define LEAST_OFFSET 32   /* bytes: nearer ones are fields of the structure itself, most likely */
#define MAX_INSIDE 8      /* of one body */
#define FIRST_STEPS 16    /* instructions in which an ADD to an argument makes such an address */
#define MAX_LEARNERS 60   /* of what lies inside at one displacement */

static int compare_addresses(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

void mc_interiors_begin(struct mc_interiors *interiors, uint64_t body)
{
    interiors->body = body;
    interiors->steps = 0;
    interiors->first = interiors->items.count;
}

static void add_offset(struct mc_interiors *interiors, int64_t offset)
{
    size_t count = interiors->items.count - interiors->first;
    if (offset < LEAST_OFFSET || offset % 8 || count == MAX_INSIDE)
        return;
    for (size_t i = interiors->first; i < interiors->items.count; i++)
        if (interiors->items.items[i].offset == offset)
            return;
    mc_push(&interiors->items, ((struct mc_interior){interiors->body, offset}));
}

void mc_interiors_look(struct mc_interiors *interiors, const struct mc_insn *insn)
{
    bool primary = insn->encoding == MC_LEGACY && insn->map == MC_MAP_PRIMARY, first = ++interiors->steps <= FIRST_STEPS;
    if (primary && insn->opcode == 0x8D && insn->mod != 3 && insn->base >= 0 && insn->base != MC_RSP && insn->index == MC_REG_NONE)
        add_offset(interiors, insn->displacement);
    bool group = insn->opcode == 0x81 || insn->opcode == 0x83;
    if (primary && group && first && (insn->reg & 7) == 0 && insn->has_modrm && insn->mod == 3 &&
        insn->operand_size == interiors->pointer_size)
        add_offset(interiors, insn->immediate);
}

static int compare_accesses(const void *a, const void *b)
{
    const struct mc_access *x = a, *y = b;
    if (x->displacement != y->displacement)
        return x->displacement < y->displacement ? -1 : 1;
    return compare_addresses(&x->body, &y->body);
}

void mc_accesses_sort(struct mc_access *items, size_t count)
{
    if (count)
        qsort(items, count, sizeof *items, compare_accesses);
}

size_t mc_accesses_from(const struct mc_access *items, size_t count, int64_t displacement)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (items[middle].displacement < displacement)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void mc_interiors_access(struct mc_interiors *interiors, int64_t displacement)
{
    mc_push(&interiors->seen, displacement);
}

void mc_interiors_end(struct mc_interiors *interiors)
{
    for (size_t i = interiors->first; i < interiors->items.count; i++)
        for (size_t k = 0; k < interiors->seen.count; k++) {
            int64_t inner = interiors->seen.items[k] - interiors->items.items[i].offset;
            if (inner >= 0)
                mc_push(&interiors->accesses, ((struct mc_access){.displacement = inner, .body = interiors->body}));
        }
    interiors->seen.count = 0;
}

void mc_interiors_sort(struct mc_interiors *interiors)
{
    if (interiors->items.count)
        qsort(interiors->items.items, interiors->items.count, sizeof *interiors->items.items, compare_addresses); /* by body */
    mc_accesses_sort(interiors->accesses.items, interiors->accesses.count);
}

size_t mc_interiors_of(const struct mc_interiors *interiors, uint64_t body, const struct mc_interior **ret)
{
    size_t low = 0, high = interiors->items.count, count = 0;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (interiors->items.items[middle].body < body)
            low = middle + 1;
        else
            high = middle;
    }
    while (low + count < interiors->items.count && interiors->items.items[low + count].body == body)
        count++;
    *ret = interiors->items.items + low;
    return count;
}

void mc_interiors_learn(struct mc_prover *prover, const struct mc_interiors *interiors, int64_t displacement, mc_learner *learn)
{
    const struct mc_access *items = interiors->accesses.items;
    size_t first = mc_accesses_from(items, interiors->accesses.count, displacement);
    size_t end = mc_accesses_from(items, interiors->accesses.count, displacement + 1);
    for (size_t i = first; i < end && i - first < MAX_LEARNERS; i++)
        learn(prover, items[i].body);
}

void mc_interiors_free(struct mc_interiors *interiors)
{
    mc_vector_free(&interiors->items);
    mc_vector_free(&interiors->accesses);
    mc_vector_free(&interiors->seen);
}
