/* SPDX-License-Identifier: Apache-2.0 */
/* The library calls back a function that nobody guards. */
#include "sample.h"

static int compare(const void *a, const void *b) {
    return multiply_sse41(*(const int *)a - *(const int *)b, 2);
}

int main(void) {
    int values[] = {42, 7, 19};
    qsort(values, 3, sizeof *values, compare);
    return finish(values[2], "fast");
}
