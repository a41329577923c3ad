/* SPDX-License-Identifier: Apache-2.0 */
/* Who leads into code that no entry leads to: every direct branch of known functions that leaves its zone, and every code
 * address that an operand names. Asked for only where a walk from the entries left a candidate open, and then all known code
 * is read once, several zones in turn (see sweep_lines.c). What leads neither to text outside known functions nor into a zone
 * that is walked is of no interest: a bit for each few bytes of the text tells. */
#include "scanner/sweep_private.h"

#include <stdlib.h>
#include <string.h>

#define LANES 4
#define SMALLEST_GRAIN 6              /* bits of an address: 64 bytes */
#define MOST_GRAINS ((uint64_t)1 << 22)

struct wanted {
    uint64_t start, size; /* of the text */
    unsigned grain;       /* bits of an address that share one bit here */
    uint8_t *bits;
};

struct lane {
    const uint8_t *at, *stop;
    uint64_t bias; /* address of a byte, less its place in memory */
    uint64_t start, size; /* of the zone */
};

struct collector {
    struct mc_sweep *sweep;
    struct wanted wanted;
    bool absolute; /* immediates may be addresses */
    size_t next;   /* entry that the next zone starts with */
};

static void want(struct wanted *wanted, uint64_t start, uint64_t end)
{
    if (start < wanted->start || start >= end || start - wanted->start >= wanted->size)
        return;
    uint64_t last = end - 1 - wanted->start;
    if (last >= wanted->size)
        last = wanted->size - 1;
    for (uint64_t at = (start - wanted->start) >> wanted->grain; at <= last >> wanted->grain; at++)
        wanted->bits[at >> 3] |= (uint8_t)(1u << (at & 7));
}

static void open_wanted(const struct mc_sweep *sweep, struct wanted *ret)
{
    const struct mc_image *image = sweep->image;
    const struct mc_entries *entries = sweep->entries;
    ret->start = image->code_count ? image->code[0].start : 0;
    ret->size = image->code_count ? image->code[image->code_count - 1].end - ret->start : 0;
    ret->grain = SMALLEST_GRAIN;
    while (ret->size >> ret->grain > MOST_GRAINS)
        ret->grain++;
    size_t bytes = (size_t)(ret->size >> ret->grain >> 3) + 1;
    ret->bits = mc_realloc(NULL, bytes, 1);
    memset(ret->bits, 0, bytes);
    for (size_t i = 0; i < entries->uncovered_count; i++)
        want(ret, entries->uncovered[i].start, entries->uncovered[i].end);
    for (size_t i = 0; i < sweep->suspects.count; i++) {
        struct mc_zone zone = mc_zone_at(image, entries, sweep->suspects.items[i]);
        want(ret, zone.start, zone.end);
    }
}

static inline bool is_wanted(const struct wanted *wanted, uint64_t address)
{
    uint64_t offset = address - wanted->start, at = offset >> wanted->grain;
    return offset < wanted->size && wanted->bits[at >> 3] >> (at & 7) & 1;
}

/* One instruction of a lane; bytes that do not decode are skipped one by one. 1 when it was the last. */
MC_ALWAYS_INLINE unsigned step(enum mc_mode mode, struct collector *c, struct lane *lane, size_t readable)
{
    struct mc_class class;
    unsigned length = mc_class_within(mode, lane->at, (size_t)(lane->stop - lane->at), readable, &class);
    if (MC_UNLIKELY(!length))
        return ++lane->at >= lane->stop;
    uint64_t address = lane->bias + (uint64_t)(uintptr_t)lane->at;
    uint64_t target = address + length + (uint64_t)(int64_t)class.displacement;
    if (mode == MC_MODE_32)
        target = (uint32_t)target;
    bool branch = (class.flow == MC_FLOW_JCC) | (class.flow == MC_FLOW_JMP) | (class.flow == MC_FLOW_CALL);
    if (branch & (target - lane->start >= lane->size) && MC_UNLIKELY(is_wanted(&c->wanted, target)))
        mc_push(&c->sweep->branches, target);
    if (((class.flags & MC_CLASS_RIP_RELATIVE) && MC_UNLIKELY(is_wanted(&c->wanted, target))) || (c->absolute && length >= 5))
        mc_sweep_note_operands(c->sweep, address, lane->at, (size_t)(lane->stop - lane->at), &class);
    lane->at += length;
    return lane->at >= lane->stop;
}

