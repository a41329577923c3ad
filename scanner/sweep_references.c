/* SPDX-License-Identifier: Apache-2.0 */
/* Who refers to which address: every direct call and jump that leaves its function, every operand that names an address, every
 * pointer in data. Straight lines over the known functions, then over what they call in the text outside of them, until
 * nothing new is called. Only files that have uses come here.
 *
 * Addresses as immediates and displacements count in files linked to fixed addresses and in relocatable objects (whose layout is
 * ours, far from small constants). PIC i386 code computes with a register that holds the GOT's address: it is known from the
 * `add r, imm` after the thunk that returns the program counter. */
#include "scanner/sweep_access.h"
#include "scanner/sweep_private.h"

#include <stdlib.h>
#include <string.h>

#define DISTANCE_OF_ADD 64 /* bytes from the thunk's return to the add */
#define EBX 3
#define ESP 4
#define LONGEST_GAP 64 /* bytes */
#define ROUNDS 16 /* code outside functions that only such code calls, that deep */

struct reader {
    const struct mc_image *image;
    struct mc_entries *entries;
    struct mc_arena *arena;
    bool absolute;         /* immediates and displacements may be addresses */
    bool got_relative;     /* i386 PIC */
    unsigned got_registers; /* bit r: register r holds the GOT's address in this function */
    const struct mc_segment *segment; /* the one asked for last */
    MC_VECTOR(struct mc_reference) references;
    MC_VECTOR(uint64_t) cpuid;
    MC_VECTOR(struct mc_entry) found; /* new entries: address and sources */
};

static bool is_mapped(struct reader *reader, uint64_t address)
{
    const struct mc_image *image = reader->image;
    if (reader->segment && address - reader->segment->address < reader->segment->size)
        return true;
    const struct mc_segment *segment = mc_image_segment(image, address);
    if (segment)
        reader->segment = segment;
    return segment || mc_image_is_import(image, address);
}

static void refer(struct reader *reader, uint64_t from, uint64_t to, enum mc_reference_kind kind)
{
    if (is_mapped(reader, to))
        mc_push(&reader->references, ((struct mc_reference){.from = from, .to = to, .kind = (uint8_t)kind}));
}

/* Until it is merged, `bounded` of a found entry says that its line is still to be read: it lies in no known function. */
static void find_entry(struct reader *reader, uint64_t address, uint32_t source)
{
    if (!mc_image_is_code(reader->image, address) || mc_entry_at(reader->entries, address))
        return;
    const struct mc_entry *holder = mc_entry_holding(reader->entries, address);
    bool unread = !holder || !holder->bounded;
    mc_push(&reader->found, ((struct mc_entry){.address = address, .sources = source, .bounded = unread}));
}

#define GARBAGE_INSTRUCTIONS 40 /* looked at, on each way */
#define GARBAGE_WAYS 8          /* branches taken, too */

bool mc_is_garbage(const struct mc_image *image, uint64_t address)
{
    uint64_t ways[GARBAGE_WAYS] = {address};
    unsigned count = 1;
    for (unsigned i = 0; i < count; i++) {
        uint64_t at = ways[i];
        for (unsigned steps = 0; steps < GARBAGE_INSTRUCTIONS; steps++) {
            struct mc_insn insn;
            uint64_t available;
            const uint8_t *bytes = mc_image_rest(image, at, &available);
            if (!bytes || !mc_image_is_code(image, at) || !mc_decode(image->mode, bytes, available, &insn))
                return true;
            at += insn.length;
            bool branch = insn.flow == MC_FLOW_JCC, jump = insn.flow == MC_FLOW_JMP;
            if ((branch || jump) && count < GARBAGE_WAYS)
                ways[count++] = at + (uint64_t)insn.displacement;
            if (insn.flow != MC_FLOW_NEXT && !branch)
                break;
        }
    }
    return false;
}

