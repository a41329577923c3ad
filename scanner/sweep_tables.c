/* SPDX-License-Identifier: Apache-2.0 */
/* Jump tables, as compilers write them:
 *
 *   relative      lea base,[rip+table]; movsxd r,[base+i*4]; add r,base; jmp r      (PIC, 64 bits)
 *   GOT-relative  mov r,[ebx+i*4+table@GOTOFF]; add r,ebx; jmp r                    (PIC, i386)
 *   absolute      jmp [table+i*8], or mov r,[table+i*8]; jmp r                       (not PIC)
 *
 * Going backwards in straight lines is enough for the load; the base may have been computed far away, so that every
 * RIP-relative operand of the zone is tried when it does not stand near. An entry counts only if it leads into the zone and not
 * into the middle of a known instruction; the first that does not ends the table. */
#include "scanner/sweep_reach.h"

#include "isa/decode_class.h"

#define BACKWARDS_LOAD 24  /* instructions from the jump back to the table's load and the bound's test */
#define BACKWARDS_BASE 96  /* and to the computation of its base */
#define LONGEST_TABLE 8192 /* entries */
#define MOST_UNLIKE 8      /* rows in a line that cannot be rows */
#define LEA_BYTES 7
#define FAR_BASE 4096      /* bytes before the load in which its base is looked for */
#define RUN_UP 64          /* bytes in which a straight line falls into step */
#define SHARED_ROWS 2      /* of a table that lie behind the address of the next one */
#define LEADING_ROWS 8     /* of something else, before the first that an index ever picks */

struct table {
    uint64_t address; /* of the first entry */
    uint64_t base;    /* what entries are relative to; 0 when they are addresses */
    unsigned width;   /* bytes of an entry */
};

/* The reached instruction just before `address` in memory, 0 when there is none that ends exactly there. */
static uint64_t previous(const struct mc_reach *reach, uint64_t address, struct mc_insn *ret)
{
    for (unsigned back = 1; back <= 15 && address - back >= reach->start; back++) {
        uint64_t offset = address - back - reach->start;
        if (reach->state[offset] != MC_BYTE_START)
            continue;
        unsigned length = mc_decode(reach->image->mode, reach->bytes + offset, reach->end - (address - back), ret);
        if (length == back)
            return address - back;
    }
    return 0;
}

static bool valid_target(const struct mc_reach *reach, uint64_t target)
{
    if (target < reach->start || target >= reach->end)
        return false;
    uint8_t state = reach->state[target - reach->start];
    return state == MC_BYTE_UNSEEN || state == MC_BYTE_START;
}

/* LEA r64 with an address relative to RIP: REX.W 8D /r (Intel SDM vol. 2A, 2.2.1.6). */
static bool is_lea(const uint8_t *bytes)
{
    return (bytes[0] & 0xfb) == 0x48 && bytes[1] == 0x8d && (bytes[2] & 0xc7) == 5;
}

/* Every address that a LEA of the zone takes, whether anything is known to reach the LEA or not. */
static void find_borders(struct mc_reach *reach)
{
    uint64_t size = reach->end - reach->start;
    reach->borders_known = true;
    for (uint64_t at = 0; at + LEA_BYTES <= size; at++) {
        const uint8_t *bytes = reach->bytes + at;
        if (!is_lea(bytes))
            continue;
        uint64_t target = reach->start + at + LEA_BYTES + (uint64_t)(int64_t)mc_load32(bytes + 3);
        mc_push(&reach->borders, target);
        mc_address_set_put(&reach->border_set, target);
    }
}

static bool is_padding_before(const uint8_t *at, uint64_t room)
{
    if (room >= 1 && (at[-1] == 0x90 || at[-1] == 0xcc))
        return true;
    static const uint8_t nops[][2] = {{3, 0x00}, {4, 0x40}, {5, 0x44}, {7, 0x80}, {8, 0x84}}; /* 0F 1F /0: length, modrm */
    for (size_t i = 0; i < sizeof nops / sizeof *nops; i++)
        if (room >= nops[i][0] && at[-nops[i][0]] == 0x0f && at[1 - nops[i][0]] == 0x1f && at[2 - nops[i][0]] == nops[i][1])
            return true;
    return false;
}

static bool follows_an_end(const uint8_t *at, uint64_t room)
{
    return (room >= 1 && at[-1] == 0xc3) || (room >= 2 && (at[-2] == 0xeb || (at[-2] == 0xff && (at[-1] & 0xf8) == 0xe0))) ||
           (room >= 5 && at[-5] == 0xe9) || is_padding_before(at, room);
}

