/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder over the tables of isa/encodings.txt.
 *
 * One reading of prefixes, escapes and the opcode's leaf (mc_read_head) serves mc_decode and the rare encodings of
 * mc_decode_class; the common ones of the sweep take the short way of isa/decode_class.h. All bytes are read from a
 * window of MC_DECODE_SLACK bytes: the caller's when it has as many, else a zero-padded copy; a length beyond what the
 * caller has is no instruction. */
#include "isa/decode.h"

#include "isa/decode_class.h"

extern const struct mc_need mc_needs[];
extern const uint16_t mc_needs_count;

#define ROW8(a, b, c, d, e, f, g, h) a, b, c, d, e, f, g, h
#define MOD0 ROW8(1, 1, 1, 1, 2, 5, 1, 1)
#define MOD1 ROW8(2, 2, 2, 2, 3, 2, 2, 2)
#define MOD2 ROW8(5, 5, 5, 5, 6, 5, 5, 5)
#define MOD3 ROW8(1, 1, 1, 1, 1, 1, 1, 1)
#define EIGHT(x) x, x, x, x, x, x, x, x
const uint8_t mc_modrm_size[256] = {EIGHT(MOD0), EIGHT(MOD1), EIGHT(MOD2), EIGHT(MOD3)};

#define SIZES(imm, plain, with_66, with_w) [4 * (imm)] = plain, with_66, with_w, with_w
#define SHORT1 (1 | 3 << 6) /* a displacement of one byte: 24 bits shorter */
#define SHORT2 (2 | 2 << 6)
const uint8_t mc_imm_size[2][64] = {
    [MC_MODE_32] = {SIZES(MC_IMM_IB, 1, 1, 1), SIZES(MC_IMM_IW, 2, 2, 2), SIZES(MC_IMM_IZ, 4, 2, 4),
                    SIZES(MC_IMM_IV, 4, 2, 4), SIZES(MC_IMM_IBIB, 2, 2, 2), SIZES(MC_IMM_IWIB, 3, 3, 3),
                    SIZES(MC_IMM_CB, SHORT1, SHORT1, SHORT1), SIZES(MC_IMM_CZ, 4, SHORT2, 4),
                    SIZES(MC_IMM_CV, 4, SHORT2, 4), SIZES(MC_IMM_CP, 6, 4, 6), SIZES(MC_IMM_MOFFS, 4, 4, 4),
                    SIZES(MC_IMM_I32, 4, 4, 4), SIZES(MC_IMM_I64, 8, 8, 8)},
    /* 66 does not shorten near branches in 64-bit mode (SDM vol. 2, JMP; AMD CPUs differ, compilers never emit it) */
    [MC_MODE_64] = {SIZES(MC_IMM_IB, 1, 1, 1), SIZES(MC_IMM_IW, 2, 2, 2), SIZES(MC_IMM_IZ, 4, 2, 4),
                    SIZES(MC_IMM_IV, 4, 2, 8), SIZES(MC_IMM_IBIB, 2, 2, 2), SIZES(MC_IMM_IWIB, 3, 3, 3),
                    SIZES(MC_IMM_CB, SHORT1, SHORT1, SHORT1), SIZES(MC_IMM_CZ, 4, 4, 4), SIZES(MC_IMM_CV, 4, SHORT2, 4),
                    SIZES(MC_IMM_MOFFS, 8, 8, 8), SIZES(MC_IMM_I32, 4, 4, 4), SIZES(MC_IMM_I64, 8, 8, 8)},
};

uint16_t mc_need_count(void)
{
    return mc_needs_count;
}

const struct mc_need *mc_need_at(uint16_t need)
{
    return &mc_needs[need < mc_needs_count ? need : 0];
}

/* Everything before the modrm byte, and what it says. */
struct head {
    enum mc_mode mode;
    const uint8_t *bytes, *at; /* start of the instruction; the byte after the opcode */
    uint32_t leaf;
    uint16_t need;
    enum mc_encoding encoding;
    uint8_t map, opcode, prefix; /* prefix: MC_PP_* */
    bool operand_size_16, address_size, lock, repne, rep;
    uint8_t segment;
    bool rex;
    uint8_t w, l, vvvv, mask, b, z;
    uint8_t reg_high, index_high, base_high; /* bits 3 and 4 of modrm.reg, SIB.index, modrm.rm or SIB.base */
    uint8_t rm_vector_high;                  /* EVEX: the same for a vector register in modrm.rm */
    bool apx;                                /* names a register above r15, or has REX2 */
    struct mc_shape shape;
};

