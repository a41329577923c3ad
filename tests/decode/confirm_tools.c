/* SPDX-License-Identifier: Apache-2.0 */
/* objdump and llvm-mc as witnesses: programs that are given all the samples at once. */
#define _GNU_SOURCE /* mkstemp, popen */
#include "tests/decode/confirm.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Spellings of the same instruction: the row's, and a decoder's. */
static const char *const spellings[][2] = {
    {"cmpnbxadd", "cmpaexadd"},
    {"cmpzxadd", "cmpexadd"},
    {"cmpnzxadd", "cmpnexadd"},
    {"cmpnbexadd", "cmpaxadd"},
    {"cmpnlxadd", "cmpgexadd"},
    {"cmpnlexadd", "cmpgxadd"},
    {"wbnoinvd", "wbinvd"},
    {"prefetchw", "prefetch"},
    {"pfrsqrt", "pfsqrt"},
    {"pfrcpit1", "pfcpit1"},
    {"wrss", "wrssd"},
    {"wrss", "wrssq"},
    {"wruss", "wrussd"},
    {"wruss", "wrussq"},
    {"vcvtneps2bf16", "vcvtneps2bf16x"},
    {"vcvtneps2bf16", "vcvtneps2bf16y"},
};

bool name_fits(const struct gen_row *row, const char *mnemonic)
{
    const char *own = row->mnemonic;
    if (!row->need || strchr(own, '-') || strcmp(own, mnemonic) == 0)
        return true;
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        if (strcmp(own, spellings[i][0]) == 0 && strcmp(mnemonic, spellings[i][1]) == 0)
            return true;
    /* families: ccmp stands for ccmpo .. ccmpnle, set for seto .. setzunle; the table's x87 names have no n or wait */
    static const char *const families[] = {"ccmp", "ctest", "set"};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strcmp(own, families[i]) == 0)
            return strncmp(mnemonic, families[i], strlen(families[i])) == 0;
    return false;
}

#define SLOT 32 /* bytes: an instruction, and NOPs enough to find the way again */

static bool open_temporary(char *path, FILE **ret_file)
{
    int descriptor = mkstemp(path);
    *ret_file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    return *ret_file != NULL;
}

/* The first word of a disassembly that is not a prefix's name. */
static void first_word(const char *text, char *ret_word, size_t size)
{
    static const char *const prefixes[] = {"{nf}", "{evex}",  "{vex}",    "{vex3}",  "{load}", "lock",
                                           "rep",  "repz",    "repnz",    "data16",  "rex.W",  "rex.w",
                                           "bnd",  "notrack", "xacquire", "xrelease"};
    for (;;) {
        text += strspn(text, " \t");
        size_t length = strcspn(text, " \t\n");
        snprintf(ret_word, size, "%.*s", (int)(length < size ? length : size - 1), text);
        bool prefix = false;
        for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
            prefix |= strcmp(ret_word, prefixes[i]) == 0;
        if (!prefix || !length)
            return;
        text += length;
    }
}

/* One line of objdump: "   20:\t66 0f 38 40 c1 \tpmulld xmm0,xmm1". */
static void take_objdump_line(struct sample **slots, size_t count, const char *line)
{
    char *end, word[32];
    unsigned long address = strtoul(line, &end, 16);
    const char *bytes = strchr(line, '\t'), *text = bytes ? strchr(bytes + 1, '\t') : NULL;
    if (*end != ':' || !text || address % SLOT || address / SLOT >= count)
        return;
    struct sample *sample = slots[address / SLOT];
    unsigned length = 0;
    for (const char *at = bytes + 1; at < text; at++)
        length += *at == ' ' && at[-1] != ' ';
    first_word(text + 1, word, sizeof word);
    if (strncmp(word, "(bad)", 5) == 0 || strstr(text, "(bad)"))
        return;
    bool nop = strncmp(word, "nop", 3) == 0 && sample->row->absent == MC_ABSENT_NOP;
    if (length == sample->length && name_fits(sample->row, word))
        sample->witness = WITNESS_OBJDUMP;
    else if (!nop)
        snprintf(sample->against, sizeof sample->against, "objdump: length %u, %s", length, word);
}

static void ask_objdump(struct sample **slots, size_t count, enum mc_mode mode)
{
    char path[] = "/tmp/maskcheck-rows-XXXXXX", command[256], line[512];
    FILE *file;
    if (!open_temporary(path, &file))
        return;
    for (size_t i = 0; i < count; i++) {
        uint8_t slot[SLOT];
        memset(slot, 0x90, sizeof slot);
        memcpy(slot, slots[i]->bytes, slots[i]->length);
        fwrite(slot, 1, sizeof slot, file);
    }
    fclose(file);
    snprintf(command, sizeof command, "objdump -D -z -b binary -m %s -M intel --insn-width=16 %s",
             mode == MC_MODE_64 ? "i386:x86-64" : "i386", path);
    FILE *pipe = popen(command, "r");
    while (pipe && fgets(line, sizeof line, pipe))
        take_objdump_line(slots, count, line);
    if (pipe)
        pclose(pipe);
    unlink(path);
}

