/* SPDX-License-Identifier: Apache-2.0 */
/* Operands of an instruction as abstract values: registers at any width, effective addresses, memory. */
#include "scanner/proof/body.h"
#include "scanner/proof/kernel.h"

#include <string.h>

static bool is_high_byte(const struct mc_machine *m, unsigned number, unsigned size)
{
    return size == 1 && !m->insn->rex && m->insn->encoding == MC_LEGACY && number >= 4 && number < 8;
}

mc_value mc_get_register(const struct mc_machine *m, unsigned number, unsigned size)
{
    if (is_high_byte(m, number, size))
        return mc_value_extract(m->values, m->state->registers[number - 4], 8, 8);
    return mc_value_zero_extend(m->values, m->state->registers[number % MC_REGISTERS], size * 8);
}

void mc_set_register(struct mc_machine *m, unsigned number, unsigned size, mc_value value)
{
    mc_value *place = &m->state->registers[number % MC_REGISTERS];
    mc_known_forget(&m->state->known, is_high_byte(m, number, size) ? number - 4 : number % MC_REGISTERS);
    if (is_high_byte(m, number, size) || m->state->flags.place == number % MC_REGISTERS + 1)
        m->state->flags.place = 0;
    if (m->run->row.place == number % MC_REGISTERS + 1)
        m->run->row.place = 0;
    m->state->compared &= ~(1u << number % MC_REGISTERS);
    if (is_high_byte(m, number, size)) {
        place = &m->state->registers[number - 4];
        *place = mc_value_insert(m->values, *place, value, 8, 8);
    } else if (size >= 8) {
        *place = value;
    } else if (size == 4) {
        *place = mc_value_zero_extend(m->values, value, 32); /* in 64-bit mode the upper half becomes 0 */
    } else { /* an address is overwritten there, not lost: setcc dl where rdx held one that was compared */
        size_t mark = mc_values_lost_mark(m->values);
        *place = mc_value_insert(m->values, *place, value, 0, size * 8);
        mc_values_lost_reset(m->values, mark);
    }
}

bool mc_module_address(const struct mc_prover *prover, uint32_t base, int64_t offset, uint64_t *ret_address)
{
    uint64_t address = (uint64_t)offset;
    if (prover->image->mode == MC_MODE_32)
        address &= UINT32_MAX;
    *ret_address = address;
    if (base == MC_BASE_MODULE)
        return true;
    if (base != 0 || prover->position_independent)
        return false;
    return mc_image_segment(prover->image, address) || mc_image_is_import(prover->image, address);
}

static mc_value module_value(const struct mc_machine *m, uint64_t address)
{
    return mc_value_symbol(m->values, MC_BASE_MODULE, (int64_t)address);
}

static mc_value constant(const struct mc_machine *m, uint64_t number)
{
    return mc_value_constant(m->values, number);
}

/* The address that an absolute displacement means. */
static uint64_t table_of(const struct mc_machine *m)
{
    return (uint64_t)m->insn->displacement & (m->address_bits == 32 ? UINT32_MAX : UINT64_MAX);
}

static bool is_one_of_numbers(const struct mc_machine *m, mc_value value)
{
    struct mc_value_data data;
    mc_value_get(m->values, value, &data);
    bool numbers = data.kind == MC_VALUE_CASES && data.width == 64;
    for (uint32_t i = 0; numbers && i < data.count; i++)
        numbers = !data.cases[i].base;
    return numbers;
}

static bool holds_address(const struct mc_machine *m, mc_value value)
{
    uint32_t base;
    int64_t offset;
    uint64_t place;
    return mc_value_single(m->values, value, &base, &offset) && mc_module_address(m->prover, base, offset, &place);
}

/* The displacement is a table's address, and the base register counts in it; or there is none. */
static bool counts_rows(const struct mc_machine *m)
{
    const struct mc_insn *insn = m->insn;
    return !m->prover->position_independent && insn->displacement_size == 4 && mc_image_segment(m->prover->image, table_of(m)) &&
           (insn->base == MC_REG_NONE || (insn->base >= 0 && insn->index == MC_REG_NONE && !holds_address(m, m->state->registers[insn->base])));
}