/* An address that is not known as a function's: inside known functions it is a label, outside it starts something. */
static void find_pointed(struct reader *reader, uint64_t address)
{
    const struct mc_entry *holder = mc_entry_holding(reader->entries, address);
    if ((!holder || !holder->bounded) && !mc_is_garbage(reader->image, address))
        find_entry(reader, address, MC_ENTRY_POINTER);
}

static void refer_operand(struct reader *reader, uint64_t from, uint64_t to, const struct mc_insn *insn, bool indexed)
{
    unsigned access = mc_memory_access(insn);
    if (indexed && access)
        access |= MC_ACCESS_ADDRESS; /* a table: its rows are reached from this address */
    if (access & MC_ACCESS_ADDRESS) {
        refer(reader, from, to, MC_REF_LEA);
        if (mc_image_is_code(reader->image, to))
            find_pointed(reader, to);
    }
    if (access & MC_ACCESS_READ)
        refer(reader, from, to, MC_REF_LOAD);
    if (access & MC_ACCESS_WRITE)
        refer(reader, from, to, MC_REF_STORE);
}

static bool stops(unsigned flow)
{
    return flow == MC_FLOW_STOP || flow == MC_FLOW_RET || flow == MC_FLOW_JMP || flow == MC_FLOW_JMP_IND;
}

/* lea 0(%esi,%eiz,1),%esi and the like, with which i386 assemblers fill gaps. */
static bool is_idle_lea(const uint8_t *bytes, size_t length)
{
    if (length < 3 || bytes[0] != 0x8D || bytes[1] < 0x40 || bytes[1] >= 0xC0)
        return false;
    unsigned to = bytes[1] >> 3 & 7, from = bytes[1] & 7;
    size_t at = 2;
    if (from == 4) { /* a SIB byte, whose index must be none */
        if ((bytes[at] >> 3 & 7) != 4)
            return false;
        from = bytes[at++] & 7;
    }
    while (at < length && !bytes[at])
        at++;
    return at == length && from == to;
}

/* NOP, or the long one that compilers fill gaps with (Intel SDM vol. 2B, NOP). */
static bool is_filler(const uint8_t *bytes, size_t length)
{
    if (is_idle_lea(bytes, length))
        return true;
    size_t i = 0;
    while (i < length && (bytes[i] == 0x66 || bytes[i] == 0x2E))
        i++;
    return i < length && (bytes[i] == 0x90 || (i + 1 < length && bytes[i] == 0x0F && bytes[i + 1] == 0x1F));
}

/* A jump over a gap: assemblers fill long ones so, and behind a return it is never run. */
static bool jumps_over_gap(const struct mc_image *image, uint64_t from, uint64_t to)
{
    struct mc_class class;
    uint64_t available = mc_image_available(image, from);
    bool near = to > from && to - from <= LONGEST_GAP && to - from <= available;
    const uint8_t *bytes = near ? mc_image_bytes(image, from, to - from) : NULL;
    if (!bytes)
        return false;
    for (uint64_t at = 0; at < to - from; at += class.length)
        if (!mc_class_within(image->mode, bytes + at, to - from - at, available - at, &class) ||
            (at && !is_filler(bytes + at, class.length)))
            return false;
    return true;
}

/* Where nothing bounds a function, an entry found later may part it between the jump and its target. */
static void refer_branch(struct reader *reader, const struct mc_entry *within, uint64_t from, uint64_t to, unsigned flow,
                         bool stopped)
{
    if (flow == MC_FLOW_CALL) {
        refer(reader, from, to, MC_REF_CALL);
        find_entry(reader, to, MC_ENTRY_CALL);
        return;
    }
    bool outside = to < within->address || to >= within->end;
    if (flow == MC_FLOW_JMP && stopped && !within->bounded && jumps_over_gap(reader->image, from, to))
        return;
    if (outside || !within->bounded)
        refer(reader, from, to, MC_REF_JUMP);
    if (outside) {
        const struct mc_entry *holder = mc_entry_holding(reader->entries, to);
        if (!holder || !holder->bounded)
            find_entry(reader, to, MC_ENTRY_CALL);
    }
}

