/* SPDX-License-Identifier: Apache-2.0 */
/* A table of methods, each beside a function that says whether this CPU may use it; who looks for a method copies those that may be
 * used. OpenSSL's providers list their algorithms so. */
#include "sample.h"

#include <string.h>

struct functions {
    int (*product)(int, int);
    int (*check)(int);
};

struct method {
    const char *name, *properties;
    const struct functions *functions;
    const char *description;
    int (*may_use)(void);
};

static unsigned words[4];

static int plain_product(int a, int b) {
    return multiply_plain(a, b);
}

static int plain_check(int a) {
    return a == 42;
}

static int fast_product(int a, int b) {
    return multiply_sse41(a, b);
}

static int fast_absolute(int a) {
    return absolute_ssse3(-a) == 42;
}

NOINLINE static int has_sse41(void) {
#ifdef IDIOM_OTHER_PREDICATE
    return words[3] & EDX1_SSE2;
#else
    return words[2] & ECX1_SSE41;
#endif
}

NOINLINE static int has_ssse3(void) {
    return words[2] & ECX1_SSSE3;
}

static const struct functions plain = {plain_product, plain_check}, with_check = {plain_product, fast_absolute},
                              with_product = {fast_product, plain_check};

static const struct method methods[] = {{"plain", "", &plain, NULL, NULL},
                                        {"checked", "", &with_check, NULL, has_ssse3},
                                        {"fast", "", &with_product, NULL, has_sse41},
                                        {NULL, NULL, NULL, NULL, NULL}};

static struct method usable[4];

NOINLINE static void ask(void) {
    struct cpuid_registers r = ask_cpuid(1, 0);
    words[2] = r.ecx;
    words[3] = r.edx;
}

NOINLINE static void keep(const struct method *from, struct method *to) {
    for (; from->name; from++)
        if (!from->may_use || from->may_use())
            *to++ = *from;
}

NOINLINE static const struct method *find(const char *name) {
    const struct method *found = usable;
    for (const struct method *method = usable; method->name; method++)
        if (!strcmp(method->name, name))
            found = method;
    return found;
}

int main(void) {
    ask();
    keep(methods, usable);
    const struct method *method = find("fast");
    int product = method->functions->product(6, 7);
    return finish(method->functions->check(product) ? product : 0, method->name);
}
