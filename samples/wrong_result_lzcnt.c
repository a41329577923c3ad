/* SPDX-License-Identifier: Apache-2.0 */
/* LZCNT without a guard does not die: it gives another number. */
#include "sample.h"

int main(void) {
    return finish((int)leading_zeros_lzcnt(1) + 11, "fast");
}
