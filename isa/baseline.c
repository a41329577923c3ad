/* SPDX-License-Identifier: Apache-2.0 */
/* Baselines and CPU models: the rows of baselines.def and models.def, resolved once by inheritance, and the questions
 * answered from them. For implications the table is also kept transposed: which models have a given feature. */
#include "isa/baseline.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct row {
    const char *name, *aliases;
    enum mc_family family;
    enum mc_cpu_vendor vendor;
    enum mc_scope scope;
    const char *parent, *adds, *drops, *source;
};

static const struct row rows[] = {
#define MC_BASELINE(name, aliases, family, vendor, scope, parent, adds, drops, source) \
    {name, aliases, MC_FAMILY_##family, MC_VENDOR_##vendor, MC_SCOPE_##scope, parent, adds, drops, source},
#include "isa/baselines.def"
#include "isa/models.def"
#undef MC_BASELINE
};
#define COUNT (sizeof rows / sizeof *rows)

#define MODEL_WORDS 4
_Static_assert(COUNT <= MODEL_WORDS * 64, "widen MODEL_WORDS");

struct model_set {
    uint64_t words[MODEL_WORDS];
};

static struct mc_baseline baselines[COUNT];
static struct model_set models_with[MC_FEATURE_COUNT]; /* the rows that have a feature */
static pthread_once_t resolved = PTHREAD_ONCE_INIT;

/* The parent of a row: nearly always just above it. -1 when it starts from nothing. */
static int find_parent(size_t row)
{
    if (!*rows[row].parent)
        return -1;
    for (size_t i = row; i-- > 0;)
        if (!strcmp(rows[i].name, rows[row].parent))
            return (int)i;
    return -1;
}

static int find_row(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < COUNT; i++)
        if (!strcasecmp(rows[i].name, name))
            return (int)i;
    for (size_t i = 0; i < COUNT; i++) {
        for (const char *word = rows[i].aliases; *word;) {
            size_t size = strcspn(word, " ");
            if (size == length && !strncasecmp(word, name, length))
                return (int)i;
            word += size;
            word += strspn(word, " ");
        }
    }
    return -1;
}

/* Adds or removes the features of a space-separated list. Unknown names are left out here; the catalogue's tests find
 * them. */
static bool apply_list(struct mc_feature_set *set, const char *list, bool add)
{
    bool known = true;
    for (const char *word = list; *word;) {
        size_t length = strcspn(word, " ");
        int feature = mc_feature_find(word, length);
        if (feature < 0)
            known = false;
        else if (add)
            mc_set_add(set, (enum mc_feature)feature);
        else
            mc_set_remove(set, (enum mc_feature)feature);
        word += length;
        word += strspn(word, " ");
    }
    return known;
}

static void resolve(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        struct mc_baseline *baseline = &baselines[i];
        snprintf(baseline->name, sizeof baseline->name, "%s", rows[i].name);
        baseline->family = rows[i].family;
        int parent = find_parent(i);
        if (parent >= 0)
            baseline->features = baselines[parent].features;
        apply_list(&baseline->features, rows[i].adds, true);
        apply_list(&baseline->features, rows[i].drops, false);
        for (int feature = mc_set_next(&baseline->features, 0); feature >= 0;
             feature = mc_set_next(&baseline->features, feature + 1))
            models_with[feature].words[i / 64] |= UINT64_C(1) << (i % 64);
    }
}

size_t mc_baseline_count(void)
{
    return COUNT;
}

const struct mc_baseline *mc_baseline_at(size_t index)
{
    pthread_once(&resolved, resolve);
    return index < COUNT ? &baselines[index] : NULL;
}

struct mc_baseline_row mc_baseline_row_at(size_t index)
{
    const struct row *row = &rows[index];
    int parent = find_parent(index);
    return (struct mc_baseline_row){
        .parent = parent < 0 ? NULL : mc_baseline_at((size_t)parent),
        .aliases = row->aliases,
        .parent_name = row->parent,
        .adds = row->adds,
        .drops = row->drops,
        .source = row->source,
        .vendor = row->vendor,
        .scope = row->scope,
    };
}