/* Legacy prefixes and REX. Returns false when nothing but prefixes fits into an instruction. */
static bool read_prefixes(struct head *head)
{
    const uint8_t *end = head->bytes + MC_MAX_LENGTH;
    for (; head->at < end; head->at++) {
        switch (*head->at) {
        case 0x66:
            head->operand_size_16 = true;
            break;
        case 0x67:
            head->address_size = true;
            break;
        case 0xf0:
            head->lock = true;
            break;
        case 0xf2:
            head->repne = true;
            head->prefix = MC_PP_F2;
            break;
        case 0xf3:
            head->rep = true;
            head->prefix = MC_PP_F3;
            break;
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
            if (head->mode == MC_MODE_32)
                head->segment = *head->at;
            break;
        case 0x64:
        case 0x65:
            head->segment = *head->at;
            break;
        default:
            if (head->mode == MC_MODE_64 && *head->at >> 4 == 4) {
                head->rex = true;
                head->w = *head->at >> 3 & 1;
                head->reg_high = (*head->at & 4) << 1;
                head->index_high = (*head->at & 2) << 2;
                head->base_high = (*head->at & 1) << 3;
                continue; /* a legacy prefix after it makes it void */
            }
            if (!head->prefix && head->operand_size_16)
                head->prefix = MC_PP_66;
            return true;
        }
        head->rex = false;
        head->w = head->reg_high = head->index_high = head->base_high = 0;
    }
    return false;
}

static uint32_t head_key(const struct head *head, unsigned l)
{
    return mc_key(head->at[0], head->w, l, head->prefix, head->b, head->mode);
}

static void set_leaf(struct head *head, uint32_t entry, unsigned l)
{
    head->leaf = mc_walk(entry, head_key(head, l));
    head->need = head->leaf & MC_LEAF_ROW;
    head->shape = mc_shapes[head->need];
}

static void read_vex(struct head *head, const uint32_t (*table)[4][256], bool two)
{
    const uint8_t *at = head->at;
    unsigned payload = two ? at[0] & 0x7f : at[1];
    head->encoding = MC_VEX;
    head->map = two ? MC_MAP_0F : at[0] & 31;
    head->reg_high = (~at[0] & 0x80) >> 4;
    if (!two) {
        head->index_high = (~at[0] & 0x40) >> 3;
        head->base_high = (~at[0] & 0x20) >> 2;
    }
    head->w = payload >> 7;
    head->vvvv = ~payload >> 3 & 15;
    head->l = payload >> 2 & 1;
    head->prefix = payload & 3;
    head->at += two ? 1 : 2;
    head->opcode = *head->at++;
    if (head->map < 1 || head->map > 7)
        return;
    set_leaf(head, table[head->map - 1][head->prefix][head->opcode], head->l);
}

static void read_xop(struct head *head)
{
    unsigned payload = head->at[1];
    head->encoding = MC_XOP;
    head->map = head->at[0] & 31;
    head->reg_high = (~head->at[0] & 0x80) >> 4;
    head->index_high = (~head->at[0] & 0x40) >> 3;
    head->base_high = (~head->at[0] & 0x20) >> 2;
    head->w = payload >> 7;
    head->vvvv = ~payload >> 3 & 15;
    head->l = payload >> 2 & 1;
    head->prefix = payload & 3;
    head->at += 2;
    head->opcode = *head->at++;
    if (head->map > 10 || head->prefix)
        return;
    set_leaf(head, mc_table_xop[head->map - 8][head->opcode], head->l);
}

/* SDM vol. 2, 2.7.11.2 and table 2-38: what makes an EVEX prefix #UD. */
static bool evex_is_valid(const struct head *head, bool reg)
{
    const struct mc_shape *shape = &head->shape;
    if (head->map == MC_MAP_4 || shape->flags & MC_SHAPE_NF) {
        if (shape->flags & MC_SHAPE_SCC)
            return !head->z;
        return !head->z && !(head->mask & (shape->flags & MC_SHAPE_NF ? 3 : 7)) &&
               (!head->b || shape->flags & (MC_SHAPE_ND | MC_SHAPE_ZU));
    }
    if (head->mask ? !(shape->flags & MC_SHAPE_MASK) : shape->flags & MC_SHAPE_MASK_NEEDED)
        return false;
    if (head->z && (!(shape->flags & MC_SHAPE_ZERO) || !head->mask))
        return false;
    return !head->b || (reg ? (shape->flags & MC_SHAPE_ROUND) != 0 : shape->broadcast != 0);
}

