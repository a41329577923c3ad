/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled with -msse4.1 -O3: the loop becomes PMULLD. */
int scale_all(int *values, int count, int factor);

int scale_all(int *values, int count, int factor) {
    int sum = 0;
    for (int i = 0; i < count; i++) {
        values[i] *= factor;
        sum += values[i];
    }
    return sum;
}
