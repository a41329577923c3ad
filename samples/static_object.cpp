/* SPDX-License-Identifier: Apache-2.0 */
/* C++: a static object whose constructor asks CPUID before main. */
#include "sample.h"

namespace {

class cpu {
public:
    cpu() {
        cpuid_registers r = ask_cpuid(1, 0);
        if (r.edx & EDX1_SSE2)
            flags |= 1;
        if (r.ecx & ECX1_SSE41)
            flags |= 2;
    }
    bool has_sse41() const { return flags & 2; }

private:
    unsigned flags = 0;
};

const cpu this_cpu;

} // namespace

int main() {
    bool fast = this_cpu.has_sse41();
    return finish(fast ? multiply_sse41(6, 7) : multiply_plain(6, 7), fast ? "fast" : "plain");
}
