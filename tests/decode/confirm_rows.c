/* SPDX-License-Identifier: Apache-2.0 */
/* Every row of isa/encodings.txt confirmed by a decoder that is not ours. Prints TAP.
 *   confirm_rows ENCODINGS.TXT [--list]        --list: one line per row, with its witness
 * For each row: both modes, memory and register form, every W, L and prefix that it allows. Zydis 4.0 is asked first,
 * then objdump, then llvm-mc; `witnesses` says which of them must know a row. A row that none knows is a guess, and not allowed. */
#include "tests/decode/confirm.h"

#include <stdlib.h>
#include <string.h>

static struct sample *samples;
static size_t sample_count, sample_capacity;

/* Who must confirm the rows of a feature; all others: Zydis. */
static const struct {
    const char *feature;
    enum witness witness;
} witnesses[] = {
    {"avxifma", WITNESS_OBJDUMP},
    {"avxneconvert", WITNESS_OBJDUMP},
    {"avxvnniint8", WITNESS_OBJDUMP},
    {"cmpccxadd", WITNESS_OBJDUMP},
    {"raoint", WITNESS_OBJDUMP},
    {"msrlist", WITNESS_OBJDUMP},
    {"wrmsrns", WITNESS_OBJDUMP},
    {"amx-fp16", WITNESS_OBJDUMP},
    {"prefetchi", WITNESS_OBJDUMP},
    {"avxvnniint16", WITNESS_LLVM},
    {"sha512", WITNESS_LLVM},
    {"sm3", WITNESS_LLVM},
    {"sm4", WITNESS_LLVM},
    {"usermsr", WITNESS_LLVM},
    {"amx-complex", WITNESS_LLVM},
    {"tse", WITNESS_LLVM},
    {"apxf", WITNESS_LLVM},
    {"fred", WITNESS_LLVM},
    {"lkgs", WITNESS_LLVM},
};

static enum witness expected_witness(const struct gen_row *row)
{
    for (size_t i = 0; i < sizeof witnesses / sizeof *witnesses; i++)
        if (strcmp(row->features[0][0], witnesses[i].feature) == 0)
            return witnesses[i].witness;
    return WITNESS_ZYDIS;
}

/* One choice of everything that a row leaves open. */
struct choice {
    enum mc_mode mode;
    unsigned prefix, w, l, b, opcode, reg;
    bool memory;
};

static unsigned first_bit(unsigned set)
{
    return set ? (unsigned)__builtin_ctz(set) : 0;
}

/* The register numbers differ from one another: gathers and tile products demand it. */
enum { OTHER_REGISTER = 1, ANY_REG = 2, ANY_RM = 3, SIB_INDEX_5 = 0x28 };

static unsigned put_escape(const struct gen_row *row, const struct choice *choice, uint8_t *bytes)
{
    static const uint8_t prefixes[4] = {0, 0x66, 0xf3, 0xf2};
    unsigned at = 0, unused = 15,
             v = unused ^
                 (row->flags & MC_LEAF_VVVV || (row->shape.flags & MC_SHAPE_ND && choice->b) ? OTHER_REGISTER : 0);
    switch (row->encoding) {
    case GEN_LOCK:
        bytes[at++] = 0xf0;
        /* fall through */
    case GEN_LEGACY:
    case GEN_3DNOW:
        if (choice->prefix)
            bytes[at++] = prefixes[choice->prefix];
        if (choice->w)
            bytes[at++] = 0x48;
        if (row->map)
            bytes[at++] = 0x0f;
        if (row->map == MC_MAP_0F38 || row->map == MC_MAP_0F3A || row->encoding == GEN_3DNOW)
            bytes[at++] = row->map == MC_MAP_0F38 ? 0x38 : row->map == MC_MAP_0F3A ? 0x3a : 0x0f;
        return at;
    case GEN_VEX:
    case GEN_XOP:
        bytes[at++] = row->encoding == GEN_VEX ? 0xc4 : 0x8f;
        bytes[at++] = (uint8_t)(0xe0 | row->map);
        bytes[at++] = (uint8_t)(choice->w << 7 | v << 3 | choice->l << 2 | choice->prefix);
        return at;
    case GEN_EVEX:
        bytes[at++] = 0x62;
        bytes[at++] = (uint8_t)(0xf0 | row->map);
        bytes[at++] = (uint8_t)(choice->w << 7 | v << 3 | 4 | choice->prefix);
        bytes[at++] =
            (uint8_t)(choice->l << 5 | choice->b << 4 | 8 | (row->shape.flags & MC_SHAPE_MASK_NEEDED ? 1 : 0));
        return at;
    }
    return at;
}

