/* SPDX-License-Identifier: Apache-2.0 */
/* From rows to tables: for each opcode a decision tree over what still decides, its equal blocks shared.
 *
 * The first matching row wins, so a special case stands above the general one. A row that never wins is an error. */
#include "isa/gen_decode.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#define MAX_TREE 60000
static uint32_t tree[MAX_TREE];
static unsigned tree_count;

/* Where rows are looked for: one opcode of one map. */
struct place {
    enum gen_encoding encoding;
    unsigned map, opcode;
};

static bool box_meets(const struct gen_box *a, const struct gen_box *b)
{
    return a->mode & b->mode && a->prefix & b->prefix && a->l & b->l && a->w & b->w && a->b & b->b &&
           a->modreg & b->modreg && a->rm & b->rm;
}

static bool row_is_at(const struct gen_row *row, const struct place *place)
{
    return row->encoding == place->encoding && row->map == place->map && row->first_opcode <= place->opcode &&
           place->opcode <= row->last_opcode;
}

/* The first row at the place that meets the box and starts after `after`; NULL when none. */
static struct gen_row *next_row(const struct place *place, const struct gen_box *box, const struct gen_row *after)
{
    for (struct gen_row *row = after ? gen_rows + (after - gen_rows) + 1 : gen_rows; row < gen_rows + gen_row_count;
         row++)
        if (row_is_at(row, place) && box_meets(&row->box, box))
            return row;
    return NULL;
}

static uint32_t leaf(const struct gen_row *row, uint32_t modrule)
{
    return MC_LEAF_VALID | row->need | row->imm << MC_LEAF_IMM_SHIFT | row->flow << MC_LEAF_FLOW_SHIFT | row->flags |
           modrule;
}

/* Stores a block of entries, or finds an equal one. Returns its offset. */
static unsigned store_block(const uint32_t *block, unsigned size)
{
    for (unsigned at = 0; at + size <= tree_count; at++)
        if (memcmp(tree + at, block, size * sizeof *block) == 0)
            return at;
    if (tree_count + size > MAX_TREE)
        gen_die(0, "raise MAX_TREE");
    memcpy(tree + tree_count, block, size * sizeof *block);
    tree_count += size;
    return tree_count - size;
}

/* How many values each kind of node tells apart, and the box's dimension for it. */
static const unsigned node_size[MC_NODE_KINDS] = {2, 4, 4, 2, 2, 16, 8};

static unsigned box_get(const struct gen_box *box, enum mc_node_kind kind)
{
    const unsigned values[MC_NODE_KINDS] = {box->mode, box->prefix, box->l, box->w, box->b, box->modreg, box->rm};
    return values[kind];
}

static void box_set(struct gen_box *box, enum mc_node_kind kind, unsigned value)
{
    switch (kind) {
    case MC_NODE_MODE:
        box->mode = (uint8_t)value;
        break;
    case MC_NODE_PREFIX:
        box->prefix = (uint8_t)value;
        break;
    case MC_NODE_L:
        box->l = (uint8_t)value;
        break;
    case MC_NODE_W:
        box->w = (uint8_t)value;
        break;
    case MC_NODE_B:
        box->b = (uint8_t)value;
        break;
    case MC_NODE_MODREG:
        box->modreg = (uint16_t)value;
        break;
    case MC_NODE_RM:
        box->rm = (uint8_t)value;
        break;
    case MC_NODE_KINDS:
        break;
    }
}

/* The first dimension in which the row leaves a part of the box uncovered; MC_NODE_KINDS when it covers it. */
static enum mc_node_kind uncovered(const struct gen_row *row, const struct gen_box *box)
{
    for (enum mc_node_kind kind = 0; kind < MC_NODE_KINDS; kind++)
        if (box_get(box, kind) & ~box_get(&row->box, kind))
            return kind;
    return MC_NODE_KINDS;
}

/* When only memory or only register forms of the row exist and no other row meets the box: a leaf with that rule. */
static uint32_t leaf_by_mod(const struct place *place, const struct gen_box *box, struct gen_row *row)
{
    struct gen_box half = *box;
    half.modreg &= row->box.modreg;
    if (uncovered(row, &half) != MC_NODE_KINDS || next_row(place, box, row))
        return 0;
    uint32_t rule = half.modreg == (box->modreg & 0x00ff)   ? MC_LEAF_MEM_ONLY
                    : half.modreg == (box->modreg & 0xff00) ? MC_LEAF_REG_ONLY
                                                            : 0;
    if (!rule)
        return 0;
    row->used = true;
    return leaf(row, rule);
}