/* add r, imm32: makes the GOT's address of a program counter taken shortly before; or another one of the GOT's, and an index. */
static void read_got_sum(struct reader *reader, uint64_t address, const struct mc_insn *insn)
{
    bool short_form = insn->opcode == 0x05, long_form = insn->opcode == 0x81 && insn->mod == 3 && (insn->reg & 7) == 0;
    if (insn->map != MC_MAP_PRIMARY || insn->encoding != MC_LEGACY || (!short_form && !long_form))
        return;
    uint32_t counter = (uint32_t)(reader->image->got_base - (uint64_t)insn->immediate);
    uint64_t sum = (uint32_t)(reader->image->got_base + (uint64_t)insn->immediate);
    if (counter <= address && address - counter <= DISTANCE_OF_ADD)
        reader->got_registers |= 1u << (short_form ? 0 : insn->rm & 7);
    else if (reader->got_registers && is_mapped(reader, sum))
        refer(reader, address, sum, MC_REF_LEA);
}

static void read_got_relative(struct reader *reader, uint64_t address, const struct mc_insn *insn)
{
    read_got_sum(reader, address, insn);
    if (!insn->has_modrm || insn->mod == 3 || insn->displacement_size != 4 || insn->base == ESP)
        return;
    /* A function's cold part inherits the register, which is ebx unless the function is small. One that made the address may
     * have spilled it and be using it from any register: a reference too many costs a look, one too few a wrong verdict. */
    unsigned registers = reader->got_registers ? 0xFF : 1u << EBX;
    bool by_base = insn->base >= 0 && (registers >> insn->base & 1);
    bool by_index = insn->index >= 0 && insn->scale == 1 && (registers >> insn->index & 1);
    if (by_base || by_index)
        refer_operand(reader, address, (uint32_t)(reader->image->got_base + (uint64_t)insn->displacement), insn,
                      insn->base >= 0 && insn->index >= 0);
}

static void read_absolute(struct reader *reader, uint64_t address, const struct mc_insn *insn)
{
    bool wide = reader->image->mode == MC_MODE_64;
    bool moffs = insn->map == MC_MAP_PRIMARY && insn->encoding == MC_LEGACY && insn->opcode >= 0xa0 && insn->opcode <= 0xa3;
    bool memory = insn->has_modrm && insn->mod != 3 && insn->base != MC_REG_RIP && insn->displacement_size == 4;
    if (memory || moffs)
        refer_operand(reader, address, wide ? (uint64_t)insn->displacement : (uint32_t)insn->displacement, insn,
                      memory && (insn->base >= 0 || insn->index >= 0));
    if (insn->immediate_size >= 4) {
        uint64_t value = wide ? (uint64_t)insn->immediate : (uint32_t)insn->immediate;
        if (is_mapped(reader, value)) {
            refer(reader, address, value, MC_REF_LEA);
            if (mc_image_is_code(reader->image, value))
                find_pointed(reader, value);
        }
    }
}

/* Operands of an instruction that may name an address. */
static void read_operands(struct reader *reader, uint64_t address, const uint8_t *bytes, size_t size, const struct mc_class *class)
{
    struct mc_insn insn;
    if (!mc_decode(reader->image->mode, bytes, size, &insn))
        return;
    if (class->flags & MC_CLASS_RIP_RELATIVE)
        refer_operand(reader, address, mc_class_target(reader->image, address + class->length, class), &insn, false);
    if (reader->absolute)
        read_absolute(reader, address, &insn);
    if (reader->got_relative) /* programs that are not position-independent may hold library code that is */
        read_got_relative(reader, address, &insn);
}

