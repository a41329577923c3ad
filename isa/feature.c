/* SPDX-License-Identifier: Apache-2.0 */
/* The feature table and its two indexes: by name (a hash built once) and by CPUID place (a binary search). */
#include "isa/feature.h"

#include <ctype.h>
#include <pthread.h>
#include <string.h>

const struct mc_feature_info mc_features[MC_FEATURE_COUNT] = {
#define MC_FEATURE(id, name_, aliases_, kernel, qemu, leaf_, subleaf_, reg_, bit_, os_, level_, dynamic_, source_) \
    [MC_F_##id] = {.name = name_,                                                                                  \
                   .aliases = aliases_,                                                                            \
                   .kernel_flag = kernel,                                                                          \
                   .qemu_name = qemu,                                                                              \
                   .leaf = leaf_,                                                                                  \
                   .subleaf = subleaf_,                                                                            \
                   .reg = MC_##reg_,                                                                               \
                   .bit = bit_,                                                                                    \
                   .os = MC_OS_##os_,                                                                              \
                   .level = MC_LEVEL_##level_,                                                                     \
                   .dynamic = dynamic_,                                                                            \
                   .source = source_},
#include "isa/features.def"
#undef MC_FEATURE
};

#define MC_FEATURE(id, name, aliases, kernel, qemu, leaf, subleaf, reg, bit, os, level, dynamic, source) \
    _Static_assert((bit) < 32 && sizeof name > 1 && sizeof source > 8, name ": bit, name and source are needed");
#include "isa/features.def"
#undef MC_FEATURE

/* By name. Open addressing; every spelling of every row is one entry, at most four fifths of the slots are taken. */
#define SLOTS 2048u

static struct {
    const char *text; /* NULL: free */
    uint16_t length, feature;
} names[SLOTS];
static pthread_once_t names_once = PTHREAD_ONCE_INIT;

static unsigned char fold(char letter)
{
    return letter == '-' || letter == '.' ? '_' : (unsigned char)tolower((unsigned char)letter);
}

static bool same_name(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (fold(a[i]) != fold(b[i]))
            return false;
    return true;
}

/* The slot of a name, or the free slot where it would go. */
static unsigned find_slot(const char *name, size_t length)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ fold(name[i])) * 16777619u;
    unsigned slot = (hash ^ hash >> 15) % SLOTS;
    while (names[slot].text && (names[slot].length != length || !same_name(names[slot].text, name, length)))
        slot = (slot + 1) % SLOTS;
    return slot;
}

/* Words of a space-separated list; the first row that claims a spelling keeps it. */
static void add_names(const char *list, int feature)
{
    for (const char *word = list; *word;) {
        size_t length = strcspn(word, " ");
        unsigned slot = find_slot(word, length);
        if (length && !names[slot].text) {
            names[slot].text = word;
            names[slot].length = (uint16_t)length;
            names[slot].feature = (uint16_t)feature;
        }
        word += length;
        word += strspn(word, " ");
    }
}

static void index_names(void)
{
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++)
        add_names(mc_features[feature].name, feature);
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++) {
        add_names(mc_features[feature].aliases, feature);
        add_names(mc_features[feature].kernel_flag, feature);
        add_names(mc_features[feature].qemu_name, feature);
    }
}

int mc_feature_find(const char *name, size_t length)
{
    if (!length || length > 64)
        return -1;
    pthread_once(&names_once, index_names);
    unsigned slot = find_slot(name, length);
    return names[slot].text ? names[slot].feature : -1;
}

/* By place. */
static bool has_subleaves(uint32_t leaf)
{
    static const uint32_t leaves[] = {4,    7,    0xB,  0xD,        0xF,        0x10,      0x12, 0x14,
                                      0x17, 0x18, 0x19, 0x1A,       0x1B,       0x1D,      0x1E, 0x1F,
                                      0x20, 0x23, 0x24, 0x8000001D, 0x80000020, 0x80000026};
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++)
        if (leaves[i] == leaf)
            return true;
    return false;
}

/* Where a bit stands a second time: the first place replaces it. */
static void follow_mirror(uint32_t *leaf, uint32_t *subleaf, enum mc_register *reg, unsigned *bit)
{
    /* AMD APM vol. 3, app. E, Fn8000_0001_EDX: "same as CPUID Fn0000_0001_EDX" for bits 0-9, 12-17, 23 and 24. */
    if (*leaf == 0x80000001 && *reg == MC_EDX && *bit < 32 && (UINT32_C(0x0183F3FF) >> *bit & 1))
        *leaf = 1;
    /* Intel ISA extensions reference 319433, leaf 1EH subleaf 1: bits 0-3 repeat INT8, BF16, COMPLEX, FP16. */
    static const struct {
        uint32_t subleaf;
        enum mc_register reg;
        unsigned bit;
    } amx[] = {{0, MC_EDX, 25}, {0, MC_EDX, 22}, {1, MC_EDX, 8}, {1, MC_EAX, 21}};
    if (*leaf == 0x1E && *subleaf == 1 && *reg == MC_EAX && *bit < 4) {
        *leaf = 7;
        *subleaf = amx[*bit].subleaf;
        *reg = amx[*bit].reg;
        *bit = amx[*bit].bit;
    }
}

int mc_feature_at(uint32_t leaf, uint32_t subleaf, enum mc_register reg, unsigned bit)
{
    follow_mirror(&leaf, &subleaf, &reg, &bit);
    if (!has_subleaves(leaf))
        subleaf = 0;
    int low = 0, high = MC_FEATURE_COUNT - 1;
    while (low <= high) { /* rows stand in this order; the catalogue's tests hold them to it */
        int middle = (low + high) / 2;
        const struct mc_feature_info *row = &mc_features[middle];
        int order = row->leaf != leaf         ? (row->leaf < leaf ? -1 : 1)
                    : row->subleaf != subleaf ? (row->subleaf < subleaf ? -1 : 1)
                    : row->reg != reg         ? (row->reg < reg ? -1 : 1)
                                              : (int)row->bit - (int)bit;
        if (!order)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle - 1;
    }
    return -1;
}

uint64_t mc_os_state_xcr0(enum mc_os_state state)
{
    switch (state) { /* Intel SDM vol. 1, 13.1; LWP: AMD APM vol. 2, 11.5.2 */
    case MC_OS_AVX:
        return 0x6;
    case MC_OS_AVX512:
        return 0xE6;
    case MC_OS_AMX:
        return 0x60000;
    case MC_OS_MPX:
        return 0x18;
    case MC_OS_PKU:
        return 0x200;
    case MC_OS_APX:
        return 0x80000;
    case MC_OS_LWP:
        return UINT64_C(1) << 62;
    case MC_OS_NONE:
    case MC_OS_CR4:
        break;
    }
    return 0;
}
