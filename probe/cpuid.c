/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/cpuid.h"

#include "probe/snapshot.h"

#include <string.h>

static bool run_cpuid(void *ctx, uint32_t leaf, uint32_t subleaf, uint32_t regs[4])
{
    (void)ctx;
    __asm__ volatile("cpuid" : "=a"(regs[0]), "=b"(regs[1]), "=c"(regs[2]), "=d"(regs[3]) : "0"(leaf), "2"(subleaf));
    return true;
}

struct mc_cpuid_source mc_cpuid_instruction(void)
{
    return (struct mc_cpuid_source){.leaf = run_cpuid};
}

uint64_t mc_read_xcr0(void)
{
    uint32_t low, high;
    /* As bytes: assemblers older than XSAVE do not know the name, and nobody should think this needs -mxsave. */
    __asm__ volatile(".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static bool look_up(void *ctx, uint32_t leaf, uint32_t subleaf, uint32_t regs[4])
{
    const struct mc_leaf *found = mc_snapshot_find(ctx, leaf, subleaf);
    memset(regs, 0, 4 * sizeof *regs);
    if (found)
        memcpy(regs, found->regs, sizeof found->regs);
    return found != NULL;
}

struct mc_cpuid_source mc_cpuid_recorded(const struct mc_snapshot *snapshot)
{
    /* look_up only reads through it; the seam's ctx is not const because other sources have state. */
    union {
        const void *in;
        void *out;
    } ctx = {.in = snapshot};
    return (struct mc_cpuid_source){.leaf = look_up, .ctx = ctx.out};
}
