/* SPDX-License-Identifier: Apache-2.0 */
/* libgcc's __cpu_model, the wrong feature. */
#include "sample.h"

int main(void) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("ssse3"))
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