static void take_row(struct mc_reach *reach, uint64_t target)
{
    mc_push(&reach->rows, ((struct mc_reference){.from = reach->jump, .to = target, .kind = MC_REF_JUMP}));
    if (reach->state[target - reach->start] == MC_BYTE_UNSEEN)
        mc_push(&reach->work, target);
}

/* Code decodes in a straight line from shortly before into the address: it is no middle of an instruction. */
static bool is_boundary(const struct mc_reach *reach, uint64_t target)
{
    struct mc_insn insn;
    for (uint64_t back = RUN_UP; back <= 2 * RUN_UP; back += RUN_UP) {
        uint64_t at = target - reach->start > back ? target - back : reach->start;
        while (at < target) {
            unsigned length = mc_decode(reach->image->mode, reach->bytes + (at - reach->start), reach->end - at, &insn);
            at += length ? length : 1;
        }
        if (at == target)
            return true;
    }
    return false;
}

static bool starts_a_row(const struct mc_reach *reach, uint64_t target)
{
    return valid_target(reach, target) && follows_an_end(reach->bytes + (target - reach->start), target - reach->start);
}

static bool may_be_row(const struct mc_reach *reach, uint64_t target)
{
    return valid_target(reach, target) && (reach->state[target - reach->start] == MC_BYTE_START || is_boundary(reach, target));
}

/* In an unbounded zone most numbers lead into it somewhere. The table ends where the next one starts, or a few rows later when that
 * one counts from before its own first row, as this one may, too (dav1d's JMP_TABLE): there a row is one if nothing runs into its
 * code from before. */
static size_t read_unbounded(struct mc_reach *reach, const struct table *table)
{
    size_t limit = LONGEST_TABLE, taken = 0, unlike = 0;
    uint64_t next = 0;
    if (!reach->borders_known)
        find_borders(reach);
    for (size_t i = 0; i < limit && unlike < (taken ? 2 : MOST_UNLIKE); i++) {
        uint64_t offset, place = table->address + i * table->width;
        if (!mc_image_read(reach->image, place, table->width, &offset)) {
            if (i < SHARED_ROWS) /* the first table of a segment */
                continue;
            break;
        }
        offset = (uint64_t)(int64_t)(int32_t)(uint32_t)offset;
        if (i && !next && mc_address_set_has(&reach->border_set, place)) {
            next = place;
            limit = i + SHARED_ROWS;
        }
        unlike++;
        uint64_t target = table->base + offset;
        bool sure = starts_a_row(reach, target);
        if (next ? starts_a_row(reach, next + offset) || (!sure && (!may_be_row(reach, target) || may_be_row(reach, next + offset)))
                 : !sure && (i < SHARED_ROWS || unlike > (i == SHARED_ROWS ? SHARED_ROWS + 1 : 1) || !may_be_row(reach, target)))
            continue;
        unlike = 0;
        taken++;
        take_row(reach, target);
    }
    return taken;
}

/* Another table of the zone starts in (from, to]: entries of this one end before. */
static bool starts_between(const struct mc_reach *reach, uint64_t from, uint64_t to)
{
    for (uint64_t address = from + 1; address <= to; address++)
        if (mc_address_set_has(&reach->base_set, address))
            return true;
    return false;
}

/* Pushes the targets of one table. Returns how many entries made sense. Up to a tested bound, targets may lie in another
 * part of the function (.cold), which has unwind data of its own. */
static size_t read_table(struct mc_reach *reach, const struct table *table, size_t bound)
{
    size_t count = 0, leading = LEADING_ROWS;
    bool tested = bound > 0 && bound <= LONGEST_TABLE;
    size_t limit = tested && !reach->bounds_ignored ? bound : LONGEST_TABLE;
    if (reach->unbounded && !tested && table->base && reach->image->mode == MC_MODE_64)
        return read_unbounded(reach, table);
    for (; count < limit; count++) {
        uint64_t entry, place = table->address + count * table->width;
        if (!mc_image_read(reach->image, place, table->width, &entry) || (count && starts_between(reach, place - table->width, place)))
            break;
        if (table->base)
            entry = table->base + (uint64_t)(int64_t)(int32_t)(uint32_t)entry;
        if (reach->image->mode == MC_MODE_32)
            entry = (uint32_t)entry;
        bool before_first = leading && leading--;
        if (!valid_target(reach, entry)) {
            bool elsewhere = entry < reach->start || entry >= reach->end;
            if ((before_first || (tested && count < bound)) && elsewhere && mc_image_is_code(reach->image, entry))
                continue;
            break;
        }
        leading = 0;
        take_row(reach, entry);
    }
    return count;
}

