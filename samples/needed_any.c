/* SPDX-License-Identifier: Apache-2.0 */
/* Records with a flag that they are for; one without flags is for all. Any flag that is there will do, so that one with two flags
 * (IDIOM_TWO_FLAGS) proves neither. With IDIOM_NOT_FOR the flags are of what a record is not for. */
#include "sample.h"

#define HAS_SSE2 0x10u
#define HAS_SSE41 0x100u

struct record {
    const char *path;
    int (*product)(int a, int b);
    unsigned kind, level, flags;
};

static int fast(int a, int b) {
    return multiply_sse41(a, b);
}

static int plain(int a, int b) {
    return multiply_plain(a, b);
}

#ifdef IDIOM_TWO_FLAGS
#define FLAGS (HAS_SSE2 | HAS_SSE41)
#else
#define FLAGS HAS_SSE41
#endif

static const struct record older_record = {"older", plain, 2, 0, HAS_SSE2}, fast_record = {"fast", fast, 1, 0, FLAGS},
                           plain_record = {"plain", plain, 1, 0, 0};
static const struct record *const fast_list[] = {&older_record, &fast_record, NULL}, *const plain_list[] = {&plain_record, NULL};

static unsigned found;

NOINLINE static unsigned flags(void) {
    struct cpuid_registers r = ask_cpuid(1, 0);
    if (!found)
        found = (r.edx & EDX1_SSE2 ? HAS_SSE2 : 0) | (r.ecx & ECX1_SSE41 ? HAS_SSE41 : 0);
    return found;
}

#ifdef IDIOM_NOT_FOR
#define IS_OUT(record, have) ((record)->flags && ((record)->flags & (have)))
#else
#define IS_OUT(record, have) ((record)->flags && !((record)->flags & (have)))
#endif

NOINLINE static const struct record *choose(unsigned kind, unsigned first, unsigned last) {
    const struct record *const *const lists[] = {plain_list, fast_list};
    unsigned have = flags();
    for (unsigned i = last; i + 1 > first; i--)
        for (const struct record *const *list = lists[i], *record; (record = *list); list++) {
            if (record->kind != kind)
                continue;
            if (IS_OUT(record, have))
                continue;
            if (record->level <= i)
                return record;
        }
    return NULL;
}

int main(int argc, char **argv) {
    (void)argv;
    const struct record *record = choose((unsigned)argc, (unsigned)argc - 1, (unsigned)argc);
    return record ? finish(record->product(6, 7), record->path) : 1;
}
