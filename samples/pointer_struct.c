/* SPDX-License-Identifier: Apache-2.0 */
/* A structure of function pointers, filled for the CPU, handed about on the heap. */
#include "sample.h"

struct operations {
    int (*product)(int, int);
    int (*absolute)(int);
    const char *path;
};

static int product_plain(int a, int b) {
    return multiply_plain(a, b);
}

static int product_sse41(int a, int b) {
    return multiply_sse41(a, b);
}

static int absolute_plain(int a) {
    return abs(a);
}

static int absolute_fast(int a) {
    return absolute_ssse3(a);
}

NOINLINE static void operations_init(struct operations *operations) {
    uint32_t ecx = ask_cpuid(1, 0).ecx;
    *operations = (struct operations){product_plain, absolute_plain, "plain"};
    if (ecx & ECX1_SSSE3)
        operations->absolute = absolute_fast;
    if (ecx & ECX1_SSE41) {
        operations->product = product_sse41;
        operations->path = "fast";
    }
}

int main(void) {
    struct operations *operations = malloc(sizeof *operations);
    if (!operations)
        return 1;
    operations_init(operations);
    int status = finish(operations->absolute(operations->product(6, -7)), operations->path);
    free(operations);
    return status;
}
