/* SPDX-License-Identifier: Apache-2.0 */
#include "base/address_set.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#define SMALLEST 64 /* slots */

/* Where the address is, or the free slot where it belongs. */
static struct mc_address_slot *find(const struct mc_address_set *set, uint64_t address)
{
    size_t at = (size_t)((address * UINT64_C(0x9E3779B97F4A7C15)) >> 32);
    for (;; at++) {
        struct mc_address_slot *slot = &set->slots[at & (set->capacity - 1)];
        if (!slot->taken || slot->address == address)
            return slot;
    }
}

/* Half of the slots are free at least; those that hold nothing any more become so. */
static void make_room(struct mc_address_set *set)
{
    struct mc_address_set old = *set;
    size_t held = 0;
    for (size_t i = 0; i < old.capacity; i++)
        held += old.slots[i].times != 0;
    set->capacity = SMALLEST;
    while (set->capacity < 4 * (held + 1))
        set->capacity *= 2;
    set->slots = mc_realloc(NULL, set->capacity, sizeof *set->slots);
    memset(set->slots, 0, set->capacity * sizeof *set->slots);
    set->used = held;
    for (size_t i = 0; i < old.capacity; i++)
        if (old.slots[i].times)
            *find(set, old.slots[i].address) = old.slots[i];
    free(old.slots);
}

void mc_address_set_put(struct mc_address_set *set, uint64_t address)
{
    if (2 * (set->used + 1) > set->capacity)
        make_room(set);
    struct mc_address_slot *slot = find(set, address);
    set->used += !slot->taken;
    *slot = (struct mc_address_slot){address, slot->times + 1, 1};
}

void mc_address_set_take(struct mc_address_set *set, uint64_t address)
{
    struct mc_address_slot *slot = set->capacity ? find(set, address) : NULL;
    if (slot && slot->times)
        slot->times--;
}

bool mc_address_set_has(const struct mc_address_set *set, uint64_t address)
{
    return set->capacity && find(set, address)->times;
}

void mc_address_set_free(struct mc_address_set *set)
{
    free(set->slots);
    memset(set, 0, sizeof *set);
}
