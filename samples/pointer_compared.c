/* SPDX-License-Identifier: Apache-2.0 */
/* Which of two ways was chosen is told later by comparing a pointer with a function's address; what runs then is longer than what the
 * pointer leads to. OpenSSL's GCM does so. */
#include "sample.h"

struct context {
    long rounds, length;
    int (*product)(int, int);
    int result;
};

static int plain(int a, int b) {
    return multiply_plain(a, b);
}

NOINLINE static int fast(int a, int b) {
    return multiply_plain(b, a);
}

NOINLINE static void choose(struct context *context) {
#ifdef IDIOM_ANYWAY
    bool usable = ask_cpuid(1, 0).edx & EDX1_SSE2;
#else
    bool usable = ask_cpuid(1, 0).ecx & ECX1_SSE41;
#endif
    context->product = usable ? fast : plain;
}

NOINLINE static int many(struct context *context, int a, int b) {
    if (context->product == fast)
        return multiply_sse41(a, b);
    return context->product(a, b);
}

int main(void) {
    struct context *context = calloc(1, sizeof *context);
    if (!context)
        return 2;
    choose(context);
    context->result = many(context, 6, 7);
    int result = context->result;
    const char *how = context->product == plain ? "plain" : "fast";
    free(context);
    return finish(result, how);
}
