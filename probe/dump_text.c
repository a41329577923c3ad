/* SPDX-License-Identifier: Apache-2.0 */
/* Line-based dumps. Two kinds of lines count, all others are prose:
 *
 *   0x0000000d 0x01: eax=0x... ebx=0x... ecx=0x... edx=0x...        cpuid -r (Debian's cpuid(1))
 *   CPUID 0000000D: 00000007-00000340-00000340-00000000 [SL 00]     InstLatx64; [SL nn] is missing in older files,
 *                                                                   and so may be the colon; blanks for hyphens
 *
 * and the headers between CPUs ("CPU 3:", "Logical CPU #3", "CPU Registers (CPU #3)"). */
#define _GNU_SOURCE /* memmem */
#include "probe/dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct line {
    const char *text; /* not terminated */
    size_t length, position;
    unsigned number;
    uint64_t offset; /* of its start in the file */
    bool last;       /* nothing follows, not even a newline */
};

static void skip_blanks(struct line *line)
{
    while (line->position < line->length && (line->text[line->position] == ' ' || line->text[line->position] == '\t'))
        line->position++;
}

/* Blanks, and the marks of a mail that quotes a dump. */
static void skip_margin(struct line *line)
{
    for (skip_blanks(line); line->position < line->length && line->text[line->position] == '>'; skip_blanks(line))
        line->position++;
}

static bool at_end(const struct line *line)
{
    return line->position >= line->length;
}

static bool take_text(struct line *line, const char *text)
{
    size_t length = strlen(text);
    if (line->length - line->position < length || memcmp(line->text + line->position, text, length) != 0)
        return false;
    line->position += length;
    return true;
}

/* One to eight hexadecimal digits; how many, 0 for none. Stops after eight: a ninth is the caller's problem. */
static unsigned take_hex(struct line *line, uint32_t *ret)
{
    uint32_t value = 0;
    unsigned digits = 0;
    for (; digits < 8 && !at_end(line); digits++, line->position++) {
        char c = line->text[line->position];
        unsigned digit;
        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (unsigned)((c | 0x20) - 'a' + 10);
        else
            break;
        value = value << 4 | digit;
    }
    *ret = value;
    return digits;
}

enum line_kind { LINE_PROSE, LINE_LEAF, LINE_CUT };

struct leaf_line {
    uint32_t leaf, subleaf, regs[4];
    bool has_subleaf;
    enum mc_dump_format format;
};

/* "0xLLLLLLLL 0xSS: eax=0x..." */
static enum line_kind parse_raw(struct line *line, struct leaf_line *ret)
{
    static const char *const names[4] = {"eax=0x", "ebx=0x", "ecx=0x", "edx=0x"};
    ret->format = MC_DUMP_CPUID_R;
    if (take_hex(line, &ret->leaf) != 8)
        return at_end(line) ? LINE_CUT : LINE_PROSE;
    skip_blanks(line);
    if (take_text(line, "0x")) {
        if (take_hex(line, &ret->subleaf) == 0)
            return LINE_CUT;
        ret->has_subleaf = true;
    }
    if (!take_text(line, ":"))
        return at_end(line) ? LINE_CUT : LINE_PROSE;
    for (int i = 0; i < 4; i++) {
        skip_blanks(line);
        if (!take_text(line, names[i]) || take_hex(line, &ret->regs[i]) != 8)
            return LINE_CUT;
    }
    return LINE_LEAF;
}

/* What separates two registers: a hyphen, or blanks. */
static bool skip_separator(struct line *line)
{
    size_t start = line->position;
    if (!take_text(line, "-"))
        skip_blanks(line);
    return line->position > start;
}

/* "LLLLLLLL: EEEEEEEE-BBBBBBBB-CCCCCCCC-DDDDDDDD [SL nn] ..." after "CPUID " */
static enum line_kind parse_instlat(struct line *line, struct leaf_line *ret)
{
    ret->format = MC_DUMP_INSTLAT;
    unsigned digits = take_hex(line, &ret->leaf);
    if (digits != 8)
        return digits > 0 && at_end(line) && line->last ? LINE_CUT : LINE_PROSE;
    bool spaced = skip_separator(line), colon = take_text(line, ":");
    spaced = skip_separator(line) || colon || spaced;
    digits = take_hex(line, &ret->regs[0]);
    if (!at_end(line) && (!spaced || (!colon && digits != 8))) /* a sentence about the leaf */
        return LINE_PROSE;
    if (digits != 8)
        return LINE_CUT;
    for (int i = 1; i < 4; i++)
        if (!skip_separator(line) || take_hex(line, &ret->regs[i]) != 8)
            return LINE_CUT;
    skip_blanks(line);
    if (take_text(line, "[SL ")) {
        if (take_hex(line, &ret->subleaf) == 0)
            return LINE_CUT;
        ret->has_subleaf = true;
    }
    return LINE_LEAF;
}

static enum line_kind parse_leaf(struct line *line, struct leaf_line *ret)
{
    memset(ret, 0, sizeof *ret);
    line->position = 0;
    skip_margin(line);
    if (take_text(line, "0x"))
        return parse_raw(line, ret);
    if (!take_text(line, "CPUID"))
        return LINE_PROSE;
    skip_blanks(line);
    return parse_instlat(line, ret);
}

