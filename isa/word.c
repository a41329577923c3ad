/* SPDX-License-Identifier: Apache-2.0 */
#include "isa/word.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

const struct mc_word_info mc_words[] = {
#define MC_WORD(leaf, subleaf, reg, left_out, used_by, source) \
    {leaf, subleaf, MC_##reg, left_out, MC_USED_BY_##used_by, source},
#include "isa/words.def"
#undef MC_WORD
};
_Static_assert(sizeof mc_words / sizeof *mc_words == MC_WORD_COUNT, "one row, one enumerator");

enum { ABSENT_ZERO = false, ABSENT_UNKNOWN = true };
const struct mc_limit_info mc_limits[MC_LIMIT_COUNT] = {
#define MC_LIMIT(id, name, leaf, subleaf, reg, shift, width, absent, unit, used_by, source) \
    {name, leaf, subleaf, MC_##reg, shift, width, ABSENT_##absent, unit, MC_USED_BY_##used_by, source},
#include "isa/words.def"
#undef MC_LIMIT
};

static const struct mc_component_info components[] = {
#define MC_COMPONENT(bit, name, supervisor, used_by, source) {bit, name, supervisor, MC_USED_BY_##used_by, source},
#include "isa/words.def"
#undef MC_COMPONENT
};

uint32_t mc_passing_bits(uint32_t leaf, uint32_t subleaf, enum mc_register reg)
{
    static const struct {
        uint32_t leaf;
        int subleaf; /* -1: all */
        enum mc_register reg;
        uint32_t bits;
    } rows[] = {
#define MC_PASSING(leaf, subleaf, reg, bits, source) {leaf, subleaf, MC_##reg, bits},
#include "isa/words.def"
#undef MC_PASSING
    };
    uint32_t bits = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].leaf == leaf && rows[i].reg == reg && (rows[i].subleaf < 0 || (uint32_t)rows[i].subleaf == subleaf))
            bits |= rows[i].bits;
    for (unsigned bit = 0; bit < 32; bit++) {
        int feature = mc_feature_at(leaf, subleaf, reg, bit);
        if (feature >= 0 && mc_features[feature].dynamic)
            bits |= UINT32_C(1) << bit;
    }
    return bits;
}

const char *mc_used_by_name(enum mc_used_by used_by)
{
    static const char *const names[] = {"program", "kernel", "both"};
    return names[used_by];
}

const struct mc_component_info *mc_component_at(unsigned bit)
{
    for (size_t i = 0; i < sizeof components / sizeof *components; i++)
        if (components[i].bit == bit)
            return &components[i];
    return NULL;
}

/* What follows from the two tables, once. */
static struct {
    int16_t features[MC_WORD_COUNT][32]; /* -1: no name, -2: a copy */
    uint32_t compared[MC_WORD_COUNT];
    uint8_t word_of[MC_FEATURE_COUNT];
} derived;
static pthread_once_t derived_once = PTHREAD_ONCE_INIT;

static void derive_bit(size_t word, unsigned bit)
{
    const struct mc_word_info *info = &mc_words[word];
    int feature = mc_feature_at(info->leaf, info->subleaf, info->reg, bit);
    const struct mc_feature_info *row = feature < 0 ? NULL : &mc_features[feature];
    bool copy = row && (row->leaf != info->leaf || row->subleaf != info->subleaf || row->reg != info->reg);
    derived.features[word][bit] = (int16_t)(copy ? -2 : feature);
    if (row && !copy)
        derived.word_of[feature] = (uint8_t)word;
    if (!copy && !(row && row->dynamic) && !(info->left_out >> bit & 1))
        derived.compared[word] |= UINT32_C(1) << bit;
}

static void derive(void)
{
    _Static_assert(MC_WORD_COUNT < 256, "widen word_of");
    for (size_t word = 0; word < MC_WORD_COUNT; word++)
        for (unsigned bit = 0; bit < 32; bit++)
            derive_bit(word, bit);
}

int mc_word_at(uint32_t leaf, uint32_t subleaf, enum mc_register reg)
{
    for (size_t word = 0; word < MC_WORD_COUNT; word++)
        if (mc_words[word].leaf == leaf && mc_words[word].subleaf == subleaf && mc_words[word].reg == reg)
            return (int)word;
    return -1;
}

int mc_word_feature(size_t word, unsigned bit)
{
    pthread_once(&derived_once, derive);
    return derived.features[word][bit] < 0 ? -1 : derived.features[word][bit];
}

uint32_t mc_word_compared(size_t word)
{
    pthread_once(&derived_once, derive);
    return derived.compared[word];
}

size_t mc_word_of_feature(enum mc_feature feature)
{
    pthread_once(&derived_once, derive);
    return derived.word_of[feature];
}

enum mc_used_by mc_feature_used_by(enum mc_feature feature)
{
    if (mc_features[feature].level == MC_LEVEL_KERNEL)
        return MC_USED_BY_KERNEL;
    return mc_features[feature].os == MC_OS_NONE ? MC_USED_BY_PROGRAM : MC_USED_BY_BOTH;
}

void mc_register_name(uint32_t leaf, uint32_t subleaf, enum mc_register reg, char ret[MC_BIT_NAME_SIZE])
{
    static const char *const registers[] = {"eax", "ebx", "ecx", "edx"};
    char text[12] = "";
    if (subleaf)
        snprintf(text, sizeof text, ".%" PRIu32, subleaf);
    snprintf(ret, MC_BIT_NAME_SIZE, "%" PRIx32 "%s.%s", leaf, text, registers[reg]);
}

void mc_word_name(size_t word, char ret[MC_BIT_NAME_SIZE])
{
    mc_register_name(mc_words[word].leaf, mc_words[word].subleaf, mc_words[word].reg, ret);
}

void mc_component_name(unsigned bit, char ret[MC_BIT_NAME_SIZE])
{
    const struct mc_component_info *info = mc_component_at(bit);
    if (info)
        snprintf(ret, MC_BIT_NAME_SIZE, "%s.%s", info->supervisor ? "xss" : "xcr0", info->name);
    else
        snprintf(ret, MC_BIT_NAME_SIZE, "xcr0[%u]", bit & 63);
}

void mc_bit_name(size_t word, unsigned bit, char ret[MC_BIT_NAME_SIZE])
{
    char name[MC_BIT_NAME_SIZE];
    int feature = mc_word_feature(word, bit);
    if (feature >= 0) {
        snprintf(ret, MC_BIT_NAME_SIZE, "%s", mc_features[feature].name);
        return;
    }
    mc_word_name(word, name);
    snprintf(ret, MC_BIT_NAME_SIZE, "%.30s[%u]", name, bit & 31);
}