static uint32_t build(const struct place *place, const struct gen_box *box)
{
    struct gen_row *row = next_row(place, box, NULL);
    if (!row)
        return 0;
    enum mc_node_kind kind = uncovered(row, box);
    if (kind == MC_NODE_KINDS) {
        row->used = true;
        return leaf(row, 0);
    }
    uint32_t entry = kind == MC_NODE_MODREG ? leaf_by_mod(place, box, row) : 0;
    if (entry)
        return entry;
    uint32_t block[16] = {0};
    for (unsigned value = 0; value < node_size[kind]; value++) {
        struct gen_box part = *box;
        box_set(&part, kind, box_get(box, kind) & 1u << value);
        if (box_get(&part, kind))
            block[value] = build(place, &part);
    }
    unsigned offset = store_block(block, node_size[kind]);
    return MC_NODE | (uint32_t)kind << MC_NODE_KIND_SHIFT | offset;
}

static uint32_t special(unsigned map, unsigned mode, unsigned byte)
{
    if (map == 1)
        return byte == 0x38   ? MC_SPECIAL | MC_SPECIAL_0F38
               : byte == 0x3a ? MC_SPECIAL | MC_SPECIAL_0F3A
               : byte == 0x0f ? MC_SPECIAL | MC_SPECIAL_3DNOW
                              : 0;
    if (map != 0)
        return 0;
    enum mc_special which;
    if (byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e || (byte >= 0x64 && byte <= 0x67) ||
        byte == 0xf0 || byte == 0xf2 || byte == 0xf3)
        which = MC_SPECIAL_PREFIX;
    else if (mode && byte >> 4 == 4)
        which = MC_SPECIAL_REX;
    else if (mode && byte == 0xd5)
        which = MC_SPECIAL_REX2;
    else if (byte == 0x0f)
        which = MC_SPECIAL_0F;
    else if (byte == 0xc4)
        which = MC_SPECIAL_VEX3;
    else if (byte == 0xc5)
        which = MC_SPECIAL_VEX2;
    else if (byte == 0x62)
        which = MC_SPECIAL_EVEX;
    else if (byte == 0x8f)
        which = MC_SPECIAL_XOP;
    else
        return 0;
    return MC_SPECIAL | which | (byte == 0x66 || byte == 0xf2 || byte == 0xf3 ? MC_MANDATORY : 0);
}

static void emit_page(FILE *out, const struct place *from, struct gen_box box)
{
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        struct place place = {from->encoding, from->map, opcode};
        uint32_t entry = from->encoding == GEN_LEGACY ? special(from->map, box.mode >> 1, opcode) : 0;
        if (!entry)
            entry = build(&place, &box);
        fprintf(out, "0x%x,%s", entry, opcode % 8 == 7 ? "\n" : " ");
    }
}

static const struct gen_box everything = {3, 15, 15, 3, 3, 0xffff, 0xff};

static void emit_legacy(FILE *out)
{
    fputs("const uint32_t mc_table_legacy0[2][256] = {\n", out);
    for (unsigned mode = 0; mode < 2; mode++) {
        struct gen_box box = everything;
        box.mode = (uint8_t)(1 << mode);
        box.w = mode ? 3 : 1;
        fputs("{", out);
        emit_page(out, &(struct place){GEN_LEGACY, 0, 0}, box);
        fputs("},\n", out);
    }
    static const unsigned escaped[] = {0xc4, 0xc5, 0x62, 0x8f};
    fputs("};\nconst uint32_t mc_table_escaped[2][4] = {\n", out);
    for (unsigned mode = 0; mode < 2; mode++) {
        struct gen_box box = everything;
        box.mode = (uint8_t)(1 << mode);
        for (unsigned i = 0; i < 4; i++)
            fprintf(out, "%s0x%x", i ? ", " : "{", build(&(struct place){GEN_LEGACY, 0, escaped[i]}, &box));
        fputs("},\n", out);
    }
    fputs("};\nconst uint32_t mc_table_legacy[2][3][4][256] = {\n", out);
    for (unsigned mode = 0; mode < 2; mode++) {
        struct gen_box box = everything;
        box.mode = (uint8_t)(1 << mode);
        box.w = mode ? 3 : 1;
        fputs("{", out);
        for (unsigned map = 1; map < 4; map++) {
            fputs("{", out);
            for (unsigned prefix = 0; prefix < 4; prefix++) {
                box.prefix = (uint8_t)(1 << prefix);
                fputs("{", out);
                emit_page(out, &(struct place){GEN_LEGACY, map, 0}, box);
                fputs("},\n", out);
            }
            fputs("},\n", out);
        }
        fputs("},\n", out);
    }
    fputs("};\nconst uint32_t mc_table_lock[2][256] = {\n", out);
    for (unsigned map = 0; map < 2; map++) {
        fputs("{", out);
        emit_page(out, &(struct place){GEN_LOCK, map, 0}, everything);
        fputs("},\n", out);
    }
    fputs("};\nconst uint32_t mc_table_3dnow[256] = {\n", out);
    emit_page(out, &(struct place){GEN_3DNOW, MC_MAP_3DNOW, 0}, everything);
    fputs("};\n", out);
}

