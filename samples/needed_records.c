/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of pointers to records, each with the flags that it needs: the first whose flags are all there is taken. Volk and FFmpeg
 * choose so. With IDIOM_WRONG_NEED the fast one names another flag, with IDIOM_NO_NEED none; with IDIOM_UNASKED somebody takes the
 * first record as it is. */
#include "sample.h"

#define HAS_SSE2 1u
#define HAS_SSE3 4u
#define HAS_SSE41 8u

struct record {
    const char *path;
    int (*product)(int a, int b);
    int kind;
    unsigned needs;
};

static int fast(int a, int b) {
    return multiply_sse41(a, b);
}

static int plain(int a, int b) {
    return multiply_plain(a, b);
}

#if defined IDIOM_WRONG_NEED
#define NEEDS HAS_SSE2
#elif defined IDIOM_NO_NEED
#define NEEDS 0
#else
#define NEEDS (HAS_SSE2 | HAS_SSE41)
#endif

static const struct record other_record = {"other", plain, 2, HAS_SSE3}, fast_record = {"fast", fast, 1, NEEDS},
                           plain_record = {"plain", plain, 1, 0};
static const struct record *const fast_list[] = {&other_record, &fast_record, NULL}, *const plain_list[] = {&plain_record, NULL};

static unsigned found;

NOINLINE static unsigned flags(void) {
    struct cpuid_registers r = ask_cpuid(1, 0);
    if (!found)
        found = (r.edx & EDX1_SSE2 ? HAS_SSE2 : 0) | (r.ecx & ECX1_SSE3 ? HAS_SSE3 : 0) | (r.ecx & ECX1_SSE41 ? HAS_SSE41 : 0);
    return found;
}

NOINLINE static const struct record *choose(int kind, int first, int last) {
    const struct record *const *const lists[] = {plain_list, fast_list};
    unsigned have = flags();
    for (int i = last; i >= first; i--)
        for (const struct record *const *list = lists[i], *record; (record = *list); list++)
            if (record->kind == kind && (record->needs & have) == record->needs)
                return record;
    return NULL;
}

#ifdef IDIOM_UNASKED
NOINLINE static int check(const struct record *record) {
    return record->product(2, 21);
}

NOINLINE static int check_all(void) {
    int all = 0;
    for (const struct record *const *list = fast_list; *list; list++)
        all += check(*list);
    return all == 84;
}
#endif

int main(int argc, char **argv) {
    (void)argv;
    const struct record *record = choose(argc, argc - 1, argc);
#ifdef IDIOM_UNASKED
    if (!check_all())
        return 1;
#endif
    return record ? finish(record->product(6, 7), record->path) : 1;
}
