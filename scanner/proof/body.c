/* SPDX-License-Identifier: Apache-2.0 */
/* Leaders: where straight runs of a body begin. */
#include "scanner/proof/body.h"

#include <string.h>

#define REACHED_BYTES ((size_t)32 << 20) /* remembered of who reaches what in one body */

static bool is_call_to_next(const struct mc_class *c)
{
    return c->flow == MC_FLOW_CALL && c->displacement == 0;
}

/* A jump label is a branch whatever stands there. */
static void follow_label(const struct mc_image *image, uint64_t address, struct mc_class *c)
{
    const struct mc_jump_label *label = mc_image_label_at(image, address);
    if (!label)
        return;
    c->flow = MC_FLOW_JCC;
    c->displacement = (int32_t)(label->target - (address + c->length));
}

static void add_leader(struct body *body, uint64_t address, uint64_t **work, size_t *count, size_t *capacity)
{
    if (!mc_in_body(body, address) || mc_bit_at(body->leader, address - body->range.start))
        return;
    mc_set_bit_at(body->leader, address - body->range.start);
    if (*count == *capacity) {
        *capacity = *capacity * 2 + 64;
        *work = mc_realloc(*work, *capacity, sizeof **work);
    }
    (*work)[(*count)++] = address;
}

void mc_find_landing_pads(const struct body *body, uint64_t call, uint64_t ret_pads[4], size_t *ret_count)
{
    const struct mc_entries *entries = body->run->prover->entries;
    *ret_count = 0;
    size_t low = 0, high = entries->landing_pad_count; /* prepared sorted by call_start, see mc_proof_run */
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (entries->landing_pads[middle].call_start <= call)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i > 0 && i + 4 > low && *ret_count < 4; i--) {
        const struct mc_landing_pad *pad = &entries->landing_pads[i - 1];
        if (call >= pad->call_start && call < pad->call_end)
            ret_pads[(*ret_count)++] = pad->pad;
    }
}

void mc_find_leaders(struct body *body, uint64_t entry)
{
    struct mc_prover *prover = body->run->prover;
    uint64_t *work = NULL, size = body->range.end - body->range.start;
    size_t count = 0, capacity = 0;
    memset(body->leader, 0, size / 8 + 1);
    memset(body->seen, 0, size / 8 + 1);
    add_leader(body, entry, &work, &count, &capacity);
    for (size_t i = 0; i < body->found.count; i++)
        add_leader(body, body->found.items[i], &work, &count, &capacity);
    while (count) {
        uint64_t address = work[--count];
        while (mc_in_body(body, address) && !mc_bit_at(body->seen, address - body->range.start)) {
            struct mc_class c;
            uint64_t available;
            const uint8_t *bytes = mc_image_rest(prover->image, address, &available);
            mc_set_bit_at(body->seen, address - body->range.start);
            if (!bytes || !mc_decode_class(prover->image->mode, bytes, available, &c))
                break;
            uint64_t at = address;
            follow_label(prover->image, at, &c);
            address += c.length;
            uint64_t target = address + (uint64_t)(int64_t)c.displacement;
            if (c.flow == MC_FLOW_JCC || c.flow == MC_FLOW_JMP) {
                add_leader(body, target, &work, &count, &capacity);
                if (c.flow == MC_FLOW_JCC)
                    add_leader(body, address, &work, &count, &capacity);
                break;
            }
            if (c.flow == MC_FLOW_CALL || c.flow == MC_FLOW_CALL_IND) {
                uint64_t pads[4];
                size_t pad_count;
                mc_find_landing_pads(body, at, pads, &pad_count);
                for (size_t i = 0; i < pad_count; i++)
                    add_leader(body, pads[i], &work, &count, &capacity);
                if (c.flow == MC_FLOW_CALL && !is_call_to_next(&c) && mc_never_returns(prover, target))
                    break;
            } else if (c.flow == MC_FLOW_RET || c.flow == MC_FLOW_JMP_IND || c.flow == MC_FLOW_STOP) {
                body->open |= c.flow == MC_FLOW_JMP_IND;
                break;
            }
        }
    }
    free(work);
}

