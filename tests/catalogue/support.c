/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/catalogue/support.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *run_for_output(const char *format, ...)
{
    char command[1024];
    va_list arguments;
    int used = snprintf(command, sizeof command, "exec </dev/null; "); /* nothing may wait for input */
    va_start(arguments, format);
    vsnprintf(command + used, sizeof command - (size_t)used, format, arguments);
    va_end(arguments);
    FILE *pipe = popen(command, "r");
    if (!pipe)
        return NULL;
    size_t size = 0, capacity = 1 << 16;
    char *text = malloc(capacity);
    for (size_t got; text && (got = fread(text + size, 1, capacity - size - 1, pipe)) > 0;) {
        size += got;
        if (capacity - size < 2)
            text = realloc(text, capacity *= 2);
    }
    bool failed = pclose(pipe) != 0 || !text;
    if (failed) {
        free(text);
        return NULL;
    }
    text[size] = '\0';
    return text;
}

void note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

bool have_program(const char *name)
{
    char *path = run_for_output("command -v %s", name);
    bool have = path && *path;
    free(path);
    return have;
}

bool dump_under_qemu(const char *emulator, const char *program, const char *cpu, struct dump *ret)
{
    char *text = run_for_output("%s -cpu %s %s 2>/dev/null", emulator, cpu, program);
    memset(ret, 0, sizeof *ret);
    if (!text)
        return false;
    for (char *line = text; *line && ret->count < sizeof ret->leaves / sizeof *ret->leaves;) {
        uint32_t *regs = ret->leaves[ret->count].regs;
        if (sscanf(line, "%x %x %x %x %x %x", &ret->leaves[ret->count].leaf, &ret->leaves[ret->count].subleaf, &regs[0],
                   &regs[1], &regs[2], &regs[3]) == 6)
            ret->count++;
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    free(text);
    return ret->count > 0;
}

uint32_t dump_register(const struct dump *dump, uint32_t leaf, uint32_t subleaf, enum mc_register reg)
{
    for (size_t i = 0; i < dump->count; i++)
        if (dump->leaves[i].leaf == leaf && dump->leaves[i].subleaf == subleaf)
            return dump->leaves[i].regs[reg];
    return 0;
}

struct mc_feature_set dump_features(const struct dump *dump)
{
    struct mc_feature_set set = {0};
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++) {
        const struct mc_feature_info *row = &mc_features[feature];
        if (dump_register(dump, row->leaf, row->subleaf, row->reg) >> row->bit & 1)
            mc_set_add(&set, (enum mc_feature)feature);
    }
    return set;
}

const char *set_text(const struct mc_feature_set *set)
{
    static char buffers[4][4096];
    static unsigned next;
    char *text = buffers[next++ % 4];
    size_t used = 0;
    text[0] = '\0';
    for (int feature = mc_set_next(set, 0); feature >= 0 && used < sizeof buffers[0];
         feature = mc_set_next(set, feature + 1))
        used +=
            (size_t)snprintf(text + used, sizeof buffers[0] - used, "%s%s", used ? " " : "", mc_features[feature].name);
    return text;
}

struct mc_feature_set set_of(const char *names)
{
    struct mc_feature_set set = {0};
    for (const char *word = names; *word;) {
        size_t length = strcspn(word, " ");
        int feature = mc_feature_find(word, length);
        cr_assert_geq(feature, 0, "the test names an unknown feature: %.*s", (int)length, word);
        mc_set_add(&set, (enum mc_feature)feature);
        word += length;
        word += strspn(word, " ");
    }
    return set;
}
