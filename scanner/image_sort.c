/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting of addresses: most tables come sorted or nearly so; the rest takes a radix sort over the digits in use. */
#include "scanner/image_build.h"

#define DIGIT_BITS 11
#define DIGITS (1u << DIGIT_BITS)
#define SMALL 48

static void insertion_sort(struct mc_sort_key *keys, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct mc_sort_key key = keys[i];
        size_t j = i;
        for (; j && keys[j - 1].key > key.key; j--)
            keys[j] = keys[j - 1];
        keys[j] = key;
    }
}

static void radix_pass(const struct mc_sort_key *from, struct mc_sort_key *to, size_t count, unsigned shift)
{
    size_t starts[DIGITS] = {0};
    for (size_t i = 0; i < count; i++)
        starts[(from[i].key >> shift) & (DIGITS - 1)]++;
    size_t sum = 0;
    for (size_t digit = 0; digit < DIGITS; digit++) {
        size_t here = starts[digit];
        starts[digit] = sum;
        sum += here;
    }
    for (size_t i = 0; i < count; i++)
        to[starts[(from[i].key >> shift) & (DIGITS - 1)]++] = from[i];
}

void mc_sort_keys(struct mc_sort_key *keys, size_t count)
{
    uint64_t different = 0;
    bool sorted = true;
    for (size_t i = 1; i < count; i++) {
        different |= keys[i].key ^ keys[0].key;
        sorted = sorted && keys[i - 1].key <= keys[i].key;
    }
    if (sorted)
        return;
    if (count <= SMALL) {
        insertion_sort(keys, count);
        return;
    }
    struct mc_sort_key *other = mc_realloc(NULL, count, sizeof *other), *from = keys, *to = other;
    for (unsigned shift = 0; shift < 64; shift += DIGIT_BITS) {
        if (!((different >> shift) & (DIGITS - 1)))
            continue;
        radix_pass(from, to, count, shift);
        struct mc_sort_key *swap = from;
        from = to;
        to = swap;
    }
    if (from != keys)
        memcpy(keys, from, count * sizeof *keys);
    free(other);
}
