/* SPDX-License-Identifier: Apache-2.0 */
/* A bit in a word of every object says how it was set up; it is set under a test only, by OR, and asked for elsewhere, where
 * the test itself is not. glibc marks the locks that it elides so. */
#include "sample.h"

#define KIND_MASK 0x17Fu
#define KIND_FAST 0x100u
#define KIND_ASKED 0x200u

struct job {
    int lock, owner;
    long count, users;
    unsigned kind;
    int a, b;
};

static int usable;

__attribute__((constructor)) static void find_usable(void) {
    usable = (ask_cpuid(1, 0).ecx & ECX1_SSE41) != 0;
}

NOINLINE static struct job *make(const struct job *model) {
    struct job *job = malloc(sizeof *job);
    if (!job)
        exit(2);
    job->kind = model->kind;
    job->a = model->a;
    job->b = model->b;
    return job;
}

NOINLINE static int fast(struct job *job) {
    return multiply_sse41(job->a, job->b);
}

NOINLINE static int start(struct job *job) {
    unsigned kind = job->kind & KIND_MASK;
    if (!kind) {
        if (usable) {
            if (!(job->kind & (KIND_FAST | KIND_ASKED)))
                job->kind |= KIND_FAST;
            return fast(job);
        }
        return multiply_plain(job->a, job->b);
    }
    if (kind == KIND_FAST)
        return fast(job);
    return multiply_plain(job->b, job->a);
}

NOINLINE static int again(struct job *job) {
    return (job->kind & KIND_MASK) == KIND_FAST ? fast(job) : multiply_plain(job->a, job->b);
}

#ifdef IDIOM_OTHER_SETTER
NOINLINE static void ask_for_speed(struct job *job) {
    job->kind |= KIND_FAST;
}
#endif

int main(int argc, char **argv) {
    struct job model = {.kind = argc > 20 ? (unsigned)atoi(argv[1]) & 1 : 0, .a = 6, .b = 7};
    struct job *job = make(&model);
#ifdef IDIOM_OTHER_SETTER
    ask_for_speed(job);
#endif
    int product = start(job);
    const char *how = job->kind & KIND_FAST ? "fast" : "plain";
    product = product == again(job) ? product : 0;
    free(job);
    return finish(product, how);
}