static mc_value sum_address(const struct mc_machine *m)
{
    const struct mc_insn *insn = m->insn;
    struct mc_values *v = m->values;
    uint64_t displacement = (uint64_t)insn->displacement;
    if (insn->base == MC_REG_RIP)
        return module_value(m, m->address + insn->length + displacement);
    if (insn->base == MC_REG_NONE && insn->index == MC_REG_NONE) {
        uint64_t address = m->address_bits == 32 ? (uint32_t)displacement : displacement;
        if (!m->prover->position_independent && mc_image_segment(m->prover->image, address))
            return module_value(m, address);
        return constant(m, address);
    }
    mc_value sum = MC_TOP;
    uint32_t base;
    int64_t offset;
    bool have = false;
    unsigned width = m->address_bits;
    if (insn->base != MC_REG_NONE) {
        sum = m->state->registers[insn->base];
        have = true;
        if (counts_rows(m) && mc_value_single(v, sum, &base, &offset) && base > MC_BASE_MODULE)
            return MC_TOP; /* an unknown row of a table */
    }
    if (insn->vector_index)
        return MC_TOP; /* gathers and scatters: several addresses at once */
    if (insn->index != MC_REG_NONE) {
        mc_value index = m->state->registers[(unsigned)insn->index];
        bool doubled = insn->index == insn->base && insn->scale == 1; /* lea (%rbx,%rbx,1): a shift, which keeps bits */
        bool multiple = insn->index == insn->base && is_one_of_numbers(m, index); /* lea (%rax,%rax,2) */
        if (multiple)
            sum = mc_value_operate(v, MC_OP_MUL, index, constant(m, insn->scale + 1u), 64);
        else if (doubled)
            sum = mc_value_operate(v, MC_OP_SHL, index, constant(m, 1), 64);
        else if (insn->scale > 1)
            index = mc_value_operate(v, MC_OP_SHL, index, constant(m, (uint64_t)__builtin_ctz(insn->scale)), width);
        if (!doubled && !multiple)
            sum = have ? mc_value_operate(v, MC_OP_ADD, sum, index, 64) : index;
    }
    return displacement ? mc_value_operate(v, MC_OP_ADD, sum, constant(m, displacement), 64) : sum;
}

mc_value mc_effective_address(const struct mc_machine *m)
{
    size_t mark = mc_values_lost_mark(m->values);
    mc_value address = sum_address(m);
    bool is_lea = m->insn->map == MC_MAP_PRIMARY && m->insn->opcode == 0x8D && m->insn->encoding == MC_LEGACY;
    if (!is_lea) /* memory through an unknown index: escape_table accounts for the base */
        mc_values_lost_reset(m->values, mark);
    return address;
}

/* A variable that starts with an address: who reads it may send control there. */
static void escape_initial(struct mc_machine *m, uint64_t place)
{
    const struct mc_image *image = m->prover->image;
    uint64_t content;
    if (!m->run->recording || !mc_image_read(image, place, m->prover->pointer_size, &content) || !content)
        return;
    if (!mc_image_reloc_at(image, place) && (m->prover->position_independent || !mc_entry_at(m->prover->entries, content)))
        return;
    if (mc_image_segment(image, content))
        mc_record(m->run, (struct mc_event){.kind = MC_EVENT_REFERENCE, .escape = MC_ESCAPE_USED, .site = m->address,
                                            .target = content, .facts = m->state->facts});
}

/* Memory that nobody writes once the program's own code runs. A static program and the loader write their RELRO part
 * themselves before they protect it (glibc keeps what CPUID said there); an IFUNC resolver could, too. But a relocated pointer that
 * is only loaded is a slot of the GOT. */
static bool is_fixed(const struct mc_prover *prover, const struct mc_segment *segment, uint64_t address, unsigned size)
{
    const struct mc_image *image = prover->image;
    if (!segment->writable)
        return true;
    bool own = !image->interpreter && !image->needed_count;
    if (address >= segment->relro_end || size > segment->relro_end - address || (own && !mc_image_reloc_at(image, address)))
        return false;
    size_t count, first = mc_references_to(prover->references, address, address + size, &count);
    for (size_t i = first; i < first + count; i++)
        if (prover->references->items[i].kind == MC_REF_STORE || (own && prover->references->items[i].kind != MC_REF_LOAD))
            return false;
    return true;
}