static bool is_compare_immediate(const struct mc_insn *insn)
{
    if (insn->encoding != MC_LEGACY || insn->map != MC_MAP_PRIMARY)
        return false;
    if (insn->opcode == 0x3c || insn->opcode == 0x3d)
        return true;
    return (insn->opcode == 0x80 || insn->opcode == 0x81 || insn->opcode == 0x83) && (insn->reg & 7) == 7;
}

static bool is_and_immediate(const struct mc_insn *insn)
{
    if (insn->encoding != MC_LEGACY || insn->map != MC_MAP_PRIMARY)
        return false;
    return insn->opcode == 0x24 || insn->opcode == 0x25 ||
           ((insn->opcode == 0x80 || insn->opcode == 0x81 || insn->opcode == 0x83) && (insn->reg & 7) == 4);
}

/* `cmp r, n; ja default` before the jump: n + 1 entries, and so for `and r, n`; 0 when nothing of the kind is near. */
static size_t find_bound(const struct mc_reach *reach, uint64_t jump)
{
    struct mc_insn insn;
    unsigned condition = 0;
    for (unsigned i = 0; i < BACKWARDS_LOAD; i++) {
        jump = previous(reach, jump, &insn);
        if (!jump)
            return 0;
        bool wide = insn.map == MC_MAP_0F && insn.opcode >= 0x80 && insn.opcode <= 0x8f;
        bool narrow = insn.map == MC_MAP_PRIMARY && insn.opcode >= 0x70 && insn.opcode <= 0x7f;
        if (insn.encoding == MC_LEGACY && (wide || narrow))
            condition = insn.opcode & 15;
        else if (!condition && is_and_immediate(&insn) && insn.immediate > 0 && !(insn.immediate & (insn.immediate + 1)))
            return (size_t)insn.immediate + 1;
        else if ((condition == 7 || condition == 3) && is_compare_immediate(&insn))
            return insn.immediate >= 0 ? (size_t)insn.immediate + (condition == 7) : 0;
    }
    return 0;
}

/* lea register,[rip+x], going backwards from `address`. */
static bool find_base(const struct mc_reach *reach, uint64_t address, int wanted, uint64_t *ret)
{
    struct mc_insn insn;
    for (unsigned i = 0; i < BACKWARDS_BASE; i++) {
        uint64_t next = address;
        address = previous(reach, address, &insn);
        if (!address)
            return false;
        if (insn.encoding == MC_LEGACY && insn.map == MC_MAP_PRIMARY && insn.opcode == 0x8d && insn.reg == wanted &&
            insn.mod != 3 && insn.base == MC_REG_RIP) {
            *ret = next + (uint64_t)insn.displacement;
            return true;
        }
    }
    return false;
}

/* The same, in the bytes themselves: where nothing bounds the zone, all the bases that it takes are too many to be tried. */
static bool find_far_base(const struct mc_reach *reach, uint64_t address, int wanted, uint64_t *ret)
{
    for (uint64_t back = 0; back < FAR_BASE && address - back - LEA_BYTES > reach->start; back++) {
        const uint8_t *bytes = reach->bytes + (address - back - LEA_BYTES - reach->start);
        if (!is_lea(bytes) || ((bytes[2] >> 3 & 7) | (bytes[0] & 4 ? 8 : 0)) != wanted)
            continue;
        *ret = address - back + (uint64_t)(int64_t)mc_load32(bytes + 3);
        return true;
    }
    return false;
}

/* When the base was computed far away: every address the zone takes that was not tried yet. */
static bool try_all_bases(struct mc_reach *reach, int64_t displacement, unsigned width, bool relative, size_t bound)
{
    bool found = false;
    size_t count = reach->bases.count; /* following the targets adds to the list */
    for (; reach->bases_tried < count; reach->bases_tried++) {
        uint64_t base = reach->bases.items[reach->bases_tried];
        struct table table = {base + (uint64_t)displacement, relative ? base : 0, width};
        /* Data that by chance leads into the zone once is common, twice in a row is not. */
        size_t before = reach->work.count;
        if (!mc_address_set_has(&reach->table_set, table.address) && read_table(reach, &table, bound) >= 2)
            found = true;
        else
            reach->work.count = before;
    }
    return found;
}

