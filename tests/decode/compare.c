/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/decode/compare.h"

#include <stdio.h>
#include <string.h>

/* Why one of the two decodes what the other does not. */
enum reason {
    REASON_NONE,
    REASON_KNIGHTS_CORNER,
    REASON_APX,
    REASON_NEWER,
    REASON_REGISTER,
    REASON_DISTINCT,
    REASON_MPX,
    REASON_COUNT,
};

static const char *const reason_texts[REASON_COUNT] = {
    [REASON_KNIGHTS_CORNER] =
        "only Zydis: Knights Corner's VEX and MVEX instructions, which no CPU that runs Linux guests has",
    [REASON_APX] = "only we: APX (REX2, map 4, extended EVEX), newer than Zydis 4.0",
    [REASON_NEWER] = "only we: instruction newer than Zydis 4.0",
    [REASON_REGISTER] =
        "only we: a mask, tile, control, debug or segment register that does not exist; we do not look at "
        "register classes",
    [REASON_DISTINCT] = "only we: registers that must be distinct (SDM vol. 2: gathers, tile products) are the same",
    [REASON_MPX] = "only we: MPX operands that are #UD on CPUs with MPX, and NOPs on all others",
};
_Static_assert(REASON_COUNT <= COMPARE_REASONS, "widen COMPARE_REASONS");