static void add_sample(const struct gen_row *row, const struct choice *choice)
{
    struct sample sample = {.row = row, .mode = choice->mode};
    unsigned at = put_escape(row, choice, sample.bytes);
    if (row->encoding != GEN_3DNOW)
        sample.bytes[at++] = (uint8_t)choice->opcode;
    unsigned rm = row->box.rm == 0xff ? ANY_RM : first_bit(row->box.rm);
    bool modrm = row->flags & MC_LEAF_MODRM || row->box.modreg != 0xffff || row->encoding == GEN_LOCK;
    if (modrm && choice->memory) {
        if (row->box.rm == 1 << 5) { /* RIP-relative: four bytes of displacement, 0 */
            sample.bytes[at++] = (uint8_t)(choice->reg << 3 | 5);
            at += 4;
        } else {
            sample.bytes[at++] = (uint8_t)(choice->reg << 3 | 4);
            sample.bytes[at++] = SIB_INDEX_5;
        }
    } else if (modrm) {
        sample.bytes[at++] = (uint8_t)(0xc0 | choice->reg << 3 | rm);
    }
    if (row->encoding == GEN_3DNOW)
        sample.bytes[at++] = (uint8_t)choice->opcode;
    struct mc_insn insn;
    sample.length = mc_decode(choice->mode, sample.bytes, sizeof sample.bytes, &insn);
    const char *name = insn.need ? mc_need_at(insn.need)->text : "";
    if (row->need ? strcmp(name, row->mnemonic) != 0
                  : insn.need && row->encoding != GEN_LOCK) /* an earlier row has these bytes */
        return;
    if (sample_count == sample_capacity) {
        sample_capacity = sample_capacity ? 2 * sample_capacity : 16384;
        samples = realloc(samples, sample_capacity * sizeof *samples);
        if (!samples)
            abort();
    }
    samples[sample_count++] = sample;
}

/* Memory and register form, with each value of modrm.reg that the row singles out. */
static void add_forms(const struct gen_row *row, struct choice choice)
{
    for (int memory = 0; memory < 2; memory++) {
        unsigned allowed = memory ? row->box.modreg & 0xff : row->box.modreg >> 8;
        choice.memory = memory;
        for (choice.reg = 0; choice.reg < 8; choice.reg++)
            if (allowed >> choice.reg & 1 && (allowed != 0xff || choice.reg == ANY_REG))
                add_sample(row, &choice);
        if (!(row->flags & MC_LEAF_MODRM) && row->box.modreg == 0xffff)
            break;
    }
}

static void add_row(const struct gen_row *row)
{
    unsigned prefixes = row->box.prefix == 15 ? 1 : row->box.prefix;
    unsigned lengths =
        row->encoding == GEN_VEX || row->encoding == GEN_XOP || row->encoding == GEN_EVEX ? row->box.l : 1;
    for (unsigned mode = 0; mode < 2; mode++)
        for (unsigned bits = 0; bits < 4 * 2 * 4; bits++) {
            struct choice choice = {
                .mode = mode ? MC_MODE_64 : MC_MODE_32, .prefix = bits & 3, .w = bits >> 2 & 1, .l = bits >> 3};
            bool has_w = row->encoding != GEN_LEGACY && row->encoding != GEN_LOCK && row->encoding != GEN_3DNOW;
            if (!(row->box.mode >> mode & 1) || !(prefixes >> choice.prefix & 1) || !(row->box.w >> choice.w & 1) ||
                !(lengths >> choice.l & 1) || (choice.w && !has_w && !mode))
                continue;
            choice.b = row->box.b == 2;
            for (choice.opcode = row->first_opcode; choice.opcode <= row->last_opcode; choice.opcode++)
                add_forms(row, choice);
        }
}