/* The instruction reads a table entry: [base + index*width + displacement], or [index*width + displacement]. */
static bool reads_entry(const struct mc_insn *insn)
{
    return insn->has_modrm && insn->mod != 3 && (insn->index != MC_REG_NONE) && (insn->scale == 4 || insn->scale == 8);
}

/* Reads a table that the code names. */
static enum mc_jump_outcome read_named(struct mc_reach *reach, const struct table *table, size_t bound)
{
    if (!read_table(reach, table, bound))
        return MC_JUMP_UNKNOWN;
    if (!mc_address_set_has(&reach->table_set, table->address)) {
        mc_push(&reach->tables, table->address);
        mc_address_set_put(&reach->table_set, table->address);
    }
    return MC_JUMP_RESOLVED;
}

/* `added`: to the base register and the row, by the LEA that adds them. */
static enum mc_jump_outcome follow_load(struct mc_reach *reach, uint64_t address, const struct mc_insn *load, bool relative, int64_t added,
                                        size_t bound, bool last_resort)
{
    struct table table = {.width = load->scale};
    bool wide = reach->image->mode == MC_MODE_64;
    uint64_t base = 0;
    if (load->base == MC_REG_NONE) {
        table.address = (uint64_t)load->displacement;
        if (!wide)
            table.address = (uint32_t)table.address;
        return read_named(reach, &table, bound);
    }
    if (!wide) {
        table.base = relative ? reach->image->got_base : 0;
        table.address = (uint32_t)(reach->image->got_base + (uint64_t)load->displacement);
        return reach->image->got_base ? read_named(reach, &table, bound) : MC_JUMP_UNKNOWN;
    }
    if (find_base(reach, address, load->base, &base) || (reach->unbounded && find_far_base(reach, address, load->base, &base))) {
        table.base = relative ? base + (uint64_t)added : 0;
        table.address = base + (uint64_t)load->displacement;
        if (read_named(reach, &table, bound) == MC_JUMP_RESOLVED)
            return MC_JUMP_RESOLVED;
    }
    if (reach->unbounded)
        return MC_JUMP_UNKNOWN;
    if (!last_resort)
        return MC_JUMP_LATER;
    /* Compilers copy the jump of a loop's switch: its table is one of those that other jumps named. */
    bool found = try_all_bases(reach, load->displacement, table.width, relative, bound);
    return found || reach->tables.count ? MC_JUMP_RESOLVED : MC_JUMP_UNKNOWN;
}

enum mc_jump_outcome mc_reach_jump_table(struct mc_reach *reach, uint64_t address, bool last_resort)
{
    struct mc_insn jump, insn;
    uint64_t offset = address - reach->start;
    if (!mc_decode(reach->image->mode, reach->bytes + offset, reach->end - address, &jump))
        return MC_JUMP_UNKNOWN;
    size_t bound = find_bound(reach, address);
    reach->jump = address;
    if (jump.mod != 3 && !reads_entry(&jump)) /* a tail call through a slot or a vtable: not a jump inside the zone */
        return MC_JUMP_RESOLVED;
    if (jump.mod != 3)
        return follow_load(reach, address, &jump, false, 0, bound, last_resort);
    bool relative = false;
    int64_t added = 0;
    uint64_t at = address;
    for (unsigned i = 0; i < BACKWARDS_LOAD; i++) {
        at = previous(reach, at, &insn);
        if (!at)
            return MC_JUMP_UNKNOWN;
        if (insn.encoding != MC_LEGACY || insn.map != MC_MAP_PRIMARY)
            continue;
        if ((insn.opcode == 0x01 || insn.opcode == 0x03) && insn.mod == 3)
            relative = true; /* add r, base */
        if (insn.opcode == 0x8d && insn.base >= 0 && insn.index != MC_REG_NONE && insn.scale == 1 &&
            ((unsigned)insn.reg == jump.rm)) { /* lea r, [base + r + x] */
            relative = true;
            added = insn.displacement;
        }
        bool load = insn.opcode == 0x8b || (insn.opcode == 0x63 && reach->image->mode == MC_MODE_64);
        if (load && reads_entry(&insn))
            return follow_load(reach, at, &insn, relative || insn.opcode == 0x63, added, bound, last_resort);
    }
    return MC_JUMP_UNKNOWN;
}