MC_ALWAYS_INLINE void read_line(enum mc_mode mode, struct reader *reader, const struct mc_entry *entry, const uint8_t *bytes,
                                uint64_t size, uint64_t available)
{
    bool stopped = false;
    for (uint64_t offset = 0; offset < size;) {
        struct mc_class class;
        uint64_t address = entry->address + offset;
        unsigned length = mc_class_within(mode, bytes + offset, size - offset, available - offset, &class);
        if (MC_UNLIKELY(!length)) {
            if (!entry->bounded)
                return; /* outside known functions the rest is anything */
            offset++;
            continue;
        }
        if (class.flags & MC_CLASS_CPUID)
            mc_push(&reader->cpuid, address);
        if (class.flow == MC_FLOW_CALL || class.flow == MC_FLOW_JMP || class.flow == MC_FLOW_JCC)
            refer_branch(reader, entry, address, mc_class_target(reader->image, address + length, &class), class.flow, stopped);
        else if ((class.flags & MC_CLASS_RIP_RELATIVE) || (length >= 5 && (reader->absolute || reader->got_relative)))
            read_operands(reader, address, bytes + offset, size - offset, &class);
        offset += length;
        stopped = stops(class.flow);
    }
}

/* The straight line of one entry, up to `end`. */
static void read_entry(struct reader *reader, const struct mc_entry *entry, uint64_t end)
{
    uint64_t available = mc_image_is_code(reader->image, entry->address) ? mc_image_available(reader->image, entry->address) : 0;
    uint64_t size = end - entry->address < available ? end - entry->address : available;
    const uint8_t *bytes = mc_image_bytes(reader->image, entry->address, size);
    if (!bytes)
        return;
    if (reader->image->mode == MC_MODE_64)
        read_line(MC_MODE_64, reader, entry, bytes, size, available);
    else
        read_line(MC_MODE_32, reader, entry, bytes, size, available);
}

static void read_functions(struct reader *reader)
{
    const struct mc_entries *entries = reader->entries;
    uint64_t zone_end = 0;
    for (size_t i = 0; i < entries->count; i++) {
        const struct mc_entry *entry = &entries->items[i];
        uint64_t next = i + 1 < entries->count ? entries->items[i + 1].address : UINT64_MAX;
        /* A label inside a function goes on with the function's own registers. */
        if (entry->address >= zone_end)
            reader->got_registers = 0;
        if (entry->end > zone_end)
            zone_end = entry->end;
        /* Up to the next entry; the last of nested ones goes on to the end of what surrounds it. */
        read_entry(reader, entry, next < zone_end ? next : zone_end);
    }
}

/* The word lies within one instruction of a line that was read: an operand, and accounted for as such. */
static bool is_operand(const struct reader *reader, uint64_t place, size_t width)
{
    const struct mc_image *image = reader->image;
    const struct mc_entry *holder = mc_image_is_code(image, place) ? mc_entry_holding(reader->entries, place) : NULL;
    struct mc_class class;
    if (!holder)
        return false;
    for (uint64_t address = holder->address; address <= place; address += class.length) {
        uint64_t available = mc_image_available(image, address);
        const uint8_t *bytes = available ? mc_image_bytes(image, address, 1) : NULL;
        if (!bytes || !mc_decode_class(image->mode, bytes, available > 16 ? 16 : available, &class))
            return false;
        if (place > address && place + width <= address + class.length)
            return true;
    }
    return false;
}

/* The address lies outside all known functions, and an instruction stands there: a pointer to it is one to a function that has
 * neither symbol nor unwind data. */
static bool starts_code(const struct reader *reader, uint64_t address)
{
    const struct mc_entry *holder = mc_entry_holding(reader->entries, address);
    struct mc_class class;
    uint64_t available = mc_image_available(reader->image, address);
    const uint8_t *bytes = available ? mc_image_bytes(reader->image, address, 1) : NULL;
    const uint8_t *before = mc_image_bytes(reader->image, address - 1, 1);
    bool separate = address % 16 == 0 || (before && (*before == 0xC3 || *before == 0xCC || *before == 0x90)); /* ret, int3, nop */
    return (!holder || !holder->bounded) && bytes && separate && /* text in data looks like an address now and then */
           mc_decode_class(reader->image->mode, bytes, available > 16 ? 16 : available, &class);
}