static void emit_vector(FILE *out, enum gen_encoding encoding, const char *name)
{
    fprintf(out, "const uint32_t mc_table_%s[7][4][256] = {\n", name);
    for (unsigned map = 1; map < 8; map++) {
        fputs("{", out);
        for (unsigned prefix = 0; prefix < 4; prefix++) {
            struct gen_box box = everything;
            box.prefix = (uint8_t)(1 << prefix);
            box.l = encoding == GEN_VEX ? 3 : 15;
            box.b = encoding == GEN_VEX ? 1 : 3;
            fputs("{", out);
            emit_page(out, &(struct place){encoding, map, 0}, box);
            fputs("},\n", out);
        }
        fputs("},\n", out);
    }
    fputs("};\n", out);
}

static void emit_xop(FILE *out)
{
    fputs("const uint32_t mc_table_xop[3][256] = {\n", out);
    for (unsigned map = 8; map < 11; map++) {
        struct gen_box box = everything;
        box.prefix = 1 << MC_PP_NONE;
        box.l = 3;
        box.b = 1;
        fputs("{", out);
        emit_page(out, &(struct place){GEN_XOP, map, 0}, box);
        fputs("},\n", out);
    }
    fputs("};\n", out);
}

static void emit_feature_id(FILE *out, const char *name)
{
    fputs("MC_F_", out);
    for (; *name; name++)
        fputc(*name == '.' || *name == '-' ? '_' : toupper((unsigned char)*name), out);
}

/* One feature set as an initialiser; `extra` (or NULL) is a feature added to it. */
static void emit_set(FILE *out, const char (*features)[24], unsigned count, const char *extra)
{
    fputs("{{", out);
    for (unsigned word = 0; word < MC_SET_WORDS; word++) {
        fputs(word ? ", 0" : "0", out);
        for (unsigned i = 0; i < count && *features[i]; i++) {
            fprintf(out, " | BIT(%u, ", word);
            emit_feature_id(out, features[i]);
            fputs(")", out);
        }
        if (extra) {
            fprintf(out, " | BIT(%u, ", word);
            emit_feature_id(out, extra);
            fputs(")", out);
        }
    }
    fputs("}},\n", out);
}

static bool names_apx(const struct gen_row *row)
{
    for (unsigned i = 0; i < GEN_NAMES; i++)
        if (strcmp(row->features[0][i], "apxf") == 0)
            return true;
    return false;
}

/* Rows whose encoding can also name r16..r31 have a second need, with APX. */
static bool takes_apx(const struct gen_row *row)
{
    return row->need && !names_apx(row) && (row->encoding == GEN_EVEX || (row->encoding == GEN_LEGACY && row->map < 2));
}

static unsigned alternative_count(const struct gen_row *row)
{
    unsigned count = 0;
    while (count < GEN_NAMES && *row->features[count][0])
        count++;
    return count;
}

/* Equal lists of alternatives stand once: rows with the same needs share the first one's. */
static const struct gen_row *same_needs(const struct gen_row *row, bool apx)
{
    for (const struct gen_row *other = gen_rows; other < row; other++)
        if (other->need && (!apx || takes_apx(other)) &&
            memcmp(other->features, row->features, sizeof row->features) == 0)
            return other;
    return row;
}