static const char *const witness_names[] = {"unknown", "Zydis", "objdump", "llvm-mc"};

/* The witness of a row is the first that knows one of its samples; a decoder may not know every form. Returns false
 * when a decoder contradicts: it knows the bytes as something else, and no decoder newer than it confirms them (FRED's
 * ERETS, where objdump 2.40 ignores F2 and says CLAC). Against Zydis nothing helps where Zydis is to be the witness. */
static bool judge_row(const struct gen_row *row, enum witness *ret_witness)
{
    bool fine = true;
    *ret_witness = WITNESS_NONE;
    for (size_t i = 0; i < sample_count; i++) {
        const struct sample *sample = &samples[i];
        if (sample->row != row)
            continue;
        if (*sample->against && (sample->witness == WITNESS_NONE || expected_witness(row) == WITNESS_ZYDIS)) {
            printf("# line %u, %s, %d-bit:", row->line, row->mnemonic, sample->mode == MC_MODE_64 ? 64 : 32);
            for (unsigned k = 0; k < (sample->length ? sample->length : 8); k++)
                printf(" %02x", sample->bytes[k]);
            printf(": we say length %u; %s\n", sample->length, sample->against);
            fine = false;
        }
        if (sample->witness && (!*ret_witness || sample->witness < *ret_witness))
            *ret_witness = sample->witness;
    }
    return fine;
}

static int report(bool list, const bool missing[4])
{
    unsigned counts[4] = {0}, contradicted = 0, other = 0, guessed = 0;
    for (unsigned i = 0; i < gen_row_count; i++) {
        const struct gen_row *row = &gen_rows[i];
        enum witness witness, expected = expected_witness(row);
        contradicted += !judge_row(row, &witness);
        counts[witness]++;
        if (list || witness == WITNESS_NONE)
            printf("# line %u: %s (%s): %s\n", row->line, row->mnemonic, row->features[0][0], witness_names[witness]);
        guessed += witness == WITNESS_NONE && !missing[expected];
        if (witness != expected && !(missing[expected] || missing[witness])) {
            printf("# line %u: %s (%s): %s was to confirm it, %s did\n", row->line, row->mnemonic, row->features[0][0],
                   witness_names[expected], witness_names[witness]);
            other++;
        }
    }
    printf("# %u rows, %zu encodings: %u rows confirmed by Zydis, %u by objdump, %u by llvm-mc, %u unknown to all\n",
           gen_row_count, sample_count, counts[WITNESS_ZYDIS], counts[WITNESS_OBJDUMP], counts[WITNESS_LLVM],
           counts[WITNESS_NONE]);
    printf("%s - no decoder contradicts a row\n", contradicted ? "not ok" : "ok");
    printf("%s - every row has the witness that it is to have\n", other ? "not ok" : "ok");
    printf("%s - every row is confirmed by some decoder\n", guessed ? "not ok" : "ok");
    return contradicted || other || guessed;
}

int main(int count, char **arguments)
{
    FILE *in = count > 1 ? fopen(arguments[1], "r") : NULL;
    if (!in) {
        fputs("usage: confirm_rows ENCODINGS.TXT [--list]\n", stderr);
        return 2;
    }
    gen_read(in);
    fclose(in);
    for (unsigned i = 0; i < gen_row_count; i++)
        add_row(&gen_rows[i]);
    bool missing[4] = {false};
    static void (*const confirm[])(struct sample *, size_t, const char **) = {NULL, confirm_by_zydis,
                                                                              confirm_by_objdump, confirm_by_llvm};
    for (unsigned witness = WITNESS_ZYDIS; witness <= WITNESS_LLVM; witness++) {
        const char *why = NULL;
        confirm[witness](samples, sample_count, &why);
        missing[witness] = why != NULL;
        if (why)
            printf("ok - rows that %s knows # SKIP %s\n", witness_names[witness], why);
    }
    int status = report(count > 2 && strcmp(arguments[2], "--list") == 0, missing);
    free(samples);
    return status;
}