static void finish_lane(struct collector *c, struct lane *lane)
{
    bool wide = c->sweep->image->mode == MC_MODE_64;
    while (lane->at < lane->stop) {
        size_t left = (size_t)(lane->stop - lane->at);
        if (wide)
            step(MC_MODE_64, c, lane, left);
        else
            step(MC_MODE_32, c, lane, left);
    }
}

/* The next known function. False when there is none. */
static bool next_zone(struct collector *c, struct lane *ret)
{
    const struct mc_entries *entries = c->sweep->entries;
    while (c->next < entries->count) {
        struct mc_zone zone = mc_zone_at(c->sweep->image, entries, c->next);
        c->next = zone.last;
        if (!zone.bounded || zone.start == zone.end)
            continue;
        *ret = (struct lane){zone.bytes, zone.bytes + (zone.end - zone.start), zone.start - (uint64_t)(uintptr_t)zone.bytes,
                             zone.start, zone.end - zone.start};
        if (zone.readable - (zone.end - zone.start) >= MC_DECODE_SLACK)
            return true;
        finish_lane(c, ret);
    }
    return false;
}

static bool refill(struct collector *c, struct lane *lanes, unsigned ended)
{
    bool more = true;
    for (unsigned i = 0; i < LANES; i++) {
        if (!(ended >> i & 1))
            continue;
        lanes[i] = (struct lane){0};
        more = more && next_zone(c, &lanes[i]);
    }
    return more;
}

MC_ALWAYS_INLINE void read_zones(enum mc_mode mode, struct collector *c)
{
    struct lane lanes[LANES] = {0};
    unsigned ended = (1u << LANES) - 1;
    while (refill(c, lanes, ended)) {
        do {
            ended = step(mode, c, &lanes[0], MC_DECODE_SLACK) | step(mode, c, &lanes[1], MC_DECODE_SLACK) << 1 |
                    step(mode, c, &lanes[2], MC_DECODE_SLACK) << 2 | step(mode, c, &lanes[3], MC_DECODE_SLACK) << 3;
        } while (MC_UNLIKELY(ended) == 0);
    }
    for (unsigned i = 0; i < LANES; i++)
        finish_lane(c, &lanes[i]);
}

static int compare_addresses(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Targets that are entries are of no interest: those are roots anyway. */
static void collect(struct mc_sweep *sweep)
{
    struct collector c = {.sweep = sweep, .absolute = sweep->image->kind == MC_KIND_EXECUTABLE};
    open_wanted(sweep, &c.wanted);
    if (sweep->image->mode == MC_MODE_64)
        read_zones(MC_MODE_64, &c);
    else
        read_zones(MC_MODE_32, &c);
    free(c.wanted.bits);
    size_t kept = 0;
    for (size_t i = 0; i < sweep->branches.count; i++)
        if (!mc_entry_at(sweep->entries, sweep->branches.items[i]))
            sweep->branches.items[kept++] = sweep->branches.items[i];
    sweep->branches.count = kept;
    if (kept)
        qsort(sweep->branches.items, kept, sizeof *sweep->branches.items, compare_addresses);
}

void mc_sweep_follow_branches(struct mc_sweep *sweep, uint64_t start, uint64_t end)
{
    if (!sweep->branches_known)
        collect(sweep);
    sweep->branches_known = true;
    size_t low = 0, high = sweep->branches.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sweep->branches.items[middle] < start)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < sweep->branches.count && sweep->branches.items[low] < end; low++)
        mc_reach_follow(&sweep->reach, sweep->branches.items[low]);
}
