/* SPDX-License-Identifier: Apache-2.0 */
/* No fault to catch: LZCNT of 1 is 31, and BSR of 1 is 0. The result decides. */
#include "sample.h"

int main(void) {
    if (leading_zeros_lzcnt(1) == 31)
        return finish((int)leading_zeros_lzcnt(1) + 11, "fast");
    return finish(__builtin_clz(1) + 11, "plain");
}