static void emit_sets(FILE *out, bool apx)
{
    for (const struct gen_row *row = gen_rows; row < gen_rows + gen_row_count; row++) {
        if (!row->need || (apx && !takes_apx(row)) || same_needs(row, apx) != row)
            continue;
        fprintf(out, "static const struct mc_feature_set set%s%u[] = {\n", apx ? "_apx" : "", row->need);
        for (unsigned i = 0; i < alternative_count(row); i++)
            emit_set(out, row->features[i], GEN_NAMES, apx ? "apxf" : NULL);
        fputs("};\n", out);
    }
}

static void emit_need(FILE *out, const struct gen_row *row, bool apx)
{
    fprintf(out, "{\"%s\", ", row->mnemonic);
    emit_feature_id(out, apx ? "apxf" : row->features[0][0]);
    fprintf(out, ", %u, %u, set%s%u},\n", apx ? MC_ABSENT_UD : row->absent, alternative_count(row), apx ? "_apx" : "",
            same_needs(row, apx)->need);
}

static void emit_needs(FILE *out)
{
    static unsigned with_apx[MC_LEAF_ROW + 1];
    unsigned total = 0;
    emit_sets(out, false);
    emit_sets(out, true);
    fputs("static const struct mc_feature_set set_apx[] = {\n", out);
    static const char none[1][24];
    emit_set(out, none, 1, "apxf");
    fputs("};\nconst struct mc_need mc_needs[] = {\n{\"\", (enum mc_feature)0, 0, 0, NULL},\n", out);
    for (const struct gen_row *row = gen_rows; row < gen_rows + gen_row_count; row++)
        if (row->need) {
            emit_need(out, row, false);
            total = row->need;
        }
    unsigned rows = total;
    fputs("{\"rex2\", MC_F_APXF, 0, 1, set_apx},\n", out);
    with_apx[0] = ++total;
    for (const struct gen_row *row = gen_rows; row < gen_rows + gen_row_count; row++)
        if (takes_apx(row)) {
            emit_need(out, row, true);
            with_apx[row->need] = ++total;
        } else if (row->need && names_apx(row)) {
            with_apx[row->need] = row->need;
        }
    fprintf(out, "};\nconst uint16_t mc_needs_count = %u;\nconst uint16_t mc_need_with_apx[] = {\n", total + 1);
    for (unsigned i = 0; i <= rows; i++)
        fprintf(out, "%u,%s", with_apx[i], i % 16 == 15 ? "\n" : " ");
    fputs("};\nconst struct mc_shape mc_shapes[] = {\n{0, 0, 0, 0},\n", out);
    for (const struct gen_row *row = gen_rows; row < gen_rows + gen_row_count; row++)
        if (row->need)
            fprintf(out, "{%u, %u, %u, %u},\n", row->shape.flags, row->shape.disp_base, row->shape.disp_by_vl,
                    row->shape.broadcast);
    fputs("};\n", out);
}

void gen_emit(FILE *out)
{
    fputs("/* Generated from isa/encodings.txt by isa/gen_decode.c. */\n#include \"isa/decode.h\"\n"
          "#include \"isa/decode_table.h\"\n"
          "#define BIT(word, feature) ((feature) / 64 == (word) ? UINT64_C(1) << ((feature) % 64) : UINT64_C(0))\n"
          "extern const struct mc_need mc_needs[];\nextern const uint16_t mc_needs_count;\n",
          out);
    emit_legacy(out);
    emit_vector(out, GEN_VEX, "vex");
    emit_vector(out, GEN_EVEX, "evex");
    emit_xop(out);
    fputs("const uint32_t mc_tree[] = {\n", out);
    for (unsigned i = 0; i < tree_count; i++)
        fprintf(out, "0x%x,%s", tree[i], i % 8 == 7 ? "\n" : " ");
    fputs("0};\n", out);
    emit_needs(out);
    fprintf(out, "const uint64_t mc_encodings_fingerprint = UINT64_C(0x%" PRIx64 ");\n", gen_fingerprint);
    unsigned unused = 0;
    for (const struct gen_row *row = gen_rows; row < gen_rows + gen_row_count; row++)
        if (!row->used) {
            fprintf(stderr, "isa/encodings.txt:%u: never matches: an earlier row covers it\n", row->line);
            unused++;
        }
    if (unused)
        gen_die(0, "%u rows never match", unused);
}
