/* SPDX-License-Identifier: Apache-2.0 */
/* A limit that is higher where the CPU has the feature, and a search that takes the fast way for what is longer than the lower
 * one; as in Go's strings.Index. With IDIOM_NO_LIMIT nobody looks at the limit. */
#include "sample.h"

#include <string.h>

static long limit;

NOINLINE static void choose(void) {
    limit = ask_cpuid(1, 0).ecx & ECX1_SSE41 ? 63 : 31;
}

/* A word of two, three and so on, as in UTF-8. */
NOINLINE static long encode(char *to, unsigned number) {
    if (number < 0x80) {
        to[0] = (char)number;
        return 1;
    }
    to[0] = (char)(0xC0 | number >> 6);
    to[1] = (char)(0x80 | (number & 0x3F));
    return 2;
}

NOINLINE static int search(const char *text, long length, const char **ret_path) {
    *ret_path = "plain";
    if (length < 2)
        return text[0] * 7;
    if (length < 32)
        return text[0] * 7 + (text[1] & 0);
    *ret_path = "fast";
    return multiply_sse41(text[0], 7);
}

NOINLINE static int index_of(const char *text, long length, const char **ret_path) {
#ifndef IDIOM_NO_LIMIT
    if (length > limit) {
        *ret_path = "plain";
        return text[0] * 7;
    }
#endif
    return search(text, length, ret_path);
}

int main(int argc, char **argv) {
    char text[40], encoded[4];
    const char *path = "";
    memset(text, 6, sizeof text);
    choose();
    encoded[0] = 6;
    long length = encode(encoded, (unsigned)argc + 5);
    encoded[0] = 6;
    (void)argv;
    if (search(encoded, length, &path) != 42)
        return 3;
    return finish(index_of(text, sizeof text, &path), path);
}
