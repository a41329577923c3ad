/* SPDX-License-Identifier: Apache-2.0 */
/* Reads isa/encodings.txt (grammar on its top) into gen_rows. */
#include "isa/gen_decode.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct gen_row gen_rows[GEN_MAX_ROWS];
unsigned gen_row_count;

_Noreturn void gen_die(unsigned line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "isa/encodings.txt:%u: ", line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

struct word {
    const char *text;
    unsigned value;
};

/* The value of a word in a list; dies with the list's name when it is not there. */
static unsigned find_word(const struct word *words, const char *text, unsigned line, const char *what)
{
    for (; words->text; words++)
        if (strcmp(words->text, text) == 0)
            return words->value;
    gen_die(line, "unknown %s '%s'", what, text);
}

static const struct word encodings[] = {
    {"legacy", GEN_LEGACY}, {"3dnow", GEN_3DNOW}, {"vex", GEN_VEX}, {"evex", GEN_EVEX},
    {"xop", GEN_XOP},       {"lock", GEN_LOCK},   {NULL, 0}};
static const struct word maps[] = {{"0", 0}, {"0f", 1}, {"0f38", 2}, {"0f3a", 3}, {"4", 4},     {"5", 5}, {"6", 6},
                                   {"7", 7}, {"8", 8},  {"9", 9},    {"a", 10},   {"0f0f", 15}, {NULL, 0}};
static const struct word prefixes[] = {
    {"np", 1 << MC_PP_NONE}, {"66", 1 << MC_PP_66}, {"f3", 1 << MC_PP_F3}, {"f2", 1 << MC_PP_F2}, {"-", 15}, {NULL, 0}};
static const struct word immediates[] = {
    {"ib", MC_IMM_IB},     {"iw", MC_IMM_IW},   {"iz", MC_IMM_IZ},       {"iv", MC_IMM_IV}, {"ibib", MC_IMM_IBIB},
    {"iwib", MC_IMM_IWIB}, {"cb", MC_IMM_CB},   {"cz", MC_IMM_CZ},       {"cv", MC_IMM_CV}, {"cp", MC_IMM_CP},
    {"i32", MC_IMM_I32},   {"i64", MC_IMM_I64}, {"moffs", MC_IMM_MOFFS}, {NULL, 0}};
static const struct word flows[] = {{"jcc", MC_FLOW_JCC},   {"jmp", MC_FLOW_JMP},         {"call", MC_FLOW_CALL},
                                    {"ret", MC_FLOW_RET},   {"jmpind", MC_FLOW_JMP_IND},  {"callind", MC_FLOW_CALL_IND},
                                    {"stop", MC_FLOW_STOP}, {"syscall", MC_FLOW_SYSCALL}, {NULL, 0}};
static const struct word leaf_flags[] = {
    {"/r", MC_LEAF_MODRM}, {"cpuid", MC_LEAF_CPUID}, {"o64", MC_LEAF_O64}, {"v", MC_LEAF_VVVV}, {NULL, 0}};
static const struct word shape_flags[] = {{"k", MC_SHAPE_MASK},    {"kk", MC_SHAPE_MASK | MC_SHAPE_MASK_NEEDED},
                                          {"z", MC_SHAPE_ZERO},    {"er", MC_SHAPE_ROUND},
                                          {"sae", MC_SHAPE_ROUND}, {"vsib", MC_SHAPE_VSIB},
                                          {"nf", MC_SHAPE_NF},     {"scc", MC_SHAPE_SCC},
                                          {"nd", MC_SHAPE_ND},     {"zu", MC_SHAPE_ZU},
                                          {"g", MC_SHAPE_GENERAL}, {NULL, 0}};
static const struct word absents[] = {
    {"ud", MC_ABSENT_UD}, {"nop", MC_ABSENT_NOP}, {"alias", MC_ABSENT_ALIAS}, {"hypercall", MC_ABSENT_HYPERCALL}, {NULL, 0}};
/* disp8*N: by the vector length, or fixed. */
static const struct word displacements[] = {
    {"nvl", 0x101}, {"nvl/2", 0x102}, {"nvl/4", 0x103}, {"nvl/8", 0x104}, {"ndup", 0x100 | MC_DISP_DUP},
    {"n1", 1},      {"n2", 2},        {"n4", 3},        {"n8", 4},        {"n16", 5},
    {"n32", 6},     {"n64", 7},       {NULL, 0}};

static bool is_word(const struct word *words, const char *text, unsigned *ret_value)
{
    for (; words->text; words++)
        if (strcmp(words->text, text) == 0) {
            *ret_value = words->value;
            return true;
        }
    return false;
}

/* The digits after a letter as a set of bits: "034" => bits 0, 3 and 4. */
static unsigned digits(const char *text, unsigned limit, unsigned line)
{
    unsigned set = 0;
    for (; *text; text++) {
        if (*text < '0' || (unsigned)(*text - '0') >= limit)
            gen_die(line, "digit '%c' out of range", *text);
        set |= 1u << (*text - '0');
    }
    if (!set)
        gen_die(line, "digits expected");
    return set;
}

static void parse_selector(struct gen_row *row, const char *text)
{
    struct gen_box *box = &row->box;
    if (strcmp(text, "m32") == 0)
        box->mode = 1;
    else if (strcmp(text, "m64") == 0)
        box->mode = 2;
    else if (strcmp(text, "mem") == 0)
        box->modreg &= 0x00ff;
    else if (strcmp(text, "reg") == 0)
        box->modreg &= 0xff00;
    else if (text[0] == '/')
        box->modreg &= (uint16_t)(digits(text + 1, 8, row->line) * 0x101);
    else if (strncmp(text, "rm", 2) == 0)
        box->rm = (uint8_t)digits(text + 2, 8, row->line);
    else if (text[0] == 'w')
        box->w = (uint8_t)digits(text + 1, 2, row->line);
    else if (text[0] == 'l')
        box->l = (uint8_t)digits(text + 1, 4, row->line);
    else if (text[0] == 'b')
        box->b = (uint8_t)digits(text + 1, 2, row->line);
    else
        gen_die(row->line, "unknown selector '%s'", text);
}

static void parse_key(struct gen_row *row, char *text)
{
    char *save, *encoding = strtok_r(text, " ", &save), *prefix = strtok_r(NULL, " ", &save);
    char *map = strtok_r(NULL, " ", &save), *opcode = strtok_r(NULL, " ", &save), *end, *part_save;
    if (!opcode)
        gen_die(row->line, "encoding, prefix, map and opcode expected");
    row->encoding = find_word(encodings, encoding, row->line, "encoding");
    for (char *one = strtok_r(prefix, ",", &part_save); one; one = strtok_r(NULL, ",", &part_save))
        row->box.prefix |= (uint8_t)find_word(prefixes, one, row->line, "prefix");
    row->map = find_word(maps, map, row->line, "map");
    row->first_opcode = row->last_opcode = (unsigned)strtoul(opcode, &end, 16);
    if (*end == '-')
        row->last_opcode = (unsigned)strtoul(end + 1, &end, 16);
    if (*end || row->first_opcode > row->last_opcode || row->last_opcode > 255)
        gen_die(row->line, "bad opcode '%s'", opcode);
    row->box.mode = 3;
    row->box.w = 3;
    row->box.b = 3;
    row->box.modreg = 0xffff;
    row->box.rm = 0xff;
    row->box.l = row->encoding == GEN_EVEX ? 7 : row->encoding == GEN_VEX || row->encoding == GEN_XOP ? 3 : 15;
    for (char *one = strtok_r(NULL, " ", &save); one; one = strtok_r(NULL, " ", &save))
        parse_selector(row, one);
}

static void parse_shape(struct gen_row *row, char *text)
{
    char *save;
    unsigned value;
    for (char *one = strtok_r(text, " ", &save); one; one = strtok_r(NULL, " ", &save)) {
        if (is_word(leaf_flags, one, &value)) {
            row->flags |= value;
        } else if (is_word(immediates, one, &value)) {
            row->imm = value;
        } else if (is_word(flows, one, &value)) {
            row->flow = value;
        } else if (is_word(shape_flags, one, &value)) {
            row->shape.flags |= (uint16_t)value;
        } else if (is_word(displacements, one, &value)) {
            row->shape.disp_base = (uint8_t)value;
            row->shape.disp_by_vl = value >> 8;
        } else if (strncmp(one, "bc", 2) == 0) {
            row->shape.broadcast = (uint8_t)atoi(one + 2);
        } else {
            gen_die(row->line, "unknown shape '%s'", one);
        }
    }
}

static void parse_needs(struct gen_row *row, char *text)
{
    char *save;
    unsigned alternative = 0, count = 0;
    for (char *one = strtok_r(text, " ", &save); one; one = strtok_r(NULL, " ", &save)) {
        if (strcmp(one, "-") == 0)
            return;
        if (strcmp(one, "vl") == 0) {
            row->vl |= 1u << alternative;
            continue;
        }
        if (strcmp(one, "or") == 0) {
            alternative++;
            count = 0;
            continue;
        }
        if (alternative == GEN_NAMES || count == GEN_NAMES || strlen(one) >= sizeof row->features[0][0])
            gen_die(row->line, "too many or too long features");
        strcpy(row->features[alternative][count++], one);
    }
    if (!count)
        gen_die(row->line, "features or '-' expected");
}

static struct gen_row *add_row(const struct gen_row *row)
{
    static unsigned needs;
    if (gen_row_count == GEN_MAX_ROWS)
        gen_die(row->line, "raise GEN_MAX_ROWS");
    struct gen_row *added = &gen_rows[gen_row_count++];
    *added = *row;
    if (*row->features[0][0])
        added->need = ++needs;
    if (needs > MC_LEAF_ROW)
        gen_die(row->line, "too many rows for MC_LEAF_ROW");
    return added;
}

/* A row with `vl` is two: 512 bits without avx512vl, 128 and 256 bits with it. */
static void add_by_length(const struct gen_row *row)
{
    if (row->box.l & 4)
        add_row(row)->box.l = 4;
    if (!(row->box.l & 3))
        return;
    struct gen_row *shorter = add_row(row);
    shorter->box.l &= 3;
    for (unsigned i = 0; i < GEN_NAMES; i++) {
        unsigned count = 0;
        while (count < GEN_NAMES && *row->features[i][count])
            count++;
        if (row->vl >> i & 1) {
            if (count == GEN_NAMES)
                gen_die(row->line, "no room for avx512vl");
            strcpy(shorter->features[i][count], "avx512vl");
        }
    }
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    for (size_t length = strlen(text); length && strchr(" \t\r\n", text[length - 1]); length--)
        text[length - 1] = '\0';
    return text;
}

static void parse_row(unsigned line, char *text)
{
    char *columns[5] = {NULL}, *at = text;
    for (unsigned i = 0; at && i < 5; i++) {
        columns[i] = at;
        at = strchr(at, '|');
        if (at)
            *at++ = '\0';
        columns[i] = trim(columns[i]);
    }
    if (at || !columns[3])
        gen_die(line, "four or five columns expected");
    struct gen_row row = {.line = line};
    parse_key(&row, columns[0]);
    parse_shape(&row, columns[1]);
    parse_needs(&row, columns[2]);
    if (!*columns[3] || strlen(columns[3]) >= sizeof row.mnemonic)
        gen_die(line, "bad mnemonic");
    strcpy(row.mnemonic, columns[3]);
    row.absent = columns[4] ? find_word(absents, columns[4], line, "behaviour of older CPUs") : MC_ABSENT_UD;
    if (row.vl)
        add_by_length(&row);
    else
        add_row(&row);
}

uint64_t gen_fingerprint = UINT64_C(0xcbf29ce484222325);

static void add_to_fingerprint(const char *text)
{
    do {
        if (*text != ' ' && *text != '\t')
            gen_fingerprint = (gen_fingerprint ^ (unsigned char)*text) * UINT64_C(0x100000001b3); /* FNV-1a */
    } while (*text++);
}

void gen_read(FILE *in)
{
    char line[512];
    for (unsigned number = 1; fgets(line, sizeof line, in); number++) {
        char *text = trim(line);
        if (!*text || *text == '#')
            continue;
        add_to_fingerprint(text);
        parse_row(number, text);
    }
}