struct edge {
    uint32_t from, to; /* blocks */
};
typedef MC_VECTOR(struct edge) edge_vector;

struct successors {
    size_t items[8]; /* blocks */
    size_t count;
};

static void add_successor(const struct body *body, uint64_t address, struct successors *ret)
{
    const struct block *block = mc_in_body(body, address) ? mc_block_at(body, address) : NULL;
    if (block && ret->count < 8)
        ret->items[ret->count++] = (size_t)(block - body->blocks);
}

/* Where control goes from a block, as far as the instructions alone tell. */
static void find_successors(const struct body *body, const struct block *block, struct successors *ret)
{
    struct mc_prover *prover = body->run->prover;
    struct mc_class c;
    ret->count = 0;
    for (uint64_t address = block->start; mc_in_body(body, address);) {
        uint64_t available, pads[4];
        size_t pad_count = 0;
        const uint8_t *bytes = mc_image_rest(prover->image, address, &available);
        if (!bytes || !mc_decode_class(prover->image->mode, bytes, available, &c))
            return;
        follow_label(prover->image, address, &c);
        if (c.flow == MC_FLOW_CALL || c.flow == MC_FLOW_CALL_IND)
            mc_find_landing_pads(body, address, pads, &pad_count);
        for (size_t i = 0; i < pad_count; i++)
            add_successor(body, pads[i], ret);
        address += c.length;
        uint64_t target = address + (uint64_t)(int64_t)c.displacement;
        if (c.flow == MC_FLOW_JCC || c.flow == MC_FLOW_JMP)
            add_successor(body, target, ret);
        if (c.flow == MC_FLOW_JMP || c.flow == MC_FLOW_JMP_IND || c.flow == MC_FLOW_RET || c.flow == MC_FLOW_STOP)
            return;
        if (c.flow == MC_FLOW_CALL && !is_call_to_next(&c) && mc_never_returns(prover, target))
            return;
        if (c.flow == MC_FLOW_JCC || (mc_in_body(body, address) && mc_bit_at(body->leader, address - body->range.start))) {
            add_successor(body, address, ret);
            return;
        }
    }
}

/* Depth first, without recursion; writes post-order from the end of body->order backwards. */
static void order_from(struct body *body, size_t root, uint8_t *seen, size_t *end, edge_vector *edges)
{
    struct level {
        size_t block, next;
        struct successors successors;
    };
    MC_VECTOR(struct level) stack = {0};
    struct level first = {.block = root};
    if (mc_bit_at(seen, root))
        return;
    mc_set_bit_at(seen, root);
    find_successors(body, &body->blocks[root], &first.successors);
    mc_push(&stack, first);
    while (stack.count) {
        struct level *top = &stack.items[stack.count - 1];
        if (top->next == top->successors.count) {
            body->order[--*end] = (uint32_t)top->block;
            stack.count--;
            continue;
        }
        size_t to = top->successors.items[top->next++];
        mc_push(edges, ((struct edge){(uint32_t)top->block, (uint32_t)to}));
        if (body->blocks[to].ways_in < 2)
            body->blocks[to].ways_in++;
        if (mc_bit_at(seen, to))
            continue;
        mc_set_bit_at(seen, to);
        struct level next = {.block = to};
        find_successors(body, &body->blocks[to], &next.successors);
        mc_push(&stack, next);
    }
    mc_vector_free(&stack);
}

static void order_blocks(struct body *body, uint64_t entry)
{
    size_t end = body->block_count;
    uint8_t *seen = mc_realloc(NULL, end / 8 + 1, 1);
    edge_vector edges = {0};
    memset(seen, 0, end / 8 + 1);
    body->order = mc_realloc(NULL, end ? end : 1, sizeof *body->order);
    /* what indirect jumps lead to comes after what is before it in the text; each root's part stands before those of the
     * roots ordered earlier, so the entry goes last */
    for (size_t i = body->block_count; i > 0; i--)
        for (size_t k = 0; k < body->found.count; k++)
            if (body->found.items[k] == body->blocks[i - 1].start) {
                body->blocks[i - 1].ways_in = 2;
                body->blocks[i - 1].loops = true;
                order_from(body, i - 1, seen, &end, &edges);
            }
    struct block *first = mc_block_at(body, entry);
    if (first) {
        first->ways_in = 2;
        order_from(body, (size_t)(first - body->blocks), seen, &end, &edges);
    }
    for (size_t i = body->block_count; i > 0; i--)
        order_from(body, i - 1, seen, &end, &edges);
    for (size_t i = 0; i < body->block_count; i++)
        body->blocks[body->order[i]].order = (uint32_t)i;
    for (size_t i = 0; i < edges.count; i++)
        if (body->blocks[edges.items[i].from].order >= body->blocks[edges.items[i].to].order)
            body->blocks[edges.items[i].to].loops = true;
    mc_vector_free(&edges);
    free(seen);
}

