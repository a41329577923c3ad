/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting of addresses: most tables come sorted or as a few sorted runs, which are merged; the rest takes a radix sort
 * over the digits in use. */
#include "scanner/image_build.h"

#define DIGIT_BITS 11
#define DIGITS (1u << DIGIT_BITS)
#define SMALL 48
#define RUNS 8 /* a merge of up to so many runs beats three radix passes */

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

/* ---- few ascending runs: merged pairwise ---- */

static void merge_runs(const struct mc_sort_key *left, const struct mc_sort_key *right, const struct mc_sort_key *end,
                       struct mc_sort_key *to)
{
    const struct mc_sort_key *middle = right;
    while (left < middle && right < end)
        *to++ = right->key < left->key ? *right++ : *left++;
    memcpy(to, left, (size_t)(middle - left) * sizeof *to);
    memcpy(to + (middle - left), right, (size_t)(end - right) * sizeof *to);
}

/* starts holds where each run begins, and the count behind the last. */
static void merge_sort(struct mc_sort_key *keys, size_t *starts, size_t runs)
{
    size_t count = starts[runs];
    struct mc_sort_key *other = mc_realloc(NULL, count, sizeof *other);
    while (runs > 1) {
        size_t merged = 0;
        for (size_t i = 0; i < runs; i += 2) {
            size_t middle = starts[i + 1], end = i + 2 <= runs ? starts[i + 2] : middle;
            merge_runs(keys + starts[i], keys + middle, keys + end, other + starts[i]);
            starts[merged++] = starts[i];
        }
        starts[merged] = count;
        runs = merged;
        memcpy(keys, other, count * sizeof *keys);
    }
    free(other);
}

static void radix_sort(struct mc_sort_key *keys, size_t count, uint64_t different)
{
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

void mc_sort_keys(struct mc_sort_key *keys, size_t count)
{
    uint64_t different = 0;
    size_t starts[RUNS + 2] = {0}, runs = 1;
    for (size_t i = 1; i < count; i++) {
        different |= keys[i].key ^ keys[0].key;
        if (keys[i - 1].key > keys[i].key && runs <= RUNS)
            starts[runs++] = i;
    }
    if (runs == 1)
        return;
    if (count <= SMALL) {
        insertion_sort(keys, count);
        return;
    }
    if (runs > RUNS) { /* linkers put the sorted relative relocations before the others: leave a long first run alone */
        size_t first = starts[1] > count / 4 ? starts[1] : 0;
        radix_sort(keys + first, count - first, different);
        if (!first)
            return;
        runs = 2;
    }
    starts[runs] = count;
    merge_sort(keys, starts, runs);
}
