/* SPDX-License-Identifier: Apache-2.0 */
/* The model chooses among what the bits allow, as in OpenBLAS. */
#include "sample.h"

static int product_plain(int a, int b) {
    return multiply_plain(a, b);
}

static int product_sse41(int a, int b) {
    return multiply_sse41(a, b);
}

struct core {
    const char *path;
    int (*product)(int a, int b);
};
static const struct core core_generic = {"plain", product_plain};
static const struct core core_penryn = {"fast", product_sse41};

NOINLINE static const struct core *find_core(void) {
    struct cpuid_registers r = ask_cpuid(1, 0);
    switch ((r.eax >> 8) & 15) {
    case 5: return &core_generic;
    case 6:
    case 15: return r.ecx & ECX1_SSE41 ? &core_penryn : &core_generic;
    default: return &core_generic;
    }
}

static const struct core *core;

int main(void) {
    core = find_core();
    return finish(core->product(6, 7), core->path);
}
