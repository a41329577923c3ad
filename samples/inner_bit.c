/* SPDX-License-Identifier: Apache-2.0 */
/* Flags of one bit each in a structure that lies inside of another one; one of them is set there, too, by way of the outer one
 * (libgcrypt's ciphers). IDIOM_FORCED: the flag of the CPU is set so, as well, without a test. */
#include "sample.h"

struct cipher {
    char key[0x1e4];
    uint8_t prepared : 1, wide : 1, fast : 1;
};
struct handle {
    char space[0x380];
    struct cipher c;
};
static uint32_t features;

NOINLINE static uint32_t get_features(void) {
    return features;
}

NOINLINE static void detect(void) {
    struct cpuid_registers r = ask_cpuid(1, 0);
    uint32_t found = 0;
    if (r.ecx & ECX1_SSSE3)
        found |= 1u << 12;
    if (r.ecx & ECX1_SSE41)
        found |= 1u << 13;
    features = found;
}

NOINLINE static void set_key(struct cipher *c) {
    uint32_t found = get_features();
    c->prepared = 0;
    c->wide = (found & 1u << 12) != 0;
    c->fast = (found & 1u << 13) != 0;
}

NOINLINE static void prepare(struct cipher *c) {
    __asm__ volatile("" : : "r"(c) : "memory");
    c->key[0] ^= 1;
}

NOINLINE static int run(struct handle *h, int a, int b) {
    if (!h->c.prepared) {
        prepare(&h->c);
        h->c.prepared = 1;
    }
    if (h->c.fast)
        return multiply_sse41(a, b);
    return multiply_plain(a, b);
}

#ifdef IDIOM_FORCED
NOINLINE static int force(struct handle *h, int a, int b) {
    prepare(&h->c);
    h->c.fast = 1;
    return run(h, a, b);
}
#endif

int main(void) {
    struct handle *h = calloc(1, sizeof *h);
    if (!h)
        return 1;
    detect();
    set_key(&h->c);
    const char *path = h->c.fast ? "fast" : "plain";
    int result = run(h, 6, 7);
#ifdef IDIOM_FORCED
    result = force(h, 6, 7);
#endif
    return finish(result, path);
}