static void read_evex(struct head *head)
{
    unsigned p0 = head->at[0], p1 = head->at[1], p2 = head->at[2];
    bool high_base = p0 & 8, high_index = !(p1 & 4); /* APX: B4, and X4 inverted */
    head->encoding = MC_EVEX;
    head->map = p0 & 7;
    head->w = p1 >> 7;
    head->prefix = p1 & 3;
    head->l = p2 >> 5 & 3;
    head->b = p2 >> 4 & 1;
    head->z = p2 >> 7;
    head->mask = p2 & 7;
    head->reg_high = (~p0 & 0x80) >> 4 | (~p0 & 0x10);
    head->index_high = (~p0 & 0x40) >> 3;
    head->base_high = (~p0 & 0x20) >> 2;
    head->rm_vector_high = (uint8_t)(head->base_high | head->index_high << 1);
    head->vvvv = (~p1 >> 3 & 15) | (~p2 & 8) << 1;
    head->at += 3;
    head->opcode = *head->at++;
    bool reg = head->at[0] >= 0xc0;
    if (head->map == MC_MAP_4) /* promoted legacy instructions: pp is their operand size */
        head->operand_size_16 = head->prefix == MC_PP_66;
    if (head->map == 0 || (head->mode == MC_MODE_32 && (high_base || high_index || !(p2 & 8))) || (reg && high_index))
        return;
    set_leaf(head, mc_table_evex[head->map - 1][head->prefix][head->opcode],
             reg && head->b && head->map != MC_MAP_4 ? 2 : head->l);
    if (!evex_is_valid(head, reg))
        head->leaf = 0;
    if (head->shape.flags & MC_SHAPE_VSIB)
        head->index_high |= (~p2 & 8) << 1;
    else
        head->index_high |= high_index ? 16 : 0;
    head->base_high |= high_base ? 16 : 0;
    head->apx = high_base || high_index || (head->shape.flags & MC_SHAPE_GENERAL && head->reg_high & 16);
}

/* APX: legacy maps 0 and 1 with 32 registers (Intel APX specification 355828, 3.1.1). */
static void read_rex2(struct head *head)
{
    unsigned payload = *head->at++;
    head->encoding = MC_REX2;
    head->rex = true;
    head->map = payload >> 7;
    head->w = payload >> 3 & 1;
    head->reg_high = (payload & 4) << 1 | (payload & 0x40) >> 2;
    head->index_high = (payload & 2) << 2 | (payload & 0x20) >> 1;
    head->base_high = (payload & 1) << 3 | (payload & 0x10);
    head->apx = true;
    head->opcode = *head->at++;
    unsigned row = head->opcode >> 4;
    if (head->map ? row == 3 || row == 8 : row == 4 || row == 7 || row == 10 || row == 14) {
        if (head->map == 0 && head->opcode == 0xa1 && !head->operand_size_16 && !head->prefix) /* JMPABS */
            head->leaf = MC_LEAF_VALID | MC_IMM_I64 << MC_LEAF_IMM_SHIFT | MC_FLOW_JMP_IND << MC_LEAF_FLOW_SHIFT;
        return;
    }
    uint32_t entry = head->map ? mc_table_legacy[MC_MODE_64][0][head->prefix][head->opcode]
                               : mc_table_legacy0[MC_MODE_64][head->opcode];
    if (!(entry & MC_NODE) && entry & MC_SPECIAL)
        return;
    set_leaf(head, entry, 0);
}

static void read_0f(struct head *head)
{
    head->map = MC_MAP_0F;
    head->opcode = *head->at++;
    uint32_t entry = mc_table_legacy[head->mode][0][head->prefix][head->opcode];
    if (!(entry & MC_NODE) && entry & MC_SPECIAL) {
        unsigned escape = entry & 0xff;
        if (escape == MC_SPECIAL_3DNOW) { /* the opcode is the byte behind the operands */
            const uint8_t *at = head->at;
            unsigned size = head->address_size && head->mode == MC_MODE_32 ? 0 : mc_modrm_size[*at];
            if (!size) { /* 16-bit addressing */
                size = *at >= 0xc0 ? 1 : *at >> 6 == 0 ? ((*at & 7) == 6 ? 3 : 1) : (*at >> 6) + 1u;
            } else if ((*at & 0xc7) == 4 && (at[1] & 7) == 5) {
                size += 4;
            }
            head->map = MC_MAP_3DNOW;
            head->opcode = at[size];
            entry = mc_table_3dnow[head->opcode];
            if (entry)
                entry |= MC_IMM_IB << MC_LEAF_IMM_SHIFT;
        } else {
            head->map = escape == MC_SPECIAL_0F38 ? MC_MAP_0F38 : MC_MAP_0F3A;
            head->opcode = *head->at++;
            entry = mc_table_legacy[head->mode][head->map - 1][head->prefix][head->opcode];
        }
    }
    set_leaf(head, entry, 0);
}