/* A header names the CPU whose leaves follow: "CPU:", "CPU 12:", "... CPU #12 ...". The number, -1 when this is none.
 */
static long parse_header(struct line *line)
{
    line->position = 0;
    skip_margin(line);
    bool bare = take_text(line, "CPU") && !at_end(line);
    if (bare) {
        skip_blanks(line);
        long number = 0;
        size_t digits = 0;
        for (; !at_end(line) && line->text[line->position] >= '0' && line->text[line->position] <= '9' && digits < 6;
             line->position++, digits++)
            number = 10 * number + (line->text[line->position] - '0');
        if (take_text(line, ":") && line->position == line->length)
            return number;
    }
    for (line->position = 0; line->position < line->length; line->position++) {
        size_t start = line->position;
        if (take_text(line, "CPU #") || take_text(line, "CPU#")) {
            char number[8] = "";
            size_t left = line->length - line->position;
            memcpy(number, line->text + line->position, left < 7 ? left : 7);
            char *end;
            long value = strtol(number, &end, 10);
            return end > number && value >= 0 ? value : -1;
        }
        line->position = start;
    }
    return -1;
}

/* Leaves that have one answer: a second line for one of them, for the same CPU, is a contradiction if it differs. */
static bool has_one_answer(uint32_t leaf)
{
    return leaf == 0 || leaf == 1 || leaf == 3 || leaf == 5 || leaf == 6 || (leaf >= 0x80000000 && leaf <= 0x8000000A);
}

/* Older files do not say which subleaf a line is: they come in order. One exception: old readers of leaf 0xD skip
 * subleaf 1, and the AVX state component (256 bytes at offset 576: Intel SDM vol. 1, 13.5.3) shows itself. */
static uint32_t guess_subleaf(const struct mc_snapshot *snapshot, const struct leaf_line *leaf)
{
    uint32_t subleaf = 0;
    for (size_t i = 0; i < snapshot->count && !has_one_answer(leaf->leaf); i++)
        if (snapshot->leaves[i].leaf == leaf->leaf && snapshot->leaves[i].subleaf >= subleaf)
            subleaf = snapshot->leaves[i].subleaf + 1;
    if (leaf->leaf == 0xD && subleaf == 1 && leaf->regs[MC_EAX] == 0x100 && leaf->regs[MC_EBX] == 0x240)
        subleaf = 2;
    return subleaf;
}

struct text_reader {
    struct mc_dump *dump;
    long announced; /* CPU number of the latest header, -1 when there was none since the last CPU began */
    size_t leaves;
};

static bool add_leaf_line(struct text_reader *reader, const struct line *line, struct leaf_line *leaf,
                          struct mc_error *ret_error)
{
    struct mc_dump *dump = reader->dump;
    struct mc_dump_cpu *cpu = dump->count > 0 ? &dump->cpus[dump->count - 1] : NULL;
    /* A new CPU begins at a header, and without one where leaf 0 comes again. */
    bool again = cpu && leaf->leaf == 0 && mc_snapshot_find(&cpu->snapshot, 0, 0);
    if (!cpu || reader->announced >= 0 || again) {
        unsigned number = reader->announced >= 0 ? (unsigned)reader->announced : cpu ? cpu->cpu + 1 : 0;
        cpu = mc_dump_add_cpu(dump, number);
        reader->announced = -1;
    }
    if (!leaf->has_subleaf)
        leaf->subleaf = guess_subleaf(&cpu->snapshot, leaf);
    dump->format = leaf->format;
    reader->leaves++;
    return mc_dump_add_leaf(dump, leaf->leaf, leaf->subleaf, leaf->regs, line->number, line->offset, ret_error);
}

bool mc_dump_parse_text(const char *text, size_t size, struct mc_dump *dump, struct mc_error *ret_error)
{
    struct text_reader reader = {.dump = dump, .announced = -1};
    size_t position = size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0; /* UTF-8 byte order mark */
    for (unsigned number = 1; position < size; number++) {
        const char *newline = memchr(text + position, '\n', size - position);
        size_t length = newline ? (size_t)(newline - text) - position : size - position;
        struct line line = {text + position, length, 0, number, position, !newline};
        position += length + 1;
        while (line.length > 0 && (line.text[line.length - 1] == '\r' || line.text[line.length - 1] == ' '))
            line.length--;
        struct leaf_line leaf;
        enum line_kind kind = parse_leaf(&line, &leaf);
        if (kind == LINE_CUT)
            return mc_fail(ret_error, MC_ERROR_FORMAT, line.offset,
                           "line %u: a leaf cut short; expected four registers of eight hexadecimal digits", number);
        if (kind == LINE_LEAF) {
            if (!add_leaf_line(&reader, &line, &leaf, ret_error))
                return false;
            continue;
        }
        long header = parse_header(&line);
        if (header >= 0)
            reader.announced = header;
    }
    if (memmem(text, size, "(1/eax)", 7))
        return mc_fail(ret_error, MC_ERROR_FORMAT, 0,
                       "what cpuid(1) says in words, which leaves registers out; record the CPU with cpuid -r");
    return reader.leaves > 0 ||
           mc_fail(ret_error, MC_ERROR_FORMAT, 0,
                   "no CPUID leaf in it; expected lines like \"CPUID 00000001: ...\" or \"0x00000001 0x00: eax=...\"");
}
