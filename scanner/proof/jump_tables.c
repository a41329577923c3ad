/* SPDX-License-Identifier: Apache-2.0 */
/* Where an indirect jump within a body leads: rows of the table that was loaded from before, or what the sweep read there. */
#include "scanner/proof/body.h"

#define MAX_TABLE_ROWS 4096
#define LEADING_ROWS 8
#define FOREIGN_ROWS 2 /* before a table's first one, that need not lead anywhere */
#define MOST_TAKEN 64

struct taken {
    uint64_t items[MOST_TAKEN];
    size_t count;
};

/* False when it was taken before. */
static bool take(struct taken *taken, uint64_t target)
{
    for (size_t i = 0; i < taken->count; i++)
        if (taken->items[i] == target)
            return false;
    if (taken->count < MOST_TAKEN)
        taken->items[taken->count++] = target;
    return true;
}

/* The sweep saw that the jump leads there, into what only a later look parted from the jump's own function; or another jump of the
 * body does (a .cold part). */
static bool is_row(const struct body *body, uint64_t target)
{
    const struct mc_references *references = body->run->prover->references;
    size_t count, first = mc_references_to(references, target, target + 1, &count);
    for (size_t i = first; i < first + count; i++)
        if (references->items[i].kind == MC_REF_JUMP && mc_in_body(body, references->items[i].from))
            return true;
    return false;
}

/* Where rows count from: the base register, or the table, whose displacement the LEA that adds them repeats. */
static uint64_t rows_base(const struct body *body, const struct mc_table_load *table)
{
    uint64_t content;
    const struct mc_image *image = body->run->prover->image;
    if (table->base == table->table || table->size != 4 || !mc_image_read(image, table->table, 4, &content))
        return table->base;
    uint64_t offset = (uint64_t)(int64_t)(int32_t)content;
    return !mc_image_is_code(image, table->base + offset) && mc_in_body(body, table->table + offset) ? table->table : table->base;
}

/* Rows of the table that the run loaded from just before: targets while they stay in the body. */
static void follow_loaded(struct body *body, struct mc_machine *m, struct taken *ret)
{
    struct mc_table_load table = m->run->table;
    struct mc_prover *prover = m->prover;
    if (!table.site || table.site > m->address || m->address - table.site > MC_ROW_REACH || (table.size != 4 && table.size != 8))
        return;
    struct mc_text_range object = mc_object_extent(prover, table.table);
    size_t rows = 0;
    bool inside = false;
    table.base = rows_base(body, &table);
    for (uint64_t place = table.table; rows < MAX_TABLE_ROWS && place + table.size <= object.end; place += table.scale, rows++) {
        uint64_t content;
        const uint8_t *bytes = mc_image_bytes(prover->image, place, table.size);
        if (!bytes)
            break;
        bool absolute = mc_image_reloc_at(prover->image, place) || table.size == 8;
        if (!mc_image_read(prover->image, place, table.size, &content))
            break;
        uint64_t target = absolute ? content : table.base + (uint64_t)(int64_t)(int32_t)content;
        if (prover->image->mode == MC_MODE_32) {
            target &= UINT32_MAX;
            if (!absolute && !mc_in_body(body, target)) /* i386 has both kinds: offsets from the GOT, and addresses */
                target = content;
        }
        if (!mc_in_body(body, target)) {
            bool leading = !inside && rows < LEADING_ROWS && !absolute; /* of another table: the index is never so low */
            bool known = mc_entry_at(prover->entries, target) || is_row(body, target);
            if (leading && rows < FOREIGN_ROWS && !mc_image_is_code(prover->image, target))
                continue;
            if (!mc_image_is_code(prover->image, target) || (!known && !leading))
                break;
            if (!known)
                continue;
        }
        inside |= mc_in_body(body, target);
        take(ret, target);
        /* reached only when the index picks this row */
        uint64_t scaled = rows * table.scale;
        mc_facts chosen = MC_FACTS_NONE;
        if (table.factor && scaled % table.factor == 0)
            chosen = mc_value_test(m->values, table.index, MC_EQ, scaled / table.factor, 32);
        mc_propagate(body, m, target, mc_facts_at_site(prover->facts, chosen, m->address));
    }
}

/* Rows that the sweep read, where nothing bounds functions: the load may be in other blocks, and the table end behind the start of the
 * next one. */
static void follow_rows(struct body *body, struct mc_machine *m, struct taken *taken)
{
    const struct mc_uses *uses = m->prover->uses;
    size_t low = 0, high = uses->row_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (uses->rows[middle].from < m->address)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < uses->row_count && uses->rows[low].from == m->address; low++) {
        if (take(taken, uses->rows[low].to))
            mc_propagate(body, m, uses->rows[low].to, MC_FACTS_NONE);
    }
}

bool mc_follow_table(struct body *body, struct mc_machine *m)
{
    struct taken taken = {.count = 0};
    follow_loaded(body, m, &taken);
    follow_rows(body, m, &taken);
    return taken.count;
}
