/* SPDX-License-Identifier: Apache-2.0 */
/* The three questions before AVX: the CPU's bit, OSXSAVE, and the state in XCR0 (Intel SDM volume 1, 14.3). */
static inline bool avx_usable(void) {
    uint32_t needed = ECX1_OSXSAVE | ECX1_AVX;
    if ((ask_cpuid(1, 0).ecx & needed) != needed)
        return false;
    return (read_xcr0() & 6) == 6;
}
