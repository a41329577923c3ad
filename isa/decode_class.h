/* SPDX-License-Identifier: Apache-2.0 */
/* The sweep's decoder, to be inlined into its loop: length, flow, need, displacement.
 *
 * The common instructions (REX, one-byte, 0F, 0F38, 0F3A and VEX maps, mandatory prefixes) are decided here from one or
 * two table entries; everything else (EVEX, XOP, 67, lock, REX2 ...) goes through mc_decode_head, out of line. */
#ifndef MC_ISA_DECODE_CLASS_H
#define MC_ISA_DECODE_CLASS_H

#include "isa/decode.h"
#include "isa/decode_table.h"

#include <string.h>

#define MC_DECODE_SLACK 32 /* bytes that mc_class_at may read from the start of the instruction */
#define MC_MAX_LENGTH 15   /* SDM vol. 2, 2.3.11 */

#define MC_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define MC_ALWAYS_INLINE static inline __attribute__((always_inline)) /* the mode must be a constant in it */

/* Bytes of modrm, SIB and displacement by the modrm byte, for 32- and 64-bit addressing; without the 4 bytes that mod 0
 * with SIB base 5 adds (SDM vol. 2, tables 2-2, 2-3). */
extern const uint8_t mc_modrm_size[256];
/* Bytes of the immediate: [mode][4 * enum mc_imm + (0: 32-bit, 1: 66, 2 and 3: W)], address size as the mode's. Bits 6
 * and 7: by how many bytes a branch displacement is shorter than 4, less one (0: it is not). */
extern const uint8_t mc_imm_size[2][64];

/* What decides besides the opcode, packed for mc_walk. */
static inline uint32_t mc_key(unsigned modrm, unsigned w, unsigned l, unsigned prefix, unsigned b, unsigned mode)
{
    return (modrm & 7) | (modrm >> 3 & 7) << 3 | (uint32_t)(modrm >= 0xc0) << 6 | w << 8 | l << 9 | prefix << 11 |
           b << 13 | mode << 14;
}

/* From an opcode's entry to its leaf; 0 is invalid. */
static inline uint32_t mc_walk(uint32_t entry, uint32_t key)
{
    static const uint8_t shift[MC_NODE_KINDS] = {14, 11, 9, 8, 13, 3, 0}, mask[MC_NODE_KINDS] = {1, 3, 3, 1, 1, 15, 7};
    while (entry & MC_NODE) {
        unsigned kind = entry >> MC_NODE_KIND_SHIFT & 7;
        entry = mc_tree[(entry & MC_NODE_OFFSET) + (key >> shift[kind] & mask[kind])];
    }
    return entry;
}