static void read_opcode(struct head *head)
{
    head->opcode = *head->at++;
    uint32_t entry = mc_table_legacy0[head->mode][head->opcode];
    if (entry & MC_NODE || !(entry & MC_SPECIAL)) {
        set_leaf(head, entry, 0);
        return;
    }
    bool long_mode = head->mode == MC_MODE_64, reg = head->at[0] >= 0xc0;
    /* 66, F2, F3, F0 and REX before VEX, EVEX, XOP are #UD (SDM vol. 2, 2.3.2); REX before REX2 too */
    bool clean = !head->operand_size_16 && !head->rep && !head->repne && !head->lock && !head->rex;
    const uint32_t *escaped = mc_table_escaped[head->mode];
    switch ((enum mc_special)(entry & 0xff)) {
    case MC_SPECIAL_0F:
        read_0f(head);
        break;
    case MC_SPECIAL_VEX3:
    case MC_SPECIAL_VEX2:
        if (!long_mode && !reg)
            set_leaf(head, escaped[head->opcode & 1], 0);
        else if (clean)
            read_vex(head, mc_table_vex, head->opcode == 0xc5);
        break;
    case MC_SPECIAL_EVEX:
        if (!long_mode && !reg)
            set_leaf(head, escaped[2], 0);
        else if (clean)
            read_evex(head);
        break;
    case MC_SPECIAL_XOP:
        if ((head->at[0] & 31) < 8)
            set_leaf(head, escaped[3], 0);
        else if (clean)
            read_xop(head);
        break;
    case MC_SPECIAL_REX2:
        if (!head->rex)
            read_rex2(head);
        break;
    default:
        break;
    }
}

/* LOCK is #UD on anything but certain instructions with a memory destination (SDM vol. 2, LOCK). */
static bool lock_is_valid(const struct head *head)
{
    if (!head->lock)
        return true;
    if (head->map > MC_MAP_0F)
        return false;
    uint32_t leaf = mc_walk(mc_table_lock[head->map][head->opcode], head_key(head, 0));
    return leaf && (!(leaf & MC_LEAF_MEM_ONLY) || head->at[0] < 0xc0);
}

/* False when the bytes are no instruction as far as the opcode tells. */
static bool read_head(enum mc_mode mode, const uint8_t *bytes, struct head *head)
{
    *head = (struct head){.mode = mode, .bytes = bytes, .at = bytes};
    if (!read_prefixes(head))
        return false;
    read_opcode(head);
    if (!head->leaf || !lock_is_valid(head))
        return false;
    if (head->leaf & MC_LEAF_MODRM && head->leaf & (head->at[0] >= 0xc0 ? MC_LEAF_MEM_ONLY : MC_LEAF_REG_ONLY))
        return false;
    /* an unused vvvv must be 1111b; with VSIB, EVEX.V' belongs to the index */
    unsigned unused = head->shape.flags & MC_SHAPE_VSIB ? 15 : 31;
    bool used =
        head->leaf & MC_LEAF_VVVV || head->shape.flags & MC_SHAPE_SCC || (head->shape.flags & MC_SHAPE_ND && head->b);
    if (!used && head->vvvv & unused)
        return false;
    if (mode == MC_MODE_32) { /* there are eight registers; the bits for more do not count (SDM vol. 2, 2.3.5, 2.7.1) */
        head->reg_high = head->index_high = head->base_high = head->rm_vector_high = 0;
        head->vvvv &= 7;
    }
    if (head->apx) {
        head->need = mc_need_with_apx[head->need];
        if (!head->need)
            return false;
    }
    return true;
}

/* The multiplier of an 8-bit displacement (SDM vol. 2, 2.7.5). */
static unsigned disp8_factor(const struct head *head)
{
    const struct mc_shape *shape = &head->shape;
    if (head->encoding != MC_EVEX || !shape->disp_base)
        return 1;
    if (head->b && shape->broadcast)
        return shape->broadcast;
    if (!shape->disp_by_vl)
        return 1u << (shape->disp_base - 1);
    if (shape->disp_base == MC_DISP_DUP)
        return head->l == 0 ? 8 : 16u << head->l;
    return 16u << head->l >> (shape->disp_base - 1);
}