void mc_make_blocks(struct body *body, uint64_t entry)
{
    uint64_t size = body->range.end - body->range.start;
    size_t count = 0;
    for (uint64_t i = 0; i <= size / 8; i++)
        count += (size_t)__builtin_popcount(body->leader[i]);
    size_t all = (count ? count : 1) * body->rounds;
    body->blocks = mc_realloc(NULL, all, sizeof *body->blocks);
    memset(body->blocks, 0, all * sizeof *body->blocks);
    body->block_count = 0;
    for (uint64_t i = 0; i < size; i++)
        if (mc_bit_at(body->leader, i))
            body->blocks[body->block_count++].start = body->range.start + i;
    body->next = 0;
    order_blocks(body, entry);
    for (size_t i = body->block_count; i < body->block_count * body->rounds; i++)
        body->blocks[i] = body->blocks[i - body->block_count];
}

struct block *mc_block_at(const struct body *body, uint64_t address)
{
    size_t low = 0, high = body->block_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (body->blocks[middle].start < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < body->block_count && body->blocks[low].start == address ? &body->blocks[low] : NULL;
}

void mc_free_blocks(struct body *body)
{
    for (size_t i = 0; i < body->block_count * body->rounds; i++)
        mc_state_clear(&body->blocks[i].in);
    free(body->blocks);
    free(body->order);
    body->order = NULL;
    body->blocks = NULL;
    body->block_count = 0;
}

void mc_reached_free(struct mc_reached *reached)
{
    for (size_t i = 0; i < reached->items.count; i++)
        free(reached->items.items[i].bits);
    mc_vector_free(&reached->items);
    reached->last = reached->bytes = 0;
}

static struct mc_reached_entry follow_entry(struct mc_prover *prover, struct mc_text_range range, uint64_t entry)
{
    struct mc_run run = {.prover = prover};
    struct body body = {.run = &run, .range = range};
    uint64_t size = range.end - range.start;
    body.leader = mc_realloc(NULL, size / 8 + 1, 1);
    body.seen = mc_realloc(NULL, size / 8 + 1, 1);
    mc_find_leaders(&body, entry);
    free(body.leader);
    return (struct mc_reached_entry){entry, body.seen, body.open};
}

/* Entries are mostly asked about in turn, for one use after the other. */
static const struct mc_reached_entry *reached_from(struct mc_prover *prover, struct mc_text_range range, uint64_t entry)
{
    struct mc_reached *reached = &prover->reached;
    size_t size = (range.end - range.start) / 8 + 1;
    if (reached->start != range.start || reached->bytes + size > REACHED_BYTES)
        mc_reached_free(reached);
    reached->start = range.start;
    for (size_t i = 0; i < reached->items.count; i++) {
        size_t at = (reached->last + i) % reached->items.count;
        if (reached->items.items[at].entry == entry) {
            reached->last = at + 1;
            return &reached->items.items[at];
        }
    }
    mc_push(&reached->items, follow_entry(prover, range, entry));
    reached->bytes += size;
    reached->last = reached->items.count;
    return &reached->items.items[reached->items.count - 1];
}

bool mc_flow_reaches(struct mc_prover *prover, uint64_t entry, uint64_t address)
{
    struct mc_text_range range = mc_function_extent(prover, entry);
    const struct mc_reached_entry *from = reached_from(prover, range, entry);
    if (address < range.start || address >= range.end)
        return false;
    return from->open || mc_bit_at(from->bits, address - range.start);
}