/* Where the loader's table ends that holds the address; 0 when there is none. */
static uint64_t table_end(const struct mc_image *image, uint64_t address)
{
    for (size_t i = 0; i < image->table_count; i++)
        if (address >= image->tables[i].start && address < image->tables[i].end)
            return image->tables[i].end;
    return 0;
}

static void read_data(struct reader *reader)
{
    const struct mc_image *image = reader->image;
    for (size_t i = 0; i < image->reloc_count; i++) {
        const struct mc_reloc *reloc = &image->relocs[i];
        if ((reloc->kind == MC_RELOC_ADDRESS || reloc->kind == MC_RELOC_SLOT || reloc->kind == MC_RELOC_IRELATIVE) &&
            !mc_image_is_code(image, reloc->place))
            refer(reader, reloc->place, reloc->target, MC_REF_DATA);
    }
    if (image->kind != MC_KIND_EXECUTABLE)
        return;
    size_t width = image->mode == MC_MODE_64 ? 8 : 4;
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct mc_segment *segment = &image->segments[i];
        size_t skip = (size_t)(-segment->address & (width - 1));
        for (size_t at = skip; at + width <= segment->file_size; at += width) {
            uint64_t word = 0, end = table_end(image, segment->address + at);
            if (end) { /* nothing in there points for the program */
                at += (size_t)((end - (segment->address + at) - 1) / width * width);
                continue;
            }
            memcpy(&word, segment->bytes + at, width);
            bool function = mc_image_is_code(image, word) && (mc_entry_at(reader->entries, word) || starts_code(reader, word));
            bool data = !mc_image_is_code(image, word) && word % width == 0;
            if ((function || (data && mc_image_segment(image, word))) && !mc_image_reloc_at(image, segment->address + at) &&
                !is_operand(reader, segment->address + at, width)) {
                if (function && !mc_entry_at(reader->entries, word))
                    find_entry(reader, word, MC_ENTRY_POINTER);
                refer(reader, segment->address + at, word, MC_REF_DATA);
            }
        }
    }
}

/* The last instruction before the end of a straight line, when it goes on there; 0 otherwise. */
static uint64_t runs_into(const struct mc_image *image, uint64_t address, uint64_t end)
{
    uint64_t available = mc_image_available(image, address);
    const uint8_t *bytes = end - address <= available ? mc_image_bytes(image, address, end - address) : NULL;
    struct mc_class class;
    uint64_t last = 0;
    for (uint64_t at = address; bytes && at < end; at += class.length) {
        if (!mc_class_within(image->mode, bytes + (at - address), end - at, available - (at - address), &class))
            return 0;
        if (stops(class.flow))
            last = 0;
        else if (last || at == address || !is_filler(bytes + (at - address), class.length)) /* a gap is not run through */
            last = at;
    }
    return last;
}

/* Where nothing bounds the functions, one may go on into the next, as if it jumped there. */
static void read_falls(struct reader *reader)
{
    const struct mc_entries *entries = reader->entries;
    for (size_t i = 0; i + 1 < entries->count; i++) {
        const struct mc_entry *entry = &entries->items[i], *next = entry + 1;
        bool joined = !entry->bounded && !next->bounded && entry->end == next->address && mc_image_is_code(reader->image, entry->address);
        uint64_t last = joined ? runs_into(reader->image, entry->address, entry->end) : 0;
        if (last)
            refer(reader, last, next->address, MC_REF_JUMP);
    }
}

static void refer_method(void *context, uint64_t place, uint64_t function)
{
    refer(context, place, function, MC_REF_METHOD);
}

