/* SPDX-License-Identifier: Apache-2.0 */
#include "report/explain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    const struct mc_function_uses *x = a, *y = b;
    if (x->worst->verdict != y->worst->verdict)
        return x->worst->verdict > y->worst->verdict ? -1 : 1;
    return x->worst->use.address < y->worst->use.address ? -1 : x->worst->use.address > y->worst->use.address;
}

static void add_features(const struct mc_file_result *result, const struct mc_finding *finding,
                         struct mc_feature_set *set)
{
    struct mc_feature_set beyond = mc_set_and(finding->needs, &result->used); /* empty where all such uses are dead */
    const struct mc_feature_set *needs = mc_set_empty(&beyond) ? &finding->needs : &beyond;
    *set = mc_set_or(*set, mc_set_empty(&finding->missing) ? needs : &finding->missing);
}

struct mc_function_uses *mc_functions_with_uses(const struct mc_file_result *result, size_t *ret_count)
{
    struct mc_function_uses *list = mc_realloc(NULL, result->finding_count, sizeof *list), *last = NULL;
    size_t count = 0;
    for (size_t i = 0; i < result->finding_count; i++) {
        const struct mc_finding *finding = &result->findings[i];
        if (!last || last->worst->function_address != finding->function_address) {
            last = &list[count++];
            *last = (struct mc_function_uses){.worst = finding};
        }
        last->uses++;
        last->unsafe += mc_verdict_unsafe(finding->verdict);
        if (finding->verdict > last->worst->verdict) {
            last->worst = finding;
            last->features = (struct mc_feature_set){{0}};
        }
        if (finding->verdict == last->worst->verdict)
            add_features(result, finding, &last->features);
    }
    if (count)
        qsort(list, count, sizeof *list, compare);
    *ret_count = count;
    return list;
}

static bool is_plain(const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.$@/-";
    return strspn(name, plain) == strlen(name) && name[0] != '-' && !strchr(name, '$');
}

/* Every use of the function is among those that its name means, and no other function has it. */
static bool is_clear(const struct mc_file_result *result, const char *name, const struct mc_finding *finding)
{
    struct mc_arena arena = {0};
    struct mc_place place;
    struct mc_uses none = {0};
    mc_explain_place(result->image, result->explained->entries, &none, name, &arena, &place);
    bool clear = place.kind == MC_PLACE_FUNCTION && place.range_count == 1 && mc_place_has(&place, &finding->use);
    mc_arena_free(&arena);
    return clear;
}

const char *mc_function_word(const struct mc_file_result *result, const struct mc_function_uses *uses,
                             struct mc_arena *arena)
{
    const struct mc_finding *worst = uses->worst;
    if (worst->function && is_plain(worst->function) && is_clear(result, worst->function, worst))
        return worst->function;
    bool whole = mc_entry_at(result->explained->entries, worst->function_address) &&
                 worst->function_address != worst->use.address;
    return mc_arena_printf(arena, "0x%" PRIx64, whole ? worst->function_address : worst->use.address);
}
