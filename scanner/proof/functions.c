/* SPDX-License-Identifier: Apache-2.0 */
/* What can be told of a function by its control flow alone: extent, thunks, whether it returns, whether it is a CPUID helper. */
#include "scanner/proof/machine.h"

#include <string.h>

#define HELPER_SIZE 640  /* bytes: helpers up to this size are run inside their callers */
#define GETTER_SIZE 48   /* bytes: leaf functions up to this size too, */
#define INDEXING_SIZE 112 /* and longer ones that look something up by a number */
#define SCAN_SIZE 65536  /* bytes of a function looked at for these properties */

static struct mc_property *find_property(const struct mc_properties *table, uint64_t address, uint32_t hash)
{
    uint32_t id;
    for (size_t at = hash; (id = mc_index_candidate(&table->index, hash, &at)) != MC_INDEX_NONE;)
        if (table->items.items[id]->address == address)
            return table->items.items[id];
    return NULL;
}

int *mc_property_of(struct mc_properties *table, struct mc_arena *arena, uint64_t address, bool *ret_known)
{
    uint32_t hash = mc_hash_words(&address, sizeof address);
    struct mc_property *found = find_property(table, address, hash);
    if (ret_known)
        *ret_known = found != NULL;
    if (!found) {
        found = MC_NEW(arena, struct mc_property);
        found->address = address;
        mc_index_add(&table->index, hash, (uint32_t)table->items.count);
        mc_push(&table->items, found);
    }
    return &found->state;
}

int mc_property_at(const struct mc_properties *table, uint64_t address)
{
    const struct mc_property *found = find_property(table, address, mc_hash_words(&address, sizeof address));
    return found ? found->state : 0;
}

void mc_properties_free(struct mc_properties *table)
{
    mc_index_free(&table->index);
    mc_vector_free(&table->items);
}

void mc_extents_new(struct mc_prover *prover)
{
    const struct mc_entries *entries = prover->entries;
    uint64_t furthest = 0;
    prover->furthest = MC_NEW_ARRAY(&prover->reference_arena, entries->count, uint64_t);
    for (size_t i = 0; i < entries->count; i++) {
        if (entries->items[i].bounded && entries->items[i].end > furthest)
            furthest = entries->items[i].end;
        prover->furthest[i] = furthest;
    }
}