static void read_memory_16(const struct head *head, const uint8_t **at, struct mc_insn *ret)
{
    static const int8_t bases[8] = {3, 3, 5, 5, 6, 7, 5, 3}, indexes[8] = {6, 7, 6, 7, -1, -1, -1, -1};
    unsigned modrm = *(*at)++, rm = modrm & 7;
    ret->base = bases[rm];
    ret->index = indexes[rm];
    ret->displacement_offset = (uint8_t)(*at - head->bytes);
    if (ret->mod == 0 && rm == 6) {
        ret->base = MC_REG_NONE;
        ret->displacement_size = 2;
    } else {
        ret->displacement_size = ret->mod;
    }
    if (ret->displacement_size == 1)
        ret->displacement = (int64_t)(int8_t) * *at * disp8_factor(head);
    else if (ret->displacement_size == 2)
        ret->displacement = (int16_t)mc_load32(*at);
    *at += ret->displacement_size;
}

static void read_memory(const struct head *head, const uint8_t **at, struct mc_insn *ret)
{
    unsigned modrm = *(*at)++, rm = modrm & 7, base = rm;
    bool vsib = head->shape.flags & MC_SHAPE_VSIB;
    if (rm == 4) {
        unsigned sib = *(*at)++;
        unsigned index = (sib >> 3 & 7) | head->index_high;
        base = sib & 7;
        ret->scale = (uint8_t)(1 << (sib >> 6));
        ret->vector_index = vsib;
        if (vsib || index != 4)
            ret->index = (int8_t)index;
    }
    ret->base = (int8_t)(base | head->base_high);
    ret->displacement_size = ret->mod == 1 ? 1 : ret->mod == 2 ? 4 : 0;
    if (ret->mod == 0 && base == 5) {
        ret->displacement_size = 4;
        ret->base = rm == 5 && head->mode == MC_MODE_64 ? MC_REG_RIP : MC_REG_NONE;
        if (ret->base == MC_REG_RIP)
            ret->flags |= MC_CLASS_RIP_RELATIVE;
    }
    ret->displacement_offset = (uint8_t)(*at - head->bytes);
    if (ret->displacement_size == 1)
        ret->displacement = (int64_t)(int8_t) * *at * disp8_factor(head);
    else if (ret->displacement_size == 4)
        ret->displacement = mc_load32(*at);
    *at += ret->displacement_size;
}

static int64_t load_signed(const uint8_t *at, unsigned size)
{
    int64_t value = 0;
    memcpy(&value, at, size);
    unsigned shift = 64 - 8 * size;
    return size ? (int64_t)((uint64_t)value << shift) >> shift : 0;
}

static const uint8_t prefix_bytes[4] = {0, 0x66, 0xf3, 0xf2};

/* Branch displacements and absolute addresses are displacements; ENTER and EXTRQ's pairs are one immediate. */
static void read_immediate(const struct head *head, const uint8_t **at, struct mc_insn *ret)
{
    unsigned imm = head->leaf >> MC_LEAF_IMM_SHIFT & 15;
    unsigned size = mc_imm_size[head->mode][4 * imm + (head->operand_size_16 ? 1 : 0) + 2 * head->w] & 15;
    if (imm == MC_IMM_MOFFS && head->address_size)
        size /= 2;
    uint8_t offset = (uint8_t)(*at - head->bytes);
    int64_t value = load_signed(*at, size);
    *at += size;
    if (imm == MC_IMM_CB || imm == MC_IMM_CZ || imm == MC_IMM_CV || imm == MC_IMM_MOFFS) {
        ret->displacement = value;
        ret->displacement_offset = offset;
        ret->displacement_size = (uint8_t)size;
    } else {
        ret->immediate = value;
        ret->immediate_offset = size ? offset : 0;
        ret->immediate_size = (uint8_t)size;
    }
}