void comparison_open(struct comparison *comparison)
{
    memset(comparison, 0, sizeof *comparison);
    ZydisDecoderInit(&comparison->decoders[0], ZYDIS_MACHINE_MODE_LONG_COMPAT_32, ZYDIS_STACK_WIDTH_32);
    ZydisDecoderInit(&comparison->decoders[1], ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
}

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_mask_destination(const char *name)
{
    static const char *const names[] = {"vpcmp", "vcmp", "vptest", "vfpclass", "vp2intersect", "vpshufbitqmb"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (begins(name, names[i]))
            return true;
    return begins(name, "vpmov") && strstr(name, "2m");
}

/* Features whose instructions came after Zydis 4.0 (2022). */
static bool is_newer(const struct mc_need *need)
{
    static const enum mc_feature newer[] = {
        MC_F_AVXIFMA, MC_F_AVXNECONVERT, MC_F_AVXVNNIINT8,   MC_F_AVXVNNIINT16, MC_F_CMPCCXADD, MC_F_RAOINT,
        MC_F_SHA512,  MC_F_SM3,          MC_F_SM4,           MC_F_USERMSR,      MC_F_MSRLIST,   MC_F_WRMSRNS,
        MC_F_FRED,    MC_F_LKGS,         MC_F_TSE,           MC_F_AMX_FP16,     MC_F_AMX_COMPLEX,
        MC_F_PREFETCHI};
    for (unsigned i = 0; i < need->count; i++)
        for (size_t j = 0; j < sizeof newer / sizeof *newer; j++)
            if (mc_set_has(&need->alternatives[i], newer[j]))
                return true;
    return false;
}

/* Why we decode what Zydis does not. */
static enum reason explain_ours(const struct mc_insn *ours)
{
    const struct mc_need *need = ours->need ? mc_need_at(ours->need) : NULL;
    const char *name = need ? need->text : "";
    bool register_above_7 = ours->reg > 7 || (ours->mod == 3 && ours->rm > 7) || ours->vvvv > 7;
    if (ours->encoding == MC_REX2 || (need && mc_set_has(&need->alternatives[0], MC_F_APXF)))
        return REASON_APX;
    if (need && is_newer(need))
        return REASON_NEWER;
    if (begins(name, "bnd"))
        return REASON_MPX;
    if (ours->encoding == MC_LEGACY && ours->map == MC_MAP_0F && ours->opcode >= 0x20 && ours->opcode <= 0x23)
        return REASON_REGISTER;
    if (ours->encoding == MC_VEX && (*name == 'k' || begins(name, "tdp") || begins(name, "tile")))
        return register_above_7 ? REASON_REGISTER : REASON_DISTINCT;
    if (ours->encoding == MC_EVEX && is_mask_destination(name) && ours->reg > 7)
        return REASON_REGISTER;
    if (ours->vector_index || begins(name, "vf") || begins(name, "v4f") || begins(name, "vp4"))
        return REASON_DISTINCT;
    if (ours->map == MC_MAP_PRIMARY && (ours->opcode == 0x8c || ours->opcode == 0x8e))
        return REASON_REGISTER;
    return REASON_NONE;
}

static void fail(struct comparison *comparison, enum mc_mode mode, const uint8_t *bytes, size_t size, const char *where,
                 const char *what, long long ours, long long theirs)
{
    if (comparison->failures++ >= 40)
        return;
    printf("# %s, %d-bit:", where, mode == MC_MODE_64 ? 64 : 32);
    for (size_t i = 0; i < size && i < 15; i++)
        printf(" %02x", bytes[i]);
    printf(": %s: ours %lld, Zydis %lld\n", what, ours, theirs);
}

static enum mc_flow zydis_flow(const ZydisDecodedInstruction *insn)
{
    switch (insn->mnemonic) {
    case ZYDIS_MNEMONIC_JMP:
        return insn->raw.imm[0].is_relative ? MC_FLOW_JMP : MC_FLOW_JMP_IND;
    case ZYDIS_MNEMONIC_CALL:
        return insn->raw.imm[0].is_relative ? MC_FLOW_CALL : MC_FLOW_CALL_IND;
    case ZYDIS_MNEMONIC_RET:
    case ZYDIS_MNEMONIC_IRET:
    case ZYDIS_MNEMONIC_IRETD:
    case ZYDIS_MNEMONIC_IRETQ:
    case ZYDIS_MNEMONIC_SYSRET:
    case ZYDIS_MNEMONIC_SYSEXIT:
    case ZYDIS_MNEMONIC_UIRET:
    case ZYDIS_MNEMONIC_RSM:
        return MC_FLOW_RET;
    case ZYDIS_MNEMONIC_UD0:
    case ZYDIS_MNEMONIC_UD1:
    case ZYDIS_MNEMONIC_UD2:
    case ZYDIS_MNEMONIC_INT3:
    case ZYDIS_MNEMONIC_HLT:
        return MC_FLOW_STOP;
    case ZYDIS_MNEMONIC_SYSCALL:
    case ZYDIS_MNEMONIC_SYSENTER:
    case ZYDIS_MNEMONIC_INT:
    case ZYDIS_MNEMONIC_INT1:
    case ZYDIS_MNEMONIC_INTO:
        return MC_FLOW_SYSCALL;
    case ZYDIS_MNEMONIC_XBEGIN:
        return MC_FLOW_JCC;
    case ZYDIS_MNEMONIC_XEND: /* in Zydis' category of conditional branches */
        return MC_FLOW_NEXT;
    default:
        return insn->meta.category == ZYDIS_CATEGORY_COND_BR ? MC_FLOW_JCC : MC_FLOW_NEXT;
    }
}

static int register_number(ZydisRegister reg)
{
    if (reg == ZYDIS_REGISTER_NONE)
        return MC_REG_NONE;
    if (reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP)
        return MC_REG_RIP;
    return ZydisRegisterGetId(reg);
}

#define CHECK(what, ours_, theirs_)                                                                             \
    do {                                                                                                        \
        if ((long long)(ours_) != (long long)(theirs_)) {                                                       \
            fail(comparison, mode, bytes, ours->length, where, what, (long long)(ours_), (long long)(theirs_)); \
            return false;                                                                                       \
        }                                                                                                       \
    } while (0)

static bool memory_agrees(struct comparison *comparison, enum mc_mode mode, const uint8_t *bytes, const char *where,
                          const struct mc_insn *ours, const ZydisDecodedOperand *operand)
{
    bool vsib = operand->mem.type == ZYDIS_MEMOP_TYPE_VSIB;
    /* With 67 and REX.B, Zydis 4.0 makes r13 the base and drops the displacement of SIB base 5 with mod 0, where there
     * is no base and a disp32 (SDM vol. 2, table 2-3, note 1; 2.2.1.2: REX.B is not decoded there). The length is
     * right. */
    if (ours->address_size && mode == MC_MODE_64 && ours->mod == 0 && ours->base == MC_REG_NONE)
        return true;
    CHECK("base", ours->base, register_number(operand->mem.base));
    if (operand->mem.type != ZYDIS_MEMOP_TYPE_MIB) { /* BNDLDX: the index is not part of the address */
        CHECK("index", ours->index, register_number(operand->mem.index));
        CHECK("vector index", ours->vector_index, vsib);
        if (operand->mem.index != ZYDIS_REGISTER_NONE && operand->mem.scale)
            CHECK("scale", ours->scale, operand->mem.scale);
    }
    CHECK("displacement", ours->displacement, operand->mem.disp.has_displacement ? operand->mem.disp.value : 0);
    return true;
}

static bool immediate_agrees(struct comparison *comparison, enum mc_mode mode, const uint8_t *bytes, const char *where,
                             const struct mc_insn *ours, const ZydisDecodedInstruction *theirs)
{
    unsigned size = theirs->raw.imm[0].size / 8;
    if (!size)
        return true;
    if (theirs->raw.imm[0].is_relative) {
        CHECK("branch displacement", ours->displacement, theirs->raw.imm[0].value.s);
        CHECK("branch displacement's offset", ours->displacement_offset, theirs->raw.imm[0].offset);
        return true;
    }
    if (!ours->has_modrm && ours->map == MC_MAP_0F && ours->opcode >= 0x20 && ours->opcode <= 0x23)
        return true;
    uint64_t mask = size == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1;
    CHECK("immediate", (uint64_t)ours->immediate & mask, theirs->raw.imm[0].value.u & mask);
    CHECK("immediate's offset", ours->immediate_offset, theirs->raw.imm[0].offset);
    CHECK("immediate's size", ours->immediate_size, size + theirs->raw.imm[1].size / 8);
    return true;
}

static bool registers_agree(struct comparison *comparison, enum mc_mode mode, const uint8_t *bytes, const char *where,
                            const struct mc_insn *ours, const ZydisDecodedOperand *operand)
{
    ZydisRegisterClass class = ZydisRegisterGetClass(operand->reg.value);
    bool general = class == ZYDIS_REGCLASS_GPR32 || class == ZYDIS_REGCLASS_GPR64 || class == ZYDIS_REGCLASS_GPR16;
    bool vector = class == ZYDIS_REGCLASS_XMM || class == ZYDIS_REGCLASS_YMM || class == ZYDIS_REGCLASS_ZMM;
    if (!general && !vector)
        return true;
    int number = ZydisRegisterGetId(operand->reg.value);
    /* in 32-bit mode the high bits of EVEX register fields do not count */
    int mask = mode == MC_MODE_32 ? 7 : general ? 15 : 31;
    if (operand->encoding == ZYDIS_OPERAND_ENCODING_MODRM_REG)
        CHECK("modrm.reg", ours->reg & mask, number);
    else if (operand->encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM)
        CHECK("modrm.rm", ours->rm & mask, number);
    else if (operand->encoding == ZYDIS_OPERAND_ENCODING_OPCODE)
        CHECK("register in the opcode", ours->opcode_register & mask, number);
    else if (operand->encoding == ZYDIS_OPERAND_ENCODING_NDSNDD)
        CHECK("vvvv", ours->vvvv & mask, number);
    return true;
}

static bool operands_agree(struct comparison *comparison, enum mc_mode mode, const uint8_t *bytes, const char *where,
                           const struct mc_insn *ours, const ZydisDecodedInstruction *theirs,
                           const ZydisDecodedOperand *operands)
{
    bool moves_control =
        ours->encoding == MC_LEGACY && ours->map == MC_MAP_0F && ours->opcode >= 0x20 && ours->opcode <= 0x23;
    if (!moves_control)
        CHECK("has modrm", ours->has_modrm, theirs->raw.modrm.offset != 0);
    if (ours->has_modrm) {
        CHECK("mod", ours->mod, theirs->raw.modrm.mod);
        CHECK("reg", ours->reg & 7, theirs->raw.modrm.reg);
        if (ours->mod == 3)
            CHECK("rm", ours->rm & 7, theirs->raw.modrm.rm);
        if (ours->mod != 3)
            CHECK("displacement's size", ours->displacement_size, theirs->raw.disp.size / 8);
        if (ours->mod != 3 && ours->displacement_size)
            CHECK("displacement's offset", ours->displacement_offset, theirs->raw.disp.offset);
    }
    for (unsigned i = 0; i < theirs->operand_count; i++) {
        const ZydisDecodedOperand *operand = &operands[i];
        if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY && operand->encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM &&
            !memory_agrees(comparison, mode, bytes, where, ours, operand))
            return false;
        if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER && operand->visibility != ZYDIS_OPERAND_VISIBILITY_HIDDEN &&
            !moves_control && !registers_agree(comparison, mode, bytes, where, ours, operand))
            return false;
    }
    return immediate_agrees(comparison, mode, bytes, where, ours, theirs);
}

