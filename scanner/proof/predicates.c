/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that say who may use them: a constant table { name, functions, may_use } in which a column holds predicates, functions that
 * tell something of the CPU and take no argument, or NULL. Whoever takes a row is taken to have asked its predicate first
 * (design.md 5.4, d). OpenSSL's providers have such tables of algorithms. */
#include "scanner/proof/relevance.h"

#define LARGEST_ROW 256  /* bytes */
#define LARGEST_TABLE 65536
/* RDI, RSI, RDX, RCX, R8, R9 (System V ABI for x86-64, 3.2.3). What is read from the stack alone, as i386 passes it, is not told. */
#define ARGUMENT_REGISTERS (1u << MC_RDI | 1u << MC_RSI | 1u << MC_RDX | 1u << MC_RCX | 1u << 8 | 1u << 9)
#define LEAST_PREDICATES 2 /* of one alone nothing tells where its row begins */

/* The address that the pointer at `place` holds; 0 when it is NULL, UINT64_MAX when it cannot be told. */
static uint64_t pointer_at(const struct mc_prover *prover, uint64_t place)
{
    const struct mc_reloc *reloc = mc_image_reloc_at(prover->image, place);
    uint64_t word = 0;
    if (reloc)
        return reloc->target ? reloc->target : UINT64_MAX;
    if (prover->position_independent)
        return mc_image_read(prover->image, place, prover->pointer_size, &word) && word ? UINT64_MAX : 0;
    if (!mc_image_read(prover->image, place, prover->pointer_size, &word))
        return UINT64_MAX;
    return word;
}

static bool is_predicate(struct mc_prover *prover, uint64_t address)
{
    if (!address || address == UINT64_MAX || !mc_image_is_code(prover->image, address))
        return false;
    uint64_t final = mc_final_target(prover, address);
    return mc_property_at(&prover->relevance->entries, final) & RETURNS && !mc_import_name(prover, final) &&
           (prover->pointer_size < 8 || !(mc_argument_registers(prover, final) & ARGUMENT_REGISTERS));
}

/* The column at `place`, in steps of `stride`, from the first to the last predicate: nothing but predicates, other functions, NULL. */
static bool is_column(const struct mc_prover *prover, uint64_t first, uint64_t last, unsigned stride)
{
    for (uint64_t place = first; place <= last; place += stride) {
        uint64_t address = pointer_at(prover, place);
        if (address && (address == UINT64_MAX || !mc_image_is_code(prover->image, address)))
            return false;
    }
    return true;
}

/* Places of predicates in a table. */
struct predicates {
    uint64_t first, last;
    uint64_t steps;  /* the greatest common divisor of their distances */
    size_t count;
    unsigned stride; /* bytes of a row; 0: it is no such table */
};

struct mc_row_tables { /* those that were looked at, by start */
    struct mc_properties known; /* 1 + index */
    MC_VECTOR(struct predicates) items;
};

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static struct predicates find_predicates(struct mc_prover *prover, struct mc_text_range table)
{
    struct predicates found = {0};
    for (uint64_t place = table.start; place + prover->pointer_size <= table.end; place += prover->pointer_size) {
        if (prover->position_independent && !mc_image_reloc_at(prover->image, place))
            continue;
        if (!is_predicate(prover, pointer_at(prover, place)))
            continue;
        if (found.count)
            found.steps = common_divisor(found.steps, place - found.last);
        else
            found.first = place;
        found.last = place;
        found.count++;
    }
    return found;
}

/* Bytes of a row: what divides the distances, and makes a column; 0 when no length does. */
static unsigned find_stride(const struct mc_prover *prover, const struct predicates *found)
{
    for (unsigned stride = 2 * prover->pointer_size; stride <= LARGEST_ROW; stride += prover->pointer_size)
        if (found->steps % stride == 0 && is_column(prover, found->first, found->last, stride))
            return stride;
    return 0;
}

static struct predicates predicates_of(struct mc_prover *prover, struct mc_text_range table)
{
    if (!prover->row_tables)
        prover->row_tables = MC_NEW(&prover->arena, struct mc_row_tables);
    struct mc_row_tables *tables = prover->row_tables;
    int *known = mc_property_of(&tables->known, &prover->arena, table.start, NULL);
    if (*known)
        return tables->items.items[*known - 1];
    struct predicates found = find_predicates(prover, table);
    found.stride = found.count >= LEAST_PREDICATES ? find_stride(prover, &found) : 0;
    mc_push(&tables->items, found);
    *known = (int)tables->items.count;
    return found;
}

void mc_row_tables_free(struct mc_prover *prover)
{
    if (!prover->row_tables)
        return;
    mc_properties_free(&prover->row_tables->known);
    mc_vector_free(&prover->row_tables->items);
    prover->row_tables = NULL;
}

mc_facts mc_facts_of_row(struct mc_prover *prover, uint64_t place)
{
    const struct mc_segment *segment = mc_image_segment(prover->image, place);
    struct mc_text_range table = mc_object_extent(prover, place);
    if (!segment || mc_image_is_code(prover->image, place) || table.end - table.start > LARGEST_TABLE ||
        (table.start % prover->pointer_size))
        return MC_FACTS_NONE;
    struct predicates found = predicates_of(prover, table);
    if (!found.stride)
        return MC_FACTS_NONE;
    uint64_t row = table.start + (place - table.start) / found.stride * found.stride;
    uint64_t predicate = row + (found.first - table.start) % found.stride, address;
    if (predicate == place || predicate + prover->pointer_size > table.end)
        return MC_FACTS_NONE;
    address = pointer_at(prover, predicate);
    if (!is_predicate(prover, address))
        return MC_FACTS_NONE;
    struct mc_symbol_key key = {.kind = MC_SYM_RETURN, .width = 32, .a = mc_final_target(prover, address)};
    struct mc_atom asked = mc_atom_test(mc_symbol_id(prover->values, key), MC_NE, 0);
    return mc_facts_inferred(prover->facts, mc_facts_one(prover->facts, asked, 0));
}