static void fill_from_head(const struct head *head, struct mc_insn *ret)
{
    *ret = (struct mc_insn){
        .flow = head->leaf >> MC_LEAF_FLOW_SHIFT & 15,
        .flags = head->leaf & MC_LEAF_CPUID ? MC_CLASS_CPUID : 0,
        .need = head->need,
        .encoding = (uint8_t)head->encoding,
        .map = head->map,
        .opcode = head->opcode,
        .prefix = prefix_bytes[head->prefix],
        .operand_size_16 = head->operand_size_16,
        .address_size = head->address_size,
        .lock = head->lock,
        .repne = head->repne,
        .rep = head->rep,
        .segment = head->segment,
        .rex = head->rex,
        .w = head->w,
        .vector_length = head->l,
        .vvvv = head->vvvv,
        .mask = head->mask,
        .base = MC_REG_NONE,
        .index = MC_REG_NONE,
        .scale = 1,
        .opcode_register = (head->opcode & 7) | head->base_high,
    };
    bool o64 = head->mode == MC_MODE_64 && head->leaf & MC_LEAF_O64;
    bool near_branch = ret->flow != MC_FLOW_NEXT; /* forced to 64 bits: 66 has no effect */
    ret->operand_size = head->w ? 8 : head->operand_size_16 && !(o64 && near_branch) ? 2 : o64 ? 8 : 4;
}

static unsigned decode_window(enum mc_mode mode, const uint8_t *bytes, struct mc_insn *ret)
{
    struct head head;
    if (!read_head(mode, bytes, &head)) {
        *ret = (struct mc_insn){0};
        return 0;
    }
    fill_from_head(&head, ret);
    const uint8_t *at = head.at;
    bool valid = true;
    if (head.leaf & MC_LEAF_MODRM) {
        unsigned modrm = *at;
        ret->has_modrm = true;
        ret->mod = (uint8_t)(modrm >> 6);
        ret->reg = (modrm >> 3 & 7) | head.reg_high;
        if (ret->mod == 3) {
            bool vector = head.encoding == MC_EVEX && head.map != MC_MAP_4;
            ret->rm = (modrm & 7) | (vector && !head.apx ? head.rm_vector_high : head.base_high);
            at++;
        } else if (mode == MC_MODE_32 && head.address_size) {
            valid = !(head.shape.flags & MC_SHAPE_VSIB); /* there is no SIB byte */
            read_memory_16(&head, &at, ret);
        } else {
            read_memory(&head, &at, ret);
        }
    }
    read_immediate(&head, &at, ret);
    size_t length = (size_t)(at - bytes);
    if (!valid || length > MC_MAX_LENGTH) {
        *ret = (struct mc_insn){0};
        return 0;
    }
    ret->length = (uint8_t)length;
    return ret->length;
}

unsigned mc_class_rare(enum mc_mode mode, const uint8_t *bytes, struct mc_class *ret)
{
    struct mc_insn insn;
    unsigned length = decode_window(mode, bytes, &insn);
    bool direct = insn.flow == MC_FLOW_JCC || insn.flow == MC_FLOW_JMP || insn.flow == MC_FLOW_CALL;
    *ret = (struct mc_class){.length = (uint8_t)length, .flow = insn.flow, .flags = insn.flags, .need = insn.need};
    if (direct || insn.flags & MC_CLASS_RIP_RELATIVE)
        ret->displacement = (int32_t)insn.displacement;
    return length;
}

/* The end of a span: not MC_DECODE_SLACK bytes left. */
static __attribute__((noinline)) unsigned class_at_end(enum mc_mode mode, const uint8_t *bytes, size_t size,
                                                       struct mc_class *ret)
{
    uint8_t window[MC_DECODE_SLACK] = {0};
    memcpy(window, bytes, size);
    unsigned length = mode == MC_MODE_64 ? mc_class_at(MC_MODE_64, window, ret) : mc_class_at(MC_MODE_32, window, ret);
    if (length > size) {
        *ret = (struct mc_class){0};
        return 0;
    }
    return length;
}

unsigned mc_decode_class(enum mc_mode mode, const uint8_t *bytes, size_t size, struct mc_class *ret)
{
    if (MC_UNLIKELY(size < MC_DECODE_SLACK))
        return class_at_end(mode, bytes, size, ret);
    return mode == MC_MODE_64 ? mc_class_at(MC_MODE_64, bytes, ret) : mc_class_at(MC_MODE_32, bytes, ret);
}

unsigned mc_decode(enum mc_mode mode, const uint8_t *bytes, size_t size, struct mc_insn *ret)
{
    uint8_t window[MC_DECODE_SLACK];
    if (size >= MC_DECODE_SLACK)
        return decode_window(mode, bytes, ret);
    memset(window, 0, sizeof window);
    memcpy(window, bytes, size);
    unsigned length = decode_window(mode, window, ret);
    if (length > size) {
        *ret = (struct mc_insn){0};
        return 0;
    }
    return length;
}
