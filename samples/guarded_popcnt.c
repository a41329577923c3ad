/* SPDX-License-Identifier: Apache-2.0 */
/* POPCNT has a bit of its own. */
#include "sample.h"

int main(void) {
    if (ask_cpuid(1, 0).ecx & ECX1_POPCNT)
        return finish((int)count_popcnt(0xffff00ffu) + 18, "fast");
    return finish(__builtin_popcount(0xffff00ffu) + 18, "plain");
}
