/* SPDX-License-Identifier: Apache-2.0 */
/* libgcc's idea of the model, taken for a feature. */
#include "sample.h"

int main(void) {
    __builtin_cpu_init();
    if (__builtin_cpu_is("intel") || __builtin_cpu_is("amd"))
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
