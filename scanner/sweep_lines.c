/* SPDX-License-Identifier: Apache-2.0 */
/* Step 1 of the sweep: every known function in a straight line, which is where most of a scan's time goes.
 *
 * Where an instruction starts is known only when the one before it is decoded, so one line keeps a CPU waiting. Several
 * independent lines in turn fill the gaps. A line is what lies between two entries. */
#include "scanner/sweep_private.h"

#include <stdlib.h>
#include <string.h>

#define LANES 4

struct lane {
    const uint8_t *at, *stop;
    unsigned found; /* the line needs a walk */
    size_t zone;    /* index of its first entry */
};

struct feed {
    struct mc_sweep *sweep;
    struct mc_zone zone; /* the one in hand */
    size_t next;         /* entry of it whose line comes next */
    unsigned flags;      /* MC_CLASS_* of all instructions */
};

/* What follows an indirect jump may be its table, which throws a straight line out of step without a sign. Tables
 * of small offsets or addresses show by their upper bytes. */
static bool looks_like_table(const uint8_t *at, const uint8_t *stop)
{
    uint64_t words;
    bool padding = *at == 0x0f || *at == 0x66 || *at == 0x2e || *at == 0x90 || *at == 0xcc; /* long NOPs hold zeros */
    if (stop - at < (ptrdiff_t)sizeof words || padding)
        return false;
    memcpy(&words, at, sizeof words);
    uint16_t first = (uint16_t)(words >> 16), second = (uint16_t)(words >> 48);
    bool offsets = (first == 0 || first == 0xffff) && (second == 0 || second == 0xffff);
    return offsets || words >> 32 == 0 || (words & 0xffff) == 0;
}

/* A candidate, bytes that do not decode, a table: each needs a walk. */
MC_ALWAYS_INLINE unsigned is_suspect(const struct mc_sweep *sweep, const struct mc_class *class, const uint8_t *next,
                                     const uint8_t *stop)
{
    unsigned suspect = sweep->is_use[class->need];
    if (MC_UNLIKELY(class->flow == MC_FLOW_JMP_IND) && next < stop)
        suspect |= looks_like_table(next, stop);
    return suspect;
}

/* One instruction of a lane, of which MC_DECODE_SLACK bytes are readable. 1 when it was the last. */
MC_ALWAYS_INLINE unsigned step(enum mc_mode mode, const struct mc_sweep *sweep, struct lane *lane, unsigned *flags)
{
    struct mc_class class;
    unsigned length = mc_class_at(mode, lane->at, &class);
    lane->at += length;
    lane->found |= is_suspect(sweep, &class, lane->at, lane->stop) | (length == 0) | (lane->at > lane->stop);
    *flags |= class.flags;
    return (lane->at >= lane->stop) | (length == 0);
}

/* A whole line, or what is left of it, by itself. */
static void finish_lane(struct feed *feed, struct lane *lane)
{
    while (lane->at < lane->stop) {
        struct mc_class class;
        unsigned length = mc_decode_class(feed->sweep->image->mode, lane->at, (size_t)(lane->stop - lane->at), &class);
        lane->at += length;
        lane->found |= is_suspect(feed->sweep, &class, lane->at, lane->stop) | !length;
        feed->flags |= class.flags;
        if (!length)
            break;
    }
    if (lane->found)
        mc_push(&feed->sweep->suspects, lane->zone);
}

/* The next line of any zone. False when there is none. */
static bool next_line(struct feed *feed, struct lane *ret)
{
    const struct mc_entries *entries = feed->sweep->entries;
    for (;;) {
        struct mc_zone *zone = &feed->zone;
        while (feed->next < zone->last && entries->items[feed->next].address < zone->end) {
            uint64_t start = entries->items[feed->next++].address, end = zone->end;
            if (feed->next < zone->last && entries->items[feed->next].address < end)
                end = entries->items[feed->next].address;
            const uint8_t *bytes = zone->bytes;
            *ret = (struct lane){.at = bytes + (start - zone->start), .stop = bytes + (end - zone->start), .zone = zone->first};
            if (start == end)
                continue;
            if (zone->readable - (end - zone->start) >= MC_DECODE_SLACK)
                return true;
            finish_lane(feed, ret);
        }
        do {
            if (zone->last >= entries->count)
                return false;
            *zone = mc_zone_at(feed->sweep->image, entries, zone->last);
            feed->next = zone->first;
        } while (!zone->bounded);
    }
}

/* Puts new lines into the lanes that `ended` names by bit. False when there are none left; the lanes from *ret_empty on
 * are finished then. */
static bool refill(struct feed *feed, struct lane *lanes, unsigned ended)
{
    bool more = true;
    for (unsigned i = 0; i < LANES; i++) {
        if (!(ended >> i & 1))
            continue;
        if (lanes[i].found)
            mc_push(&feed->sweep->suspects, lanes[i].zone);
        lanes[i] = (struct lane){0};
        more = more && next_line(feed, &lanes[i]);
    }
    return more;
}

MC_ALWAYS_INLINE void read_lines(enum mc_mode mode, struct feed *feed)
{
    struct lane lanes[LANES] = {0};
    const struct mc_sweep *sweep = feed->sweep;
    unsigned flags = 0, ended = (1u << LANES) - 1;
    while (refill(feed, lanes, ended)) {
        do {
            ended = step(mode, sweep, &lanes[0], &flags) | step(mode, sweep, &lanes[1], &flags) << 1 |
                    step(mode, sweep, &lanes[2], &flags) << 2 | step(mode, sweep, &lanes[3], &flags) << 3;
        } while (MC_UNLIKELY(ended) == 0);
    }
    for (unsigned i = 0; i < LANES; i++)
        finish_lane(feed, &lanes[i]);
    feed->flags |= flags;
}

static int compare_indices(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return x < y ? -1 : x > y;
}

void mc_sweep_find_suspects(struct mc_sweep *sweep)
{
    struct feed feed = {.sweep = sweep};
    if (sweep->image->mode == MC_MODE_64)
        read_lines(MC_MODE_64, &feed);
    else
        read_lines(MC_MODE_32, &feed);
    if (feed.flags & MC_CLASS_CPUID)
        sweep->asks_cpuid = true;
    size_t kept = 0;
    if (sweep->suspects.count)
        qsort(sweep->suspects.items, sweep->suspects.count, sizeof *sweep->suspects.items, compare_indices);
    for (size_t i = 0; i < sweep->suspects.count; i++)
        if (!kept || sweep->suspects.items[kept - 1] != sweep->suspects.items[i])
            sweep->suspects.items[kept++] = sweep->suspects.items[i];
    sweep->suspects.count = kept;
}
