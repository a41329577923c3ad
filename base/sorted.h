/* SPDX-License-Identifier: Apache-2.0 */
/* Sorted arrays of addresses. */
#ifndef MC_BASE_SORTED_H
#define MC_BASE_SORTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Index of the first that is not below the value; count when all are. */
static inline size_t mc_sorted_from(const uint64_t *items, size_t count, uint64_t value)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (items[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static inline bool mc_sorted_has(const uint64_t *items, size_t count, uint64_t value)
{
    size_t at = mc_sorted_from(items, count, value);
    return at < count && items[at] == value;
}

#endif