struct mc_text_range mc_function_extent(const struct mc_prover *prover, uint64_t address)
{
    const struct mc_entries *entries = prover->entries;
    size_t low = 0, high = entries->count;
    while (low < high) { /* first entry after the address */
        size_t middle = (low + high) / 2;
        if (entries->items[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    const struct mc_segment *segment = mc_image_segment(prover->image, address);
    uint64_t segment_start = segment ? segment->address : address;
    uint64_t segment_end = segment ? segment->address + segment->size : address;
    struct mc_text_range range = {segment_start, segment_end};
    if (low < entries->count && entries->items[low].address < segment_end)
        range.end = entries->items[low].address;
    if (low > 0 && entries->items[low - 1].address >= segment_start)
        range.start = entries->items[low - 1].address;
    uint64_t uncovered_end = range.end;
    /* the outermost bounded function that holds it */
    for (size_t i = low, steps = 0; i > 0 && steps < 256 && (!steps || prover->furthest[i - 1] > address); i--, steps++) {
        const struct mc_entry *entry = &entries->items[i - 1];
        if (entry->bounded && entry->end > address && entry->address >= segment_start) {
            range.start = entry->address;
            range.end = entry->end < segment_end ? entry->end : segment_end;
        } else if (entry->bounded && steps == 0 && entry->end <= address) {
            range.start = address; /* between functions: from here to the next entry */
            range.end = uncovered_end;
        }
    }
    return range;
}

size_t mc_first_use(const struct mc_prover *prover, uint64_t address)
{
    size_t low = 0, high = prover->uses->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (prover->uses->items[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool mc_is_go(const struct mc_prover *prover, uint64_t address)
{
    const struct mc_entry *entry = mc_entry_holding(prover->entries, address);
    return entry && entry->sources & MC_ENTRY_GO;
}

unsigned mc_second_result(const struct mc_prover *prover, uint64_t entry)
{
    return prover->pointer_size == 8 && mc_is_go(prover, entry) ? MC_RBX : MC_RDX;
}

const char *mc_import_name(const struct mc_prover *prover, uint64_t address)
{
    const struct mc_import *import = mc_image_import_at(prover->image, address);
    return import ? import->symbol->name : NULL;
}

const char *mc_function_name(const struct mc_prover *prover, uint64_t address)
{
    const char *name = mc_import_name(prover, address);
    if (name)
        return name;
    const struct mc_symbol *symbol = mc_image_symbol_for(prover->image, address);
    if (symbol && *symbol->name)
        return symbol->name;
    const struct mc_entry *entry = mc_entry_holding(prover->entries, address);
    return entry ? entry->name : NULL;
}

bool mc_decode_at(struct mc_prover *prover, uint64_t address, struct mc_insn *ret)
{
    if (!prover->decoded) {
        prover->decoded = mc_realloc(NULL, MC_DECODED, sizeof *prover->decoded);
        memset(prover->decoded, 0, MC_DECODED * sizeof *prover->decoded);
    }
    struct mc_decoded *known = &prover->decoded[address % MC_DECODED];
    if (known->address != address + 1) {
        uint64_t available;
        const uint8_t *bytes = mc_image_rest(prover->image, address, &available);
        known->address = 0;
        if (!bytes || !mc_decode(prover->image->mode, bytes, available, &known->insn))
            return false;
        known->address = address + 1;
    }
    *ret = known->insn;
    return true;
}

/* The slot that the jump or call through memory loads from; 0 when a register decides. */
static uint64_t slot_of(const struct mc_prover *prover, const struct mc_insn *insn, uint64_t next)
{
    if (!insn->has_modrm || insn->mod == 3 || insn->index != MC_REG_NONE)
        return 0;
    if (insn->base == MC_REG_RIP)
        return next + (uint64_t)insn->displacement;
    if (insn->base == MC_REG_NONE)
        return (uint32_t)insn->displacement;
    bool table = insn->base == MC_RBX && prover->image->mode == MC_MODE_32 && prover->image->got_base;
    return table ? (uint32_t)(prover->image->got_base + (uint64_t)insn->displacement) : 0;
}

/* `jmp [slot]` with a relocated slot, or `jmp target`, possibly after endbr. */
static bool thunk_target(struct mc_prover *prover, uint64_t address, uint64_t *ret_target)
{
    struct mc_insn insn;
    for (int i = 0; i < 2; i++, address += insn.length) {
        if (!mc_decode_at(prover, address, &insn))
            return false;
        if (insn.flow == MC_FLOW_JMP && insn.encoding == MC_LEGACY) {
            *ret_target = address + insn.length + (uint64_t)insn.displacement;
            return true;
        }
        uint64_t slot = insn.flow == MC_FLOW_JMP_IND ? slot_of(prover, &insn, address + insn.length) : 0;
        if (slot) {
            const struct mc_reloc *reloc = mc_image_reloc_at(prover->image, slot);
            if (!reloc || reloc->kind != MC_RELOC_SLOT)
                return false;
            *ret_target = reloc->target;
            return true;
        }
        if (insn.map != MC_MAP_0F || insn.opcode != 0x1E) /* endbr */
            return false;
    }
    return false;
}

uint64_t mc_final_target(struct mc_prover *prover, uint64_t address)
{
    bool known;
    int *hops = mc_property_of(&prover->targets, &prover->arena, address, &known);
    if (known && !*hops)
        return address;
    uint64_t target = address;
    for (*hops = 0; *hops < 4; ++*hops)
        if (!thunk_target(prover, target, &target))
            break;
    return target;
}

#define RESOLVER_STEPS 200

size_t mc_variants_behind(struct mc_prover *prover, const struct mc_insn *jump, uint64_t next, uint64_t variants[MC_VARIANTS])
{
    uint64_t slot = slot_of(prover, jump, next);
    const struct mc_reloc *reloc = slot ? mc_image_reloc_at(prover->image, slot) : NULL;
    struct mc_insn insn;
    size_t count = 0;
    if (!reloc || reloc->kind != MC_RELOC_IRELATIVE)
        return 0;
    struct mc_text_range range = mc_function_extent(prover, reloc->target);
    uint64_t address = reloc->target;
    for (unsigned i = 0; i < RESOLVER_STEPS && count < MC_VARIANTS && address < range.end; i++) {
        if (!mc_decode_at(prover, address, &insn))
            break;
        address += insn.length;
        bool lea = insn.map == MC_MAP_PRIMARY && insn.opcode == 0x8D && insn.base == MC_REG_RIP;
        bool number = insn.map == MC_MAP_PRIMARY && (insn.opcode & 0xF8) == 0xB8 && !prover->position_independent;
        uint64_t variant = lea ? address + (uint64_t)insn.displacement : number ? (uint64_t)insn.immediate : 0;
        if (variant && mc_image_is_code(prover->image, variant) && mc_entry_at(prover->entries, variant))
            variants[count++] = variant;
    }
    return count;
}

static bool name_in(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (!strcmp(name, *list))
            return true;
    return false;
}

/* Functions of the C and C++ libraries that never return, by their standards and manuals. Those of the file itself are
 * recognised by their code. */
static const char *const never_return[] = {
    "exit", "_exit", "_Exit", "quick_exit", "abort", "longjmp", "siglongjmp", "_longjmp", "__longjmp_chk", "err", "errx", "verr",
    "verrx", "__assert_fail", "__assert", "__assert_perror_fail", "__stack_chk_fail", "__chk_fail", "__fortify_fail", "pthread_exit",
    "thrd_exit", "__cxa_throw", "__cxa_rethrow", "__cxa_bad_cast", "__cxa_bad_typeid", "__cxa_throw_bad_array_new_length",
    "_Unwind_Resume", "__libc_start_main", "_ZSt9terminatev", "_ZSt17__throw_bad_allocv", "_ZSt20__throw_length_errorPKc",
    "_ZSt19__throw_logic_errorPKc", "_ZSt20__throw_out_of_rangePKc", "_ZSt24__throw_out_of_range_fmtPKcz",
    "_ZSt16__throw_bad_castv", "_ZSt25__throw_bad_function_callv", "__cxa_pure_virtual", "__stack_chk_fail_local", NULL};

struct flow_scan { /* a walk over the control flow of one function */
    struct mc_prover *prover;
    struct mc_text_range range;
    uint8_t *seen;
    MC_VECTOR(uint64_t) work;
    unsigned depth;
    bool returns, calls, gates, helper;
};

static bool never_returns_at(struct mc_prover *prover, uint64_t entry, unsigned depth);

static void visit_call(struct flow_scan *scan, uint64_t target, bool *ret_ends)
{
    scan->calls = true;
    const char *name = mc_import_name(scan->prover, mc_final_target(scan->prover, target));
    *ret_ends = never_returns_at(scan->prover, target, scan->depth + 1);
    if (*ret_ends && !(name && (!strncmp(name, "__stack_chk", 11) || !strcmp(name, "_Unwind_Resume"))))
        scan->gates = true;
}

/* One straight run of instructions. */
static void walk(struct flow_scan *scan, uint64_t address)
{
    const struct mc_text_range *range = &scan->range;
    while (address >= range->start && address < range->end) {
        uint64_t at = address - range->start;
        if (at >= SCAN_SIZE) {
            scan->returns = true;
            return;
        }
        if (scan->seen[at >> 3] >> (at & 7) & 1)
            return;
        scan->seen[at >> 3] |= (uint8_t)(1 << (at & 7));
        struct mc_class c;
        uint64_t available;
        const uint8_t *bytes = mc_image_rest(scan->prover->image, address, &available);
        if (!bytes || !mc_decode_class(scan->prover->image->mode, bytes, available, &c)) {
            scan->returns = true; /* cannot be told: the careful answer */
            return;
        }
        const struct mc_jump_label *label = mc_image_label_at(scan->prover->image, address);
        if (label)
            mc_push(&scan->work, label->target);
        address += c.length;
        if (label)
            continue;
        uint64_t target = address + (uint64_t)(int64_t)c.displacement;
        bool ends = false;
        switch (c.flow) {
        case MC_FLOW_CALL:
            if (target != address)
                visit_call(scan, target, &ends);
            if (ends)
                return;
            break;
        case MC_FLOW_CALL_IND:
            scan->calls = true;
            break;
        case MC_FLOW_JCC:
            mc_push(&scan->work, target);
            break;
        case MC_FLOW_JMP:
            mc_push(&scan->work, target);
            return;
        case MC_FLOW_RET:
        case MC_FLOW_JMP_IND:
            scan->returns = true;
            return;
        case MC_FLOW_STOP:
            scan->gates = true;
            return;
        default:
            break;
        }
    }
    if (address < range->start || address >= range->end) { /* left the function: a tail call, or a part elsewhere */
        scan->calls = true;
        if (!never_returns_at(scan->prover, address, scan->depth + 1))
            scan->returns = true;
        else
            scan->gates = true;
    }
}

static void scan_flow(struct flow_scan *scan, uint64_t entry)
{
    scan->range = mc_function_extent(scan->prover, entry);
    uint64_t size = scan->range.end - scan->range.start;
    if (size > SCAN_SIZE)
        size = SCAN_SIZE;
    scan->seen = mc_realloc(NULL, size / 8 + 1, 1);
    memset(scan->seen, 0, size / 8 + 1);
    mc_push(&scan->work, entry);
    while (scan->work.count)
        walk(scan, scan->work.items[--scan->work.count]);
    free(scan->seen);
    mc_vector_free(&scan->work);
}

enum { STATE_UNKNOWN, STATE_WORKING, STATE_NO, STATE_YES };

static bool never_returns_at(struct mc_prover *prover, uint64_t entry, unsigned depth)
{
    bool known;
    entry = mc_final_target(prover, entry);
    const char *name = mc_import_name(prover, entry);
    if (name)
        return name_in(name, never_return);
    if (depth > 40 || !mc_image_is_code(prover->image, entry))
        return false;
    int *state = mc_property_of(&prover->noreturn, &prover->arena, entry, &known);
    if (known)
        return *state == STATE_YES;
    *state = STATE_WORKING;
    struct flow_scan scan = {.prover = prover, .depth = depth};
    scan_flow(&scan, entry);
    *state = scan.returns ? STATE_NO : STATE_YES;
    bool gates_known;
    int *gates = mc_property_of(&prover->gates, &prover->arena, entry, &gates_known);
    *gates = scan.gates ? STATE_YES : STATE_NO;
    return !scan.returns;
}

bool mc_never_returns(struct mc_prover *prover, uint64_t entry)
{
    return never_returns_at(prover, entry, 0);
}

bool mc_may_gate(struct mc_prover *prover, uint64_t entry)
{
    entry = mc_final_target(prover, entry);
    if (mc_import_name(prover, entry) || !mc_image_is_code(prover->image, entry))
        return false;
    mc_never_returns(prover, entry);
    bool known;
    int *gates = mc_property_of(&prover->gates, &prover->arena, entry, &known);
    return known && *gates == STATE_YES;
}

bool mc_has_cpuid(const struct mc_prover *prover, uint64_t start, uint64_t end)
{
    size_t low = 0, high = prover->references->cpuid_site_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (prover->references->cpuid_sites[middle] < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low < prover->references->cpuid_site_count && prover->references->cpuid_sites[low] < end;
}

bool mc_is_counter_thunk(struct mc_prover *prover, uint64_t address)
{
    struct mc_insn insn;
    if (prover->image->mode != MC_MODE_32 || !mc_decode_at(prover, address, &insn) || insn.map != MC_MAP_PRIMARY ||
        insn.opcode != 0x8B || insn.mod == 3 || insn.base != MC_RSP || insn.index != MC_REG_NONE || insn.displacement)
        return false;
    return mc_decode_at(prover, address + insn.length, &insn) && insn.flow == MC_FLOW_RET;
}

/* Straight over the bytes of a small function: does it reach CPUID, or a library's answer that is CPUID's, or (outermost only) does
 * it call nothing at all? */
enum helper { NO_HELPER, GETTER, REACHES_CPUID };

static enum helper scan_helper(struct mc_prover *prover, struct mc_text_range range, unsigned depth)
{
    bool calls = false, indexes = false, reaches = mc_has_cpuid(prover, range.start, range.end);
    for (uint64_t address = range.start; address < range.end && !reaches;) {
        struct mc_insn insn;
        if (!mc_decode_at(prover, address, &insn))
            return NO_HELPER;
        address += insn.length;
        indexes |= insn.has_modrm && insn.mod != 3 && insn.index != MC_REG_NONE;
        if (insn.flow == MC_FLOW_CALL || insn.flow == MC_FLOW_JMP) {
            uint64_t target = address + (uint64_t)insn.displacement;
            bool inside = target >= range.start && target < range.end;
            if (inside)
                continue;
            if (mc_is_counter_thunk(prover, target))
                continue;
            calls = true;
            target = mc_final_target(prover, target);
            reaches |= mc_is_provider(prover, target);
            if (depth < MC_HELPER_DEPTH) {
                struct mc_text_range callee = mc_function_extent(prover, target);
                reaches |= callee.start == target && callee.end - callee.start <= HELPER_SIZE &&
                           mc_image_is_code(prover->image, target) && scan_helper(prover, callee, depth + 1) == REACHES_CPUID;
            }
        } else if (insn.flow == MC_FLOW_CALL_IND || insn.flow == MC_FLOW_JMP_IND) {
            calls = true;
        }
    }
    if (reaches)
        return REACHES_CPUID;
    uint64_t largest = indexes ? INDEXING_SIZE : GETTER_SIZE;
    return depth == 0 && !calls && range.end - range.start <= largest ? GETTER : NO_HELPER;
}

static enum helper helper_at(struct mc_prover *prover, uint64_t entry)
{
    bool known;
    if (!mc_image_is_code(prover->image, entry))
        return NO_HELPER;
    int *state = mc_property_of(&prover->helper, &prover->arena, entry, &known);
    if (known)
        return (enum helper)*state;
    struct mc_text_range range = mc_function_extent(prover, entry);
    enum helper helper = NO_HELPER;
    if (mc_is_counter_thunk(prover, entry))
        helper = GETTER;
    else if (range.start == entry && range.end - range.start <= HELPER_SIZE)
        helper = scan_helper(prover, range, 0);
    *state = (int)helper;
    return helper;
}

bool mc_is_cpuid_helper(struct mc_prover *prover, uint64_t entry)
{
    return helper_at(prover, entry) != NO_HELPER;
}

bool mc_helper_asks(struct mc_prover *prover, uint64_t entry)
{
    return helper_at(prover, entry) == REACHES_CPUID;
}
