/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the numbers of items by their content: open addressing over the items' hashes. The items themselves, and what makes two
 * of them equal, are the caller's:
 *
 *     for (size_t at = hash; (id = mc_index_candidate(&index, hash, &at)) != MC_INDEX_NONE;)
 *         if (equal(items[id], wanted))
 *             return id;
 *     mc_index_add(&index, hash, number of the new item);
 *
 * Heap memory, freed with mc_index_free; a zeroed index is empty. */
#ifndef MC_BASE_INDEX_H
#define MC_BASE_INDEX_H

#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MC_INDEX_NONE UINT32_MAX

struct mc_index {
    struct mc_index_slot { uint32_t hash, item; } *slots; /* item: its number + 1; 0: free */
    size_t capacity, count; /* slots: a power of two, at least twice the count */
};

/* The next item with that hash; *at starts as the hash. */
static inline uint32_t mc_index_candidate(const struct mc_index *index, uint32_t hash, size_t *at)
{
    while (index->capacity) {
        const struct mc_index_slot *slot = &index->slots[*at & (index->capacity - 1)];
        if (!slot->item)
            break;
        ++*at;
        if (slot->hash == hash)
            return slot->item - 1;
    }
    return MC_INDEX_NONE;
}

static inline void mc_index_place(struct mc_index *index, struct mc_index_slot slot)
{
    size_t at = slot.hash;
    while (index->slots[at & (index->capacity - 1)].item)
        at++;
    index->slots[at & (index->capacity - 1)] = slot;
}

static inline void mc_index_add(struct mc_index *index, uint32_t hash, uint32_t item)
{
    if (2 * (index->count + 1) > index->capacity) {
        struct mc_index old = *index;
        index->capacity = old.capacity ? 2 * old.capacity : 64;
        index->slots = mc_realloc(NULL, index->capacity, sizeof *index->slots);
        memset(index->slots, 0, index->capacity * sizeof *index->slots);
        for (size_t i = 0; i < old.capacity; i++)
            if (old.slots[i].item)
                mc_index_place(index, old.slots[i]);
        free(old.slots);
    }
    mc_index_place(index, (struct mc_index_slot){hash, item + 1});
    index->count++;
}

static inline void mc_index_free(struct mc_index *index)
{
    free(index->slots);
    memset(index, 0, sizeof *index);
}

#endif