static inline int32_t mc_load32(const uint8_t *at)
{
    int32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* The rare encodings. Same contract as mc_class_at. */
unsigned mc_class_rare(enum mc_mode mode, const uint8_t *bytes, struct mc_class *ret);

/* Its result by way of a copy, so that the caller's class needs no address and can live in registers. */
MC_ALWAYS_INLINE unsigned mc_class_rare_copied(enum mc_mode mode, const uint8_t *bytes, struct mc_class *ret)
{
    struct mc_class rare;
    unsigned length = mc_class_rare(mode, bytes, &rare);
    *ret = rare;
    return length;
}

/* What follows the opcode, whose leaf is known: fills *ret and returns the length. `at` is behind the opcode. Written
 * without branches: whether there is a modrm byte, a SIB byte, a displacement is as good as random. */
MC_ALWAYS_INLINE unsigned mc_class_finish(enum mc_mode mode, const uint8_t *bytes, const uint8_t *at, uint32_t leaf,
                                          unsigned size_state, struct mc_class *ret)
{
    unsigned modrm = at[0], form = modrm & 0xc7, has = leaf / MC_LEAF_MODRM & 1;
    unsigned sizes = mc_imm_size[mode][(leaf >> (MC_LEAF_IMM_SHIFT - 2) & 60) | size_state], imm_size = sizes & 15;
    unsigned rip = has & (form == 5) & (mode == MC_MODE_64);
    unsigned size = mc_modrm_size[modrm];
    if (MC_UNLIKELY(form == 4))
        size += (unsigned)((at[1] & 7) == 5) << 2;
    const uint8_t *rest = at + (size & -has);
    unsigned bad = leaf / MC_LEAF_MEM_ONLY & (1 + (modrm < 0xc0));
    /* no instruction has both: a branch displacement stands behind the operands, that of [rip + disp32] behind modrm */
    int32_t displacement = mc_load32(at + 1 + ((rest - at - 1) & ((ptrdiff_t)rip - 1)));
    unsigned narrow = sizes >> 3 & 24; /* bits above a displacement of one or two bytes */
    displacement = (int32_t)((uint32_t)displacement << narrow) >> narrow;
    unsigned length = (unsigned)(rest - bytes) + imm_size;
    if (MC_UNLIKELY(!leaf || (bad & 3) || length > MC_MAX_LENGTH)) {
        *ret = (struct mc_class){0};
        return 0;
    }
    ret->length = (uint8_t)length;
    ret->flow = leaf >> MC_LEAF_FLOW_SHIFT & 15;
    ret->flags = (uint8_t)(rip | (leaf / MC_LEAF_CPUID & 1) << 1);
    ret->need = leaf & MC_LEAF_ROW;
    ret->displacement = displacement;
    return length;
}
_Static_assert(MC_CLASS_RIP_RELATIVE == 1 && MC_CLASS_CPUID == 2 && MC_LEAF_REG_ONLY == 2 * MC_LEAF_MEM_ONLY,
               "mc_class_finish relies on these");

/* mc_decode_class for bytes of which MC_DECODE_SLACK are readable; the caller checks the length against what it has. */
MC_ALWAYS_INLINE unsigned mc_class_at(enum mc_mode mode, const uint8_t *bytes, struct mc_class *ret)
{
    const uint8_t *at = bytes;
    const uint32_t *primary = mc_table_legacy0[mode];
    unsigned prefix = 0, size_state = 0, l = 0; /* size_state: bit 0: 66, bit 1: W */
    uint32_t entry = primary[at[0]];
    if (entry & MC_MANDATORY) {
        prefix = at[0] == 0x66 ? MC_PP_66 : at[0] == 0xf3 ? MC_PP_F3 : MC_PP_F2;
        size_state = at[0] == 0x66;
        entry = primary[*++at];
    }
    if (mode == MC_MODE_64) { /* without a branch: REX comes as good as at random */
        unsigned is_rex = (at[0] & 0xf0) == 0x40;
        uint32_t after = primary[at[1]];
        entry ^= (entry ^ after) & -is_rex;
        size_state |= is_rex << 1 & at[0] >> 2;
        at += is_rex;
    }
    unsigned opcode = *at++;
    if (entry & MC_SPECIAL) {
        if (opcode == 0x0f) {
            opcode = *at++;
            entry = mc_table_legacy[mode][0][prefix][opcode];
            if (MC_UNLIKELY(entry & MC_SPECIAL)) {
                if (opcode == 0x0f)
                    return mc_class_rare_copied(mode, bytes, ret);
                entry = mc_table_legacy[mode][opcode == 0x38 ? 1 : 2][prefix][*at++];
            }
        } else if ((opcode == 0xc5 || opcode == 0xc4) && (mode == MC_MODE_64 || at[0] >= 0xc0) && at == bytes + 1) {
            unsigned two = opcode == 0xc5, map = two ? 1 : at[0] & 31u, payload = two ? at[0] | 0x80u : at[1];
            if (map - 1 > 6)
                return mc_class_rare_copied(mode, bytes, ret);
            at += two ? 1 : 2;
            prefix = payload & 3;
            l = payload >> 2 & 1;
            size_state = two ? 0 : payload >> 6 & 2;
            entry = mc_table_vex[map - 1][prefix][*at++];
            if (entry & MC_NODE)
                entry = mc_walk(entry, mc_key(at[0], size_state >> 1, l, prefix, 0, mode));
            if ((payload & 0x78) != 0x78 && !(entry & MC_LEAF_VVVV))
                entry = 0;
        } else {
            return mc_class_rare_copied(mode, bytes, ret);
        }
    }
    if (entry & MC_NODE)
        entry = mc_walk(entry, mc_key(at[0], size_state >> 1, l, prefix, 0, mode));
    return mc_class_finish(mode, bytes, at, entry, size_state, ret);
}

#endif