static bool classes_agree(struct comparison *comparison, enum mc_mode mode, const uint8_t *bytes, size_t size,
                          const char *where, const struct mc_insn *ours)
{
    struct mc_class class;
    mc_decode_class(mode, bytes, size, &class);
    CHECK("mc_decode_class: length", ours->length, class.length);
    CHECK("mc_decode_class: need", ours->need, class.need);
    CHECK("mc_decode_class: flow", ours->flow, class.flow);
    CHECK("mc_decode_class: flags", ours->flags, class.flags);
    if (ours->length && (ours->flags & MC_CLASS_RIP_RELATIVE || ours->flow == MC_FLOW_JCC ||
                         ours->flow == MC_FLOW_JMP || ours->flow == MC_FLOW_CALL))
        CHECK("mc_decode_class: displacement", (int32_t)ours->displacement, class.displacement);
    return true;
}

unsigned compare(struct comparison *comparison, enum mc_mode mode, const uint8_t *bytes, size_t size, const char *where)
{
    struct mc_insn insn, *ours = &insn;
    ZydisDecodedInstruction theirs;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    mc_decode(mode, bytes, size, ours);
    if (!classes_agree(comparison, mode, bytes, size, where, ours))
        return ours->length;
    bool decoded = ZYAN_SUCCESS(ZydisDecoderDecodeFull(&comparison->decoders[mode], bytes, size, &theirs, operands));
    if (!decoded && !ours->length) {
        comparison->neither++;
        return 0;
    }
    if (!decoded || !ours->length) {
        enum reason reason =
            decoded ? (begins(ZydisISASetGetString(theirs.meta.isa_set), "KNC") ? REASON_KNIGHTS_CORNER : REASON_NONE)
                    : explain_ours(ours);
        if (reason == REASON_NONE)
            fail(comparison, mode, bytes, decoded ? theirs.length : ours->length, where, "length", ours->length,
                 decoded ? theirs.length : 0);
        else
            comparison->explained[reason]++;
        return decoded ? theirs.length : ours->length;
    }
    if (theirs.encoding == ZYDIS_INSTRUCTION_ENCODING_MVEX) { /* Knights Corner's prefix; ours is EVEX with APX's X4 */
        comparison->explained[REASON_KNIGHTS_CORNER]++;
        return ours->length;
    }
    if (ours->length != theirs.length || ours->flow != zydis_flow(&theirs)) {
        bool length = ours->length != theirs.length;
        fail(comparison, mode, bytes, ours->length, where, length ? "length" : "flow",
             length ? ours->length : ours->flow, length ? theirs.length : (long long)zydis_flow(&theirs));
        return ours->length;
    }
    if (operands_agree(comparison, mode, bytes, where, ours, &theirs, operands))
        comparison->compared++;
    return ours->length;
}

int comparison_report(const struct comparison *comparison, const char *what)
{
    printf("# %lu instructions alike, %lu times neither decodes\n", comparison->compared, comparison->neither);
    for (unsigned i = 1; i < REASON_COUNT; i++)
        if (comparison->explained[i])
            printf("# %lu times %s\n", comparison->explained[i], reason_texts[i]);
    bool enough = comparison->compared > 1000;
    printf("%s - %s: as Zydis %s (%lu unexplained differences)\n", enough && !comparison->failures ? "ok" : "not ok",
           what, "decodes it", comparison->failures);
    return enough && !comparison->failures ? 0 : 1;
}
