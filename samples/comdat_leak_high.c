/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled for SSE4.1 and linked first. Its own function is guarded by the caller; the leaked helper is not. */
#define HIGH 1
#include "sample.h"
#include "comdat_leak.h"

NOINLINE int high_part(int a, int b) {
    return multiply_sse41(shared_helper(a, b), 1);
}