static int compare_sites(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static int compare_entries(const void *a, const void *b)
{
    const struct mc_entry *x = a, *y = b;
    return x->address < y->address ? -1 : x->address > y->address;
}

static uint64_t code_end(const struct mc_image *image, uint64_t address)
{
    for (size_t i = 0; i < image->code_count; i++)
        if (address >= image->code[i].start && address < image->code[i].end)
            return image->code[i].end;
    return address;
}

/* Gives the new entries their ends (the end of the function that holds them, else of the code) and makes them unique. */
static void prepare_found(struct reader *reader)
{
    qsort(reader->found.items, reader->found.count, sizeof *reader->found.items, compare_entries);
    size_t kept = 0;
    for (size_t i = 0; i < reader->found.count; i++) {
        struct mc_entry *entry = &reader->found.items[i];
        if (kept && reader->found.items[kept - 1].address == entry->address) {
            reader->found.items[kept - 1].sources |= entry->sources;
            continue;
        }
        const struct mc_entry *holder = mc_entry_holding(reader->entries, entry->address);
        entry->end = holder ? holder->end : code_end(reader->image, entry->address);
        reader->found.items[kept++] = *entry;
    }
    reader->found.count = kept;
}

/* Merges the new entries into the sorted ones. Unbounded entries end where the next entry starts. */
static void merge_found(struct reader *reader)
{
    struct mc_entries *entries = reader->entries;
    size_t count = entries->count + reader->found.count, left = 0, right = 0;
    struct mc_entry *items = MC_NEW_ARRAY(reader->arena, count, struct mc_entry);
    for (size_t i = 0; i < count; i++) {
        bool take_new = right < reader->found.count && (left == entries->count || reader->found.items[right].address <
                                                                                      entries->items[left].address);
        items[i] = take_new ? reader->found.items[right++] : entries->items[left++];
        if (take_new)
            items[i].bounded = false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!items[i].bounded && i + 1 < count && items[i + 1].address < items[i].end)
            items[i].end = items[i + 1].address;
        if (items[i].end - items[i].address > entries->longest)
            entries->longest = items[i].end - items[i].address;
    }
    entries->items = items;
    entries->count = count;
}

/* What was found so far becomes entries; code outside known functions that starts there is read in turn. */
static void read_found(struct reader *reader)
{
    for (unsigned round = 0; round < ROUNDS && reader->found.count; round++) {
        prepare_found(reader);
        merge_found(reader);
        size_t count = reader->found.count;
        struct mc_entry *fresh = mc_realloc(NULL, count, sizeof *fresh);
        memcpy(fresh, reader->found.items, count * sizeof *fresh);
        reader->found.count = 0;
        for (size_t i = 0; i < count; i++) {
            const struct mc_entry *entry = mc_entry_at(reader->entries, fresh[i].address);
            reader->got_registers = 0;
            if (fresh[i].bounded) /* see find_entry: not read yet */
                read_entry(reader, entry, entry->end);
        }
        free(fresh);
    }
}

#define DIGIT_BITS 11
#define DIGITS (1u << DIGIT_BITS)

/* One stable pass of a radix sort, by one digit of `from` or `to` less `base`. */
static void sort_pass(const struct mc_reference *from, struct mc_reference *to, size_t count, bool by_to, uint64_t base, unsigned shift)
{
    size_t starts[DIGITS] = {0}, sum = 0;
#define DIGIT(reference) (((by_to ? (reference).to : (reference).from) - base) >> shift & (DIGITS - 1))
    for (size_t i = 0; i < count; i++)
        starts[DIGIT(from[i])]++;
    for (size_t digit = 0; digit < DIGITS; digit++) {
        size_t here = starts[digit];
        starts[digit] = sum;
        sum += here;
    }
    for (size_t i = 0; i < count; i++)
        to[starts[DIGIT(from[i])]++] = from[i];
#undef DIGIT
}

/* Sorts by `to`, then `from`, into `into`; `items` is scratch afterwards. Addresses span at most a few gigabytes, mostly
 * megabytes: two or three digits each. */
