/* SPDX-License-Identifier: Apache-2.0 */
/* Loops over the few rows of a table, round after round: `for (i...) if ((rows[i].needs & found) == rows[i].needs) return &rows[i];`,
 * or, where CPUID was asked, `for (i...) if (answer[bits[i] / 32] >> bits[i] % 32 & 1) found |= 1 << i;`.
 * What one round finds out of its row is lost where the rounds meet. So the blocks are there once for each round; a jump back leads
 * to those of the next round. Whatever follows the loop is looked at once for each round that leads there. */
#include "scanner/proof/body.h"

#define ROUNDS 17        /* one more than rows */
#define ROUNDS_OF_BITS 65 /* of numbers, by which CPUID's answers are looked at: own bits, one after another */
#define LARGEST_TABLE 1024

struct block *mc_enter_block(const struct body *body, struct block *block, size_t *ret_place)
{
    unsigned round = body->round;
    if (block->loops && block->order <= body->at && round + 1 < body->rounds)
        round++;
    *ret_place = round * body->block_count + block->order;
    return block + round * body->block_count;
}

struct block *mc_next_block(struct body *body, size_t place)
{
    if (place >= body->block_count * body->rounds)
        return NULL;
    body->round = (unsigned)(place / body->block_count);
    body->at = (uint32_t)(place % body->block_count);
    return &body->blocks[body->round * body->block_count + body->order[body->at]];
}

static bool has_loop(const struct body *body)
{
    for (size_t i = 0; i < body->block_count; i++)
        if (body->blocks[i].loops)
            return true;
    return false;
}

/* The last round goes on in a circle: there are more rows, or the loop does not count them. */
static bool is_endless(const struct body *body)
{
    for (size_t i = 0; i < body->block_count; i++)
        if (body->blocks[i + (body->rounds - 1) * body->block_count].in.reached)
            return true;
    return false;
}

bool mc_try_rounds(struct body *body)
{
    if (body->rounds > 1) {
        if (!is_endless(body))
            return false;
        mc_free_blocks(body);
        body->rounds = 1;
        body->run->small_loop = false; /* not again */
        return true;
    }
    if (!body->run->rows_in_loop || !body->run->small_loop || !has_loop(body))
        return false;
    mc_free_blocks(body);
    body->rounds = body->run->rows_in_loop;
    return true;
}

/* Of constant data: rows that hold addresses, or, once CPUID was asked, any. */
void mc_note_rows_in_loop(struct mc_machine *m, uint64_t place)
{
    const struct mc_image *image = m->prover->image;
    struct mc_run *run = m->run;
    unsigned wanted = run->asks_cpuid ? ROUNDS_OF_BITS : ROUNDS;
    if (run->rows_in_loop >= wanted)
        return;
    const struct mc_segment *segment = mc_image_segment(image, place);
    if (!segment || (segment->writable && place >= segment->relro_end))
        return;
    if (run->asks_cpuid) {
        run->rows_in_loop = wanted;
        return;
    }
    struct mc_text_range object = mc_object_extent(m->prover, place);
    unsigned size = m->prover->pointer_size;
    for (uint64_t at = (object.start + size - 1) / size * size; at + size <= object.end && at < object.start + LARGEST_TABLE; at += size) {
        uint64_t word;
        if (mc_image_reloc_at(image, at) ||
            (!m->prover->position_independent && mc_image_read(image, at, size, &word) && mc_image_is_code(image, word)))
            run->rows_in_loop = wanted;
    }
}
