/* SPDX-License-Identifier: Apache-2.0 */
/* Linked with -z x86-64-v2: glibc's loader refuses the program on a CPU below that level. A static program has no loader. */
#include "sample.h"

int main(void) {
    return finish(multiply_sse41(6, 7), "fast");
}
