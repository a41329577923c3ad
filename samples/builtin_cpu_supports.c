/* SPDX-License-Identifier: Apache-2.0 */
/* libgcc's __cpu_model, in its own numbering. */
#include "sample.h"

int main(void) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("sse4.1"))
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
