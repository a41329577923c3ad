/* SPDX-License-Identifier: Apache-2.0 */
/* A growable array of any type: `MC_VECTOR(struct mc_use) uses = {0}; mc_push(&uses, use);`
 * Items are heap memory, freed with mc_vector_free; a zeroed vector is empty. */
#ifndef MC_BASE_VECTOR_H
#define MC_BASE_VECTOR_H

#include "base/arena.h"

#include <stdlib.h>

#define MC_VECTOR(type)                                                                                                \
    struct {                                                                                                           \
        type *items;                                                                                                   \
        size_t count, capacity;                                                                                        \
    }

#define mc_reserve(vector, wanted)                                                                                     \
    ((vector)->capacity >= (wanted)                                                                                    \
         ? (void)0                                                                                                     \
         : (void)((vector)->capacity = (wanted) > 2 * (vector)->capacity ? (wanted) + 7 : 2 * (vector)->capacity,      \
                  (vector)->items = mc_realloc((vector)->items, (vector)->capacity, sizeof *(vector)->items)))

#define mc_push(vector, item)                                                                                          \
    (mc_reserve((vector), (vector)->count + 1), (void)((vector)->items[(vector)->count++] = (item)))

#define mc_vector_free(vector)                                                                                         \
    (free((vector)->items), (void)((vector)->items = NULL), (void)((vector)->count = (vector)->capacity = 0))

#endif
