/* SPDX-License-Identifier: Apache-2.0 */
/* The header that both files include. */
int high_part(int a, int b);
int shared_helper(int a, int b);

__attribute__((weak)) NOINLINE int shared_helper(int a, int b) {
#ifdef HIGH
    return multiply_sse41(a, b);
#else
    return multiply_plain(a, b);
#endif
}
