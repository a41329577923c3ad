/* SPDX-License-Identifier: Apache-2.0 */
/* A set of addresses that counts how often each was put in: membership in constant time, however many there are. What was put
 * in can be taken out again. Heap memory, freed with mc_address_set_free; a zeroed set is empty. */
#ifndef MC_BASE_ADDRESS_SET_H
#define MC_BASE_ADDRESS_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mc_address_set {
    struct mc_address_slot { uint64_t address; uint32_t times, taken; } *slots; /* `taken` slots with 0 times hold nothing */
    size_t capacity, used; /* slots: a power of two; those taken */
};

void mc_address_set_put(struct mc_address_set *set, uint64_t address);
void mc_address_set_take(struct mc_address_set *set, uint64_t address); /* one that was put in */
bool mc_address_set_has(const struct mc_address_set *set, uint64_t address);
void mc_address_set_free(struct mc_address_set *set);

#endif