/* What programs use, what the scope adds for the family or for QEMU. */
static struct mc_feature_set find_scope(enum mc_scope scope, enum mc_family family)
{
    struct mc_feature_set set = {0};
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++) {
        bool named =
            scope == MC_SCOPE_QEMU ? *mc_features[feature].qemu_name : mc_features[feature].level == MC_LEVEL_USER;
        if (named)
            mc_set_add(&set, (enum mc_feature)feature);
    }
    for (size_t i = 0; i < COUNT && scope == MC_SCOPE_FAMILY; i++)
        if (rows[i].family == family)
            set = mc_set_or(set, &baselines[i].features);
    return set;
}

struct mc_feature_set mc_baseline_defined(const struct mc_baseline *baseline)
{
    struct mc_feature_set set, all;
    char name[sizeof baseline->name];
    size_t length = strcspn(baseline->name, ",");
    snprintf(name, sizeof name, "%.*s", (int)length, baseline->name);
    int index = find_row(name);
    memset(&all, 0xFF, sizeof all);
    if (index < 0)
        return all; /* a recorded machine */
    pthread_once(&resolved, resolve);
    set = find_scope(rows[index].scope, rows[index].family);
    set = mc_set_or(set, &baselines[index].features);
    for (const char *word = baseline->name + length; *word == ',';) {
        size_t size = strcspn(++word, ",");
        int feature = size > 1 ? mc_feature_find(word + 1, size - 1) : -1;
        if (feature >= 0)
            mc_set_add(&set, (enum mc_feature)feature);
        word += size;
    }
    return set;
}

enum mc_cpu_vendor mc_baseline_vendor(const struct mc_baseline *baseline)
{
    char name[sizeof baseline->name];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(baseline->name, ","), baseline->name);
    int index = find_row(name);
    return index < 0 ? MC_VENDOR_ANY : rows[index].vendor;
}

const struct mc_vendor_info mc_vendors[MC_VENDOR_COUNT] = {
    /* AMD APM vol. 3 and Intel SDM vol. 2A, CPUID leaf 0; libvirt src/cpu_map/x86_vendors.xml */
    [MC_VENDOR_ANY] = {"any", "", ""},
    [MC_VENDOR_INTEL] = {"Intel", "GenuineIntel", "Intel"},
    [MC_VENDOR_AMD] = {"AMD", "AuthenticAMD", "AMD"},
    [MC_VENDOR_HYGON] = {"Hygon", "HygonGenuine", "Hygon"},
    [MC_VENDOR_CENTAUR] = {"Centaur", "CentaurHauls", ""},
    [MC_VENDOR_ZHAOXIN] = {"Zhaoxin", "  Shanghai  ", ""},
};

const struct mc_baseline *mc_baseline_find(const char *name)
{
    int index = find_row(name);
    return index < 0 ? NULL : mc_baseline_at((size_t)index);
}

static int fold(char letter)
{
    return letter == '-' || letter == '.' ? '_' : tolower((unsigned char)letter);
}

/* Edit distance of two short names, folded as in lookups; SIZE_MAX for a name that no row can be near to. */
static size_t distance(const char *a, const char *b)
{
    size_t previous[65], length = strlen(b);
    if (length > 64)
        return SIZE_MAX;
    for (size_t j = 0; j <= length; j++)
        previous[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = previous[0];
        previous[0] = i;
        for (size_t j = 1; j <= length; j++) {
            size_t change = diagonal + (fold(a[i - 1]) != fold(b[j - 1]));
            diagonal = previous[j];
            size_t gap = (previous[j] < previous[j - 1] ? previous[j] : previous[j - 1]) + 1;
            previous[j] = change < gap ? change : gap;
        }
    }
    return previous[length];
}

/* "Near": about a third of the letters wrong at most. */
static size_t farthest_near(const char *name)
{
    return strlen(name) / 3 + 1;
}

const char *mc_baseline_nearest(const char *name)
{
    const char *nearest = NULL;
    size_t best = farthest_near(name) + 1;
    for (size_t i = 0; i < COUNT; i++) {
        size_t far = distance(name, rows[i].name);
        if (far < best) {
            best = far;
            nearest = rows[i].name;
        }
    }
    return nearest;
}

