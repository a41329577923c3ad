/* SPDX-License-Identifier: Apache-2.0 */
/* Leaders: where straight runs of a body begin. */
#include "scanner/proof/body.h"

#include <string.h>

static bool is_call_to_next(const struct mc_class *c)
{
    return c->flow == MC_FLOW_CALL && c->displacement == 0;
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
            uint64_t available = mc_image_available(prover->image, address);
            const uint8_t *bytes = available ? mc_image_bytes(prover->image, address, 1) : NULL;
            mc_set_bit_at(body->seen, address - body->range.start);
            if (!bytes || !mc_decode_class(prover->image->mode, bytes, available > 16 ? 16 : available, &c))
                break;
            uint64_t at = address;
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
                break;
            }
        }
    }
    free(work);
}

void mc_make_blocks(struct body *body)
{
    uint64_t size = body->range.end - body->range.start;
    size_t count = 0;
    for (uint64_t i = 0; i <= size / 8; i++)
        count += (size_t)__builtin_popcount(body->leader[i]);
    body->blocks = mc_realloc(NULL, count ? count : 1, sizeof *body->blocks);
    memset(body->blocks, 0, (count ? count : 1) * sizeof *body->blocks);
    body->block_count = 0;
    for (uint64_t i = 0; i < size; i++)
        if (mc_bit_at(body->leader, i))
            body->blocks[body->block_count++].start = body->range.start + i;
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
    for (size_t i = 0; i < body->block_count; i++)
        mc_state_clear(&body->blocks[i].in);
    free(body->blocks);
    body->blocks = NULL;
    body->block_count = 0;
}
