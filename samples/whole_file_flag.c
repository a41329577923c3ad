/* SPDX-License-Identifier: Apache-2.0 */
/* Half of the program is compiled for a newer CPU; the compiler uses it where it likes. */
#include "sample.h"

int scale_all(int *values, int count, int factor);

int main(void) {
    int values[16];
    for (int i = 0; i < 16; i++)
        values[i] = i;
    return finish(scale_all(values, 16, 6) == 720 && values[7] == 42 ? 42 : 0, "fast");
}