static const char *nearest_feature(const char *name)
{
    const char *nearest = NULL;
    size_t best = farthest_near(name) + 1;
    for (int feature = 0; feature < MC_FEATURE_COUNT; feature++) {
        size_t far = distance(name, mc_features[feature].name);
        if (far < best) {
            best = far;
            nearest = mc_features[feature].name;
        }
    }
    return nearest;
}

static bool fail_unknown(struct mc_error *ret_error, const char *what, const char *name, const char *nearest)
{
    if (nearest)
        return mc_fail(ret_error, MC_ERROR_USAGE, MC_NO_OFFSET, "unknown %s '%s'; did you mean '%s'?", what, name,
                       nearest);
    return mc_fail(ret_error, MC_ERROR_USAGE, MC_NO_OFFSET, "unknown %s '%s'", what, name);
}

/* One "+feature" or "-feature" of a baseline's text. */
static bool apply_change(const char *word, size_t length, struct mc_feature_set *set, struct mc_error *ret_error)
{
    char name[65];
    snprintf(name, sizeof name, "%.*s", (int)length, word);
    if (length < 2 || (*word != '+' && *word != '-'))
        return mc_fail(ret_error, MC_ERROR_USAGE, MC_NO_OFFSET,
                       "'%s': expected +feature or -feature after the baseline", name);
    int feature = mc_feature_find(word + 1, length - 1);
    if (feature < 0)
        return fail_unknown(ret_error, "feature", name + 1, nearest_feature(name + 1));
    if (*word == '+')
        mc_set_add(set, (enum mc_feature)feature);
    else
        mc_set_remove(set, (enum mc_feature)feature);
    return true;
}

bool mc_baseline_parse(const char *text, struct mc_baseline *ret, struct mc_error *ret_error)
{
    char name[sizeof ret->name];
    int length = (int)strcspn(text, ",");
    snprintf(name, sizeof name, "%.*s", length, text);
    const struct mc_baseline *known = strlen(name) == (size_t)length ? mc_baseline_find(name) : NULL;
    if (!known)
        return fail_unknown(ret_error, "baseline", name, mc_baseline_nearest(name));
    struct mc_baseline parsed = *known;
    snprintf(parsed.name, sizeof parsed.name, "%s", text);
    for (const char *word = text + length; *word == ',';) {
        size_t size = strcspn(++word, ",");
        if (!apply_change(word, size, &parsed.features, ret_error))
            return false;
        word += size;
    }
    *ret = parsed;
    return true;
}

bool mc_feature_implied(const struct mc_feature_set *tested, enum mc_feature used)
{
    pthread_once(&resolved, resolve);
    struct model_set having;
    memset(&having, 0xFF, sizeof having);
    bool any = false;
    for (int feature = mc_set_next(tested, 0); feature >= 0; feature = mc_set_next(tested, feature + 1)) {
        if (mc_features[feature].level == MC_LEVEL_KERNEL)
            continue; /* the compilers' models say nothing about these */
        any = true;
        for (int i = 0; i < MODEL_WORDS; i++)
            having.words[i] &= models_with[feature].words[i];
    }
    if (!any)
        return false; /* no test at all implies nothing, even where every model has the feature */
    uint64_t some = 0, lacking = 0;
    for (int i = 0; i < MODEL_WORDS; i++) {
        some |= having.words[i];
        lacking |= having.words[i] & ~models_with[used].words[i];
    }
    return some && !lacking;
}

static const struct mc_baseline *lowest_with(enum mc_family family, const struct mc_feature_set *needed)
{
    for (size_t i = 0; i < COUNT; i++)
        if (rows[i].family == family && mc_set_within(needed, &baselines[i].features))
            return &baselines[i];
    return NULL;
}

struct mc_enough mc_baseline_enough(const struct mc_feature_set *needed)
{
    pthread_once(&resolved, resolve);
    return (struct mc_enough){
        .psabi = lowest_with(MC_FAMILY_PSABI, needed),
        .intel = lowest_with(MC_FAMILY_INTEL, needed),
        .amd = lowest_with(MC_FAMILY_AMD, needed),
    };
}
