/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing beyond the first x86-64 CPU. */
#include "sample.h"

int main(void) {
    return finish(multiply_plain(6, 7), "plain");
}
