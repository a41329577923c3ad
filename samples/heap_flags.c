/* SPDX-License-Identifier: Apache-2.0 */
/* The flags travel in a structure on the heap, away from what can be followed: h->flags & 0x40. */
#include "sample.h"

struct context {
    char name[24];
    uint32_t flags;
    int result;
};

NOINLINE static struct context *open_context(void) {
    struct context *context = calloc(1, sizeof *context);
    if (!context)
        abort();
    uint32_t ecx = ask_cpuid(1, 0).ecx;
    if (ecx & ECX1_SSSE3)
        context->flags |= 0x20;
    if (ecx & ECX1_SSE41)
        context->flags |= 0x40;
    return context;
}

NOINLINE static void compute(struct context *context, int a, int b) {
    if (context->flags & 0x40)
        context->result = multiply_sse41(a, b);
    else
        context->result = multiply_plain(a, b);
}

int main(void) {
    struct context *context = open_context();
    compute(context, 6, 7);
    int status = finish(context->result, context->flags & 0x40 ? "fast" : "plain");
    free(context);
    return status;
}
