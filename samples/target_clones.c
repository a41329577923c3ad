/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler writes the clones and the resolver. */
#include "sample.h"

__attribute__((target_clones("sse4.1", "default"))) int scale_all(int *values, int count, int factor) {
    int sum = 0;
    for (int i = 0; i < count; i++) {
        values[i] *= factor;
        sum += values[i];
    }
    return sum;
}

int main(void) {
    int values[16];
    for (int i = 0; i < 16; i++)
        values[i] = i;
    return finish(scale_all(values, 16, 6) == 720 && values[7] == 42 ? 42 : 0, "either");
}