/* What a known place of the file holds, as loaded: constants where nothing can write it, else a symbol for the cell. */
static mc_value load_module(struct mc_machine *m, uint64_t address, unsigned size)
{
    const struct mc_image *image = m->prover->image;
    const struct mc_segment *segment = mc_image_segment(image, address);
    uint64_t content;
    if (segment) {
        const struct mc_reloc *reloc = mc_image_reloc_at(image, address);
        bool slot = reloc && reloc->kind == MC_RELOC_SLOT;
        bool fixed = slot || is_fixed(m->prover, segment, address, size);
        if (fixed && (!reloc || reloc->kind == MC_RELOC_SLOT || reloc->kind == MC_RELOC_ADDRESS) &&
            mc_image_read(image, address, size, &content)) {
            if (reloc && reloc->width == size) {
                mc_value pointer = module_value(m, content);
                mc_note_address(m, pointer);
                return pointer;
            }
            return constant(m, content);
        }
    }
    mc_value told;
    if (!segment && mc_kernel_load(m, address, size, &told))
        return told;
    if (segment && size == m->prover->pointer_size)
        escape_initial(m, address);
    struct mc_symbol_key cell = {.kind = MC_SYM_CELL, .width = size * 8, .a = address};
    return mc_value_symbol(m->values, mc_symbol_id(m->values, cell), 0);
}

static mc_value load_symbol(const struct mc_machine *m, uint32_t base, int64_t offset, unsigned size)
{
    struct mc_symbol_key key = mc_symbol_get(m->values, base);
    struct mc_symbol_key content = {.width = size * 8};
    if (key.kind == MC_SYM_STACK) { /* above the entry stack pointer: arguments on the stack */
        if (offset < 0 || offset > 4096)
            return MC_TOP;
        content.kind = MC_SYM_ARGUMENT;
        content.a = key.a;
        content.b = 16 + offset;
    } else if (key.kind == MC_SYM_ALIGNED || key.kind == MC_SYM_VECTOR || key.kind == MC_SYM_NONE) {
        return MC_TOP;
    } else if (key.kind == MC_SYM_TLS && !key.a && !offset && size == m->prover->pointer_size) {
        return mc_value_symbol(m->values, base, 0); /* the first word of the thread's block points to the block (psABI, TLS) */
    } else if (key.kind == MC_SYM_TLS) {
        content.kind = MC_SYM_TLS;
        content.a = key.a + (uint64_t)offset;
    } else {
        content.kind = MC_SYM_LOAD;
        content.a = base;
        content.b = offset;
    }
    return mc_value_symbol(m->values, mc_symbol_id(m->values, content), 0);
}

static mc_value load_place(struct mc_machine *m, uint32_t base, int64_t offset, unsigned size)
{
    uint64_t address;
    bool found;
    if (mc_module_address(m->prover, base, offset, &address)) {
        mc_value value = mc_state_load(m->values, m->state, MC_BASE_MODULE, (int64_t)address, size, &found);
        return found ? value : load_module(m, address, size);
    }
    if (!base)
        return MC_TOP;
    mc_value value = mc_state_load(m->values, m->state, base, offset, size, &found);
    if (found || mc_provider_load(m, base, offset, size, &value))
        return value;
    return load_symbol(m, base, offset, size);
}

mc_value mc_load_piece(struct mc_machine *m, uint64_t address, unsigned size)
{
    return load_place(m, MC_BASE_MODULE, (int64_t)address, size);
}

static uint32_t tls_base(const struct mc_machine *m)
{
    return mc_symbol_id(m->values, (struct mc_symbol_key){.kind = MC_SYM_TLS, .width = 64});
}

static int64_t tls_offset(const struct mc_machine *m, uint64_t offset) /* below the thread pointer: negative */
{
    return m->prover->pointer_size == 4 ? (int32_t)(uint32_t)offset : (int64_t)offset;
}

static bool uses_thread_pointer(const struct mc_machine *m)
{
    return m->insn->segment == (m->prover->image->mode == MC_MODE_64 ? 0x64 : 0x65);
}

/* A table indexed by something unknown: all that is in it leaves with what holds here. */
static void escape_table(struct mc_machine *m, unsigned size)
{
    const struct mc_insn *insn = m->insn;
    uint32_t base;
    int64_t offset;
    uint64_t place;
    for (int side = 0; side < 2; side++) {
        int number = side ? (insn->vector_index ? MC_REG_NONE : insn->index) : insn->base;
        mc_value part = MC_TOP;
        if (number >= 0)
            part = m->state->registers[number];
        /* the displacement is the table, and the base counts: without one, or where it is no address itself */
        bool counts = side == 0 && counts_rows(m);
        if (counts)
            part = module_value(m, table_of(m));
        if (part != MC_TOP && mc_value_single(m->values, part, &base, &offset) &&
            mc_module_address(m->prover, base, offset, &place)) {
            mc_escape(m, part, MC_ESCAPE_USED);
            if (!counts && insn->displacement) /* far from the GOT, or a column */
                mc_escape(m, module_value(m, place + (uint64_t)insn->displacement), MC_ESCAPE_USED);
            unsigned step = insn->scale > size ? insn->scale : size;
            if (size < 4)
                continue; /* no table of code: one whose row was just loaded is kept */
            m->run->table = (struct mc_table_load){.site = m->address, .base = place, .size = size, .scale = step,
                                                   .table = counts ? place : place + (uint64_t)insn->displacement};
            bool by_base = side || (counts && number >= 0);
            int other = by_base ? insn->base : insn->vector_index ? MC_REG_NONE : insn->index;
            m->run->table.factor = by_base ? 1 : insn->scale;
            m->run->table.index = other >= 0 ? m->state->registers[other] : MC_TOP;
        }
    }
}

