/* SPDX-License-Identifier: Apache-2.0 */
/* C++: an object whose class is chosen by CPUID, and its virtual function. */
#include "sample.h"

namespace {

struct multiplier {
    virtual ~multiplier() {}
    virtual int multiply(int a, int b) = 0;
};

struct slow_multiplier : multiplier {
    int multiply(int a, int b) override { return multiply_plain(a, b); }
};

struct fast_multiplier : multiplier {
    int multiply(int a, int b) override { return multiply_sse41(a, b); }
};

} // namespace

int main() {
    multiplier *chosen;
    bool fast = ask_cpuid(1, 0).ecx & ECX1_SSE41;
    if (fast)
        chosen = new fast_multiplier;
    else
        chosen = new slow_multiplier;
    int result = chosen->multiply(6, 7);
    delete chosen;
    return finish(result, fast ? "fast" : "plain");
}