static void sort_references(struct mc_reference *items, struct mc_reference *into, size_t count)
{
    struct mc_reference *source = items, *target = into;
    for (int by_to = 0; by_to < 2; by_to++) {
        uint64_t low = UINT64_MAX, high = 0;
        for (size_t i = 0; i < count; i++) {
            uint64_t key = by_to ? source[i].to : source[i].from;
            low = key < low ? key : low;
            high = key > high ? key : high;
        }
        for (unsigned shift = 0; shift < 64 && (high - low) >> shift; shift += DIGIT_BITS) {
            sort_pass(source, target, count, by_to, low, shift);
            struct mc_reference *swap = source;
            source = target;
            target = swap;
        }
    }
    if (source != into)
        memcpy(into, source, count * sizeof *into);
}

static struct mc_references *finish(struct reader *reader)
{
    struct mc_references *references = MC_NEW(reader->arena, struct mc_references);
    size_t count = reader->references.count, kept = 0;
    references->items = MC_NEW_ARRAY(reader->arena, count, struct mc_reference);
    if (count)
        sort_references(reader->references.items, references->items, count);
    for (size_t i = 0; i < count; i++) {
        const struct mc_reference *item = &references->items[i], *last = kept ? &references->items[kept - 1] : NULL;
        if (!last || item->to != last->to || item->from != last->from || item->kind != last->kind)
            references->items[kept++] = *item;
    }
    references->count = kept;
    size_t sites = 0;
    references->cpuid_sites = MC_NEW_ARRAY(reader->arena, reader->cpuid.count, uint64_t);
    if (reader->cpuid.count)
        qsort(reader->cpuid.items, reader->cpuid.count, sizeof *reader->cpuid.items, compare_sites);
    for (size_t i = 0; i < reader->cpuid.count; i++)
        if (!sites || references->cpuid_sites[sites - 1] != reader->cpuid.items[i])
            references->cpuid_sites[sites++] = reader->cpuid.items[i];
    references->cpuid_site_count = sites;
    mc_vector_free(&reader->references);
    mc_vector_free(&reader->cpuid);
    mc_vector_free(&reader->found);
    return references;
}

struct mc_references *mc_sweep_references(const struct mc_image *image, struct mc_entries *entries, const struct mc_uses *uses,
                                          struct mc_arena *arena)
{
    struct reader reader = {.image = image, .entries = entries, .arena = arena};
    bool relocatable = image->kind == MC_KIND_OBJECT || image->kind == MC_KIND_KERNEL_MODULE;
    reader.absolute = relocatable || image->kind == MC_KIND_EXECUTABLE;
    reader.got_relative = image->mode == MC_MODE_32 && image->got_base;
    read_functions(&reader);
    read_found(&reader);
    read_data(&reader);
    for (size_t i = 0; image->module && i < image->module->label_count; i++)
        refer(&reader, image->module->labels[i].site, image->module->labels[i].target, MC_REF_JUMP);
    mc_sweep_go_methods(image, entries, refer_method, &reader);
    read_found(&reader); /* functions that only data points to */
    read_falls(&reader);
    for (size_t i = 0; i < uses->row_count; i++)
        refer(&reader, uses->rows[i].from, uses->rows[i].to, MC_REF_JUMP);
    struct mc_references *references = finish(&reader);
    mc_sweep_drop_go_chances(image, entries, references);
    return references;
}

size_t mc_references_to(const struct mc_references *references, uint64_t start, uint64_t end, size_t *ret_count)
{
    size_t bounds[2];
    for (int i = 0; i < 2; i++) {
        size_t low = 0, high = references->count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (references->items[middle].to < (i ? end : start))
                low = middle + 1;
            else
                high = middle;
        }
        bounds[i] = low;
    }
    *ret_count = bounds[1] > bounds[0] ? bounds[1] - bounds[0] : 0;
    return bounds[0];
}