/* The samples of a mode that have no witness yet. The caller frees the result. */
static struct sample **unconfirmed(struct sample *samples, size_t count, enum mc_mode mode, size_t *ret_count)
{
    struct sample **slots = malloc((count + 1) * sizeof *slots);
    *ret_count = 0;
    for (size_t i = 0; slots && i < count; i++)
        if (samples[i].witness == WITNESS_NONE && samples[i].mode == mode && samples[i].length)
            slots[(*ret_count)++] = &samples[i];
    return slots;
}

static bool tool_exists(const char *name)
{
    char command[64];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", name);
    return system(command) == 0;
}

void confirm_by_objdump(struct sample *samples, size_t count, const char **ret_missing)
{
    if (!tool_exists("objdump")) {
        *ret_missing = "objdump (binutils) is not installed";
        return;
    }
    for (int mode = 0; mode < 2; mode++) {
        size_t slot_count;
        struct sample **slots = unconfirmed(samples, count, (enum mc_mode)mode, &slot_count);
        if (slots)
            ask_objdump(slots, slot_count, (enum mc_mode)mode);
        free(slots);
    }
}

/* llvm-mc goes on behind bytes that it refuses, so each sample is followed by a line of its own with HLT: what stands
 * between two of them belongs to one sample. */
static void take_llvm_output(struct sample **slots, size_t count, FILE *pipe, const bool *refused)
{
    char line[512], word[32], first[32] = "";
    unsigned instructions = 0;
    size_t at = 0;
    while (pipe && at < count && fgets(line, sizeof line, pipe)) {
        if (line[0] != '\t' || line[1] == '.')
            continue;
        first_word(line, word, sizeof word);
        if (strcmp(word, "hlt") != 0) {
            if (!instructions++)
                snprintf(first, sizeof first, "%s", word);
            continue;
        }
        if (instructions == 1 && !refused[at]) {
            if (name_fits(slots[at]->row, first))
                slots[at]->witness = WITNESS_LLVM;
            else if (slots[at]->row->absent != MC_ABSENT_NOP)
                snprintf(slots[at]->against, sizeof slots[at]->against, "llvm-mc: %s", first);
        }
        instructions = 0;
        at++;
    }
}

static void ask_llvm(struct sample **slots, size_t count, enum mc_mode mode)
{
    char path[] = "/tmp/maskcheck-rows-XXXXXX", warnings[] = "/tmp/maskcheck-rows-XXXXXX", command[256], line[512];
    FILE *file, *other;
    bool *refused = calloc(count + 1, sizeof *refused);
    if (!refused || !open_temporary(path, &file) || !open_temporary(warnings, &other)) {
        free(refused);
        return;
    }
    fclose(other);
    for (size_t i = 0; i < count; i++) {
        fputc('[', file); /* brackets: bytes that are decoded on their own */
        for (unsigned k = 0; k < slots[i]->length; k++)
            fprintf(file, "0x%02x ", slots[i]->bytes[k]);
        fputs("]\n[0xf4]\n", file);
    }
    fclose(file);
    snprintf(command, sizeof command, "llvm-mc-19 --disassemble --triple=%s --output-asm-variant=1 %s 2>%s >%s.out",
             mode == MC_MODE_64 ? "x86_64" : "i386", path, warnings, path);
    /* the status is 1 when a line was refused: no failure here */
    if (system(command) >= 0 && (other = fopen(warnings, "r"))) {
        while (fgets(line, sizeof line, other)) { /* "FILE:LINE:COLUMN: warning: invalid instruction encoding" */
            const char *colon = strchr(line, ':');
            unsigned long number = colon && strstr(line, "warning:") ? strtoul(colon + 1, NULL, 10) : 0;
            if (number && (number - 1) / 2 < count)
                refused[(number - 1) / 2] = true;
        }
        fclose(other);
        snprintf(line, sizeof line, "%s.out", path);
        FILE *output = fopen(line, "r");
        take_llvm_output(slots, count, output, refused);
        if (output)
            fclose(output);
        unlink(line);
    }
    free(refused);
    unlink(path);
    unlink(warnings);
}

void confirm_by_llvm(struct sample *samples, size_t count, const char **ret_missing)
{
    if (!tool_exists("llvm-mc-19")) {
        *ret_missing = "llvm-mc-19 (llvm-19) is not installed";
        return;
    }
    for (int mode = 0; mode < 2; mode++) {
        size_t slot_count;
        struct sample **slots = unconfirmed(samples, count, (enum mc_mode)mode, &slot_count);
        if (slots)
            ask_llvm(slots, slot_count, (enum mc_mode)mode);
        free(slots);
    }
}
