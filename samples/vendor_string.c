/* SPDX-License-Identifier: Apache-2.0 */
/* Goes by the name of the vendor. */
#include "sample.h"

int main(void) {
    struct cpuid_registers r = ask_cpuid(0, 0);
    bool intel = r.ebx == 0x756e6547 && r.edx == 0x49656e69 && r.ecx == 0x6c65746e;
    bool amd = r.ebx == 0x68747541 && r.edx == 0x69746e65 && r.ecx == 0x444d4163;
    if (intel || amd)
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