/* Besides what is known it may be anything, under the facts. */
static mc_value or_anything(struct mc_machine *m, mc_value known, mc_facts facts)
{
    struct mc_value_data data;
    mc_value_get(m->values, known, &data);
    if (facts == MC_FACTS_ALL)
        return known;
    if (data.kind != MC_VALUE_CASES)
        return mc_value_join(m->values, known, MC_FACTS_NONE, MC_TOP, facts);
    return mc_value_cases(m->values, data.cases, data.count, mc_facts_and(m->prover->facts, data.other, facts), data.width);
}

/* A load through several known addresses: the contents with the facts of the address that leads there. */
static mc_value load_cases(struct mc_machine *m, const struct mc_value_data *address, unsigned size)
{
    mc_value result = MC_TOP;
    mc_facts anything = address->other;
    bool first = true;
    for (uint32_t i = 0; i < address->count; i++) {
        const struct mc_case *one = &address->cases[i];
        mc_value value = load_place(m, one->base, one->offset, size);
        if (value == MC_TOP) {
            anything = mc_facts_and(m->prover->facts, anything, one->facts);
            continue;
        }
        if (first)
            result = mc_value_with_facts(m->values, value, one->facts);
        else
            result = mc_value_join(m->values, result, MC_FACTS_NONE, value, one->facts);
        first = false;
    }
    return first ? MC_TOP : or_anything(m, result, anything);
}

/* base + unknown index, or a table row chosen by a symbol: rows as cases when there are few. */
static bool indexed_by_symbol(const struct mc_machine *m, uint64_t *ret_table, uint32_t *ret_symbol, int64_t *ret_add)
{
    const struct mc_insn *insn = m->insn;
    uint32_t base;
    int64_t offset;
    if (insn->index == MC_REG_NONE || insn->vector_index || insn->segment)
        return false;
    uint64_t table = (uint64_t)insn->displacement;
    if (insn->base >= 0) {
        if (!mc_value_single(m->values, m->state->registers[insn->base], &base, &offset) ||
            !mc_module_address(m->prover, base, offset, ret_table))
            return false;
        table += *ret_table;
    } else if (!mc_module_address(m->prover, 0, (int64_t)table, ret_table)) {
        return false;
    }
    if (!mc_value_single(m->values, m->state->registers[(unsigned)insn->index], ret_symbol, ret_add) || *ret_symbol <= 1)
        return false;
    *ret_table = table;
    return true;
}

static bool load_rows(struct mc_machine *m, unsigned size, mc_value *ret)
{
    uint64_t table;
    uint32_t symbol;
    int64_t add;
    if (!indexed_by_symbol(m, &table, &symbol, &add))
        return false;
    struct mc_text_range object = mc_object_extent(m->prover, table);
    uint64_t rows = (object.end - table) / m->insn->scale;
    if (table < object.start || table >= object.end || rows < 2 || rows > 16)
        return false;
    mc_value index = mc_value_symbol(m->values, symbol, add);
    mc_value result = MC_TOP;
    for (uint64_t row = 0; row < rows; row++) {
        mc_value value = load_place(m, MC_BASE_MODULE, (int64_t)(table + row * m->insn->scale), size);
        mc_facts chosen = mc_value_test(m->values, index, MC_EQ, row, 32);
        result = row ? mc_value_join(m->values, result, MC_FACTS_NONE, value, chosen)
                     : mc_value_with_facts(m->values, value, chosen);
    }
    *ret = result;
    return true;
}

