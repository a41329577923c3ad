/* SPDX-License-Identifier: Apache-2.0 */
/* C++: an object whose class is chosen by CPUID, and its virtual function. */
#include "sample.h"

namespace {

struct multiplier {
    virtual int multiply(int a, int b) const { return multiply_plain(a, b); }
};

struct fast_multiplier : multiplier {
    int multiply(int a, int b) const override { return multiply_sse41(a, b); }
};

NOINLINE const multiplier *choose(bool fast) {
    static const multiplier plain_object;
    static const fast_multiplier fast_object;
    return fast ? &fast_object : &plain_object;
}

} // namespace

int main() {
    bool fast = ask_cpuid(1, 0).ecx & ECX1_SSE41;
    return finish(choose(fast)->multiply(6, 7), fast ? "fast" : "plain");
}