/* A load through a register that was made a pointer to a row before. */
static bool load_row(struct mc_machine *m, unsigned size)
{
    const struct mc_row_pointer *row = &m->run->row;
    const struct mc_insn *insn = m->insn;
    if (!row->place || !insn->has_modrm || insn->mod == 3 || insn->base != (int)row->place - 1 || insn->index != MC_REG_NONE)
        return false;
    uint64_t table = row->table + (uint64_t)insn->displacement;
    mc_escape(m, module_value(m, row->table), MC_ESCAPE_USED);
    m->run->table = (struct mc_table_load){.site = m->address, .base = row->table, .table = table, .size = size,
                                           .scale = size, .factor = 1, .index = row->index};
    return true;
}

/* Of the registers that make the address, one is the table. */
static void note_rows(struct mc_machine *m, const struct mc_case *first)
{
    uint64_t place;
    if (m->run->small_loop && mc_module_address(m->prover, first->base, first->offset, &place))
        mc_note_rows_in_loop(m, place);
    int parts[2] = {m->insn->base, m->insn->index};
    for (int i = 0; i < 2; i++) {
        uint32_t base;
        int64_t offset;
        uint64_t table;
        if (parts[i] >= 0 && parts[i] < 16 && mc_value_single(m->values, m->state->registers[parts[i]], &base, &offset) && base &&
            mc_module_address(m->prover, base, offset, &table))
            m->run->rows = (struct mc_rows_load){m->address, table};
    }
}

mc_value mc_load(struct mc_machine *m, mc_value address, unsigned size)
{
    struct mc_value_data data;
    mc_value_get(m->values, address, &data);
    if (m->insn->segment == 0x64 || m->insn->segment == 0x65) {
        uint64_t offset;
        if (!uses_thread_pointer(m) || !mc_value_is_constant(m->values, address, &offset))
            return MC_TOP;
        return load_place(m, tls_base(m), tls_offset(m, offset), size);
    }
    if (data.kind == MC_VALUE_CASES && data.count > 1)
        note_rows(m, &data.cases[0]);
    if (data.kind == MC_VALUE_CASES && data.count)
        return load_cases(m, &data, size);
    mc_value rows;
    bool pointers = size == m->prover->pointer_size; /* relative tables are followed where the jump is */
    if (pointers && load_rows(m, size, &rows)) {
        bool recording = m->run->recording;
        m->run->recording = false; /* the rows speak for themselves; only remember the table */
        escape_table(m, size);
        m->run->recording = recording;
        return rows;
    }
    if (!load_row(m, size))
        escape_table(m, size);
    return mc_value_top(m->values, mc_value_provenance(m->values, address));
}

static void store_place(struct mc_machine *m, uint32_t base, int64_t offset, unsigned size, mc_value value, mc_facts more)
{
    uint64_t address;
    struct mc_event event = {.kind = MC_EVENT_STORE, .size = (uint8_t)size, .base = base, .offset = offset,
                             .site = m->address, .value = value};
    if (mc_module_address(m->prover, base, offset, &address)) {
        event.base = MC_BASE_MODULE;
        event.offset = (int64_t)address;
    } else if (!base) {
        return;
    }
    event.facts = mc_facts_or(m->prover->facts, m->state->facts, more);
    struct mc_symbol_key key = mc_symbol_get(m->values, event.base);
    bool own_stack = key.kind == MC_SYM_STACK || key.kind == MC_SYM_ALIGNED;
    if (!own_stack) {
        mc_escape(m, value, MC_ESCAPE_STORED);
        if (m->run->recording)
            mc_record(m->run, event);
    }
    mc_state_store(m->values, m->state, event.base, event.offset, size, value);
}

void mc_store(struct mc_machine *m, mc_value address, unsigned size, mc_value value)
{
    struct mc_value_data data;
    mc_value_get(m->values, address, &data);
    if (m->insn->segment == 0x64 || m->insn->segment == 0x65) {
        uint64_t offset;
        if (uses_thread_pointer(m) && mc_value_is_constant(m->values, address, &offset))
            store_place(m, tls_base(m), tls_offset(m, offset), size, value, MC_FACTS_NONE);
        return;
    }
    if (data.kind == MC_VALUE_CASES && data.count == 1 && data.other == MC_FACTS_ALL) {
        store_place(m, data.cases[0].base, data.cases[0].offset, size, value, MC_FACTS_NONE);
        return;
    }
    mc_escape(m, value, MC_ESCAPE_STORED);
    if (data.kind == MC_VALUE_CASES) { /* one of several places: none is certain to be overwritten */
        for (uint32_t i = 0; i < data.count; i++) {
            const struct mc_case *one = &data.cases[i];
            mc_value old = load_place(m, one->base, one->offset, size);
            store_place(m, one->base, one->offset, size,
                        mc_value_join(m->values, old, MC_FACTS_NONE, value, one->facts), MC_FACTS_NONE);
        }
        return;
    }
    uint64_t place = table_of(m);
    uint32_t base;
    int64_t offset;
    bool rows = m->insn->has_modrm && counts_rows(m);
    if (!rows && m->insn->base >= 0)
        rows = mc_value_single(m->values, m->state->registers[m->insn->base], &base, &offset) &&
               mc_module_address(m->prover, base, offset + m->insn->displacement, &place);
    if (m->run->recording && rows)
        mc_record(m->run, (struct mc_event){.kind = MC_EVENT_STORE_ANY, .size = (uint8_t)size, .base = MC_BASE_MODULE,
                                            .offset = (int64_t)place, .site = m->address, .value = value,
                                            .facts = m->state->facts});
}

mc_value mc_get_rm(struct mc_machine *m, unsigned size)
{
    if (m->insn->mod == 3)
        return mc_get_register(m, m->insn->rm, size);
    return mc_load(m, mc_effective_address(m), size);
}

void mc_set_rm(struct mc_machine *m, unsigned size, mc_value value)
{
    if (m->insn->mod == 3)
        mc_set_register(m, m->insn->rm, size, value);
    else
        mc_store(m, mc_effective_address(m), size, value);
}

mc_value mc_get_reg(struct mc_machine *m, unsigned size)
{
    return mc_get_register(m, m->insn->reg, size);
}

void mc_set_reg(struct mc_machine *m, unsigned size, mc_value value)
{
    mc_set_register(m, m->insn->reg, size, value);
}

static void move_stack(struct mc_machine *m, int64_t by)
{
    mc_value *sp = &m->state->registers[MC_RSP];
    *sp = mc_value_operate(m->values, MC_OP_ADD, *sp, constant(m, (uint64_t)by), 64);
}

void mc_push_value(struct mc_machine *m, mc_value value)
{
    unsigned size = m->prover->pointer_size;
    move_stack(m, -(int64_t)size);
    uint32_t base;
    int64_t offset;
    if (mc_value_single(m->values, m->state->registers[MC_RSP], &base, &offset) && base > MC_BASE_MODULE)
        mc_state_store(m->values, m->state, base, offset, size, value);
}

mc_value mc_pop_value(struct mc_machine *m)
{
    unsigned size = m->prover->pointer_size;
    mc_value value = MC_TOP;
    uint32_t base;
    int64_t offset;
    if (mc_value_single(m->values, m->state->registers[MC_RSP], &base, &offset) && base > MC_BASE_MODULE)
        value = load_place(m, base, offset, size);
    move_stack(m, size);
    return value;
}

void mc_note_address(struct mc_machine *m, mc_value value)
{
    uint32_t base;
    int64_t offset;
    uint64_t target;
    if (m->run->recording && mc_value_single(m->values, value, &base, &offset) && base == MC_BASE_MODULE &&
        mc_module_address(m->prover, base, offset, &target))
        mc_record(m->run, (struct mc_event){.kind = MC_EVENT_ADDRESS, .site = m->address, .target = target,
                                            .facts = m->state->facts});
}

void mc_record(struct mc_run *run, struct mc_event event)
{
    mc_push(&run->events, event);
}

void mc_set_flags(struct mc_machine *m, enum mc_flags_kind kind, unsigned width, mc_value a, mc_value b, mc_value carry)
{
    struct mc_flags *flags = &m->state->flags;
    memset(flags, 0, sizeof *flags);
    *flags = (struct mc_flags){.kind = kind, .width = width, .a = a, .b = b, .carry = carry, .site = m->address};
}

void mc_forget_flags(struct mc_machine *m)
{
    memset(&m->state->flags, 0, sizeof m->state->flags);
}

void mc_flags_of_register(struct mc_machine *m, unsigned number, unsigned size)
{
    if (size != 2 && !is_high_byte(m, number, size))
        m->state->flags.place = number % MC_REGISTERS + 1;
}

void mc_put_register(struct mc_machine *m, unsigned number, mc_value value)
{
    m->state->registers[number] = value;
    m->state->compared &= ~(1u << number);
    mc_known_forget(&m->state->known, number);
    if (m->state->flags.place == number + 1)
        m->state->flags.place = 0;
    if (m->run->row.place == number + 1)
        m->run->row.place = 0;
}
