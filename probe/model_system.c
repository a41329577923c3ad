/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions whose result is the machine's: counters, random numbers, extended state, waiting, transactions. Where a
 * range is all that can be said, `got` is accepted within it. Intel SDM vol. 2; AMD APM vol. 3 for CLZERO, MONITORX,
 * RDPRU. */
#include "probe/model_scalar.h"

static void accept(struct mc_trial_view *view, unsigned reg)
{
    view->expect->gpr[reg] = view->got->gpr[reg];
}

void mc_state_nothing(struct mc_trial_view *view)
{
    (void)view;
}

/* Both destinations of MULX: vvvv gets the low half, then reg the high half. The source is rdx. */
void mc_state_mulx(struct mc_trial_view *view)
{
    uint64_t product = (view->in->gpr[MC_RDX] & UINT32_MAX) * (view->in->gpr[MC_RBX] & UINT32_MAX);
    view->expect->gpr[MC_RCX] = (uint32_t)product;
    view->expect->gpr[MC_RAX] = product >> 32;
}

void mc_state_movdir64b(struct mc_trial_view *view)
{
    memcpy(view->expect->n, view->in->m, 64);
}

/* Compare memory with eax; where the condition holds add ecx to it; eax gets the old memory either way. */
static void compare_and_add(struct mc_trial_view *view, uint32_t condition)
{
    uint32_t memory = mc_get_u32(view->in->n, 0), first = (uint32_t)view->in->gpr[MC_RAX], difference = memory - first;
    unsigned ones = 0;
    for (unsigned i = 0; i < 8; i++)
        ones += difference >> i & 1;
    view->expect->flags = (memory < first ? MC_FLAG_CF : 0) | (difference == 0 ? MC_FLAG_ZF : 0) |
                          (difference >> 31 ? MC_FLAG_SF : 0) | (ones & 1 ? 0 : MC_FLAG_PF) |
                          ((memory ^ first ^ difference) & 0x10) |
                          ((memory ^ first) & (memory ^ difference) & 0x80000000 ? MC_FLAG_OF : 0);
    if (view->expect->flags & condition)
        mc_put_u32(view->expect->n, 0, memory + (uint32_t)view->in->gpr[MC_RCX]);
    view->expect->gpr[MC_RAX] = memory;
}

void mc_state_cmpbexadd(struct mc_trial_view *view)
{
    compare_and_add(view, MC_FLAG_CF | MC_FLAG_ZF);
}

void mc_state_cmpzxadd(struct mc_trial_view *view)
{
    compare_and_add(view, MC_FLAG_ZF);
}

/* Equality takes ecx:ebx (rcx:rbx) into memory, else memory goes to edx:eax; only ZF changes. */
static void compare_exchange(struct mc_trial_view *view, unsigned half)
{
    const struct mc_state *in = view->in;
    struct mc_state *expect = view->expect;
    bool equal = memcmp(in->n, &in->gpr[MC_RAX], half) == 0 && memcmp(in->n + half, &in->gpr[MC_RDX], half) == 0;
    expect->flags = (in->flags & ~(uint64_t)MC_FLAG_ZF) | (equal ? MC_FLAG_ZF : 0);
    if (equal) {
        memcpy(expect->n, &in->gpr[MC_RBX], half);
        memcpy(expect->n + half, &in->gpr[MC_RCX], half);
        return;
    }
    expect->gpr[MC_RAX] = expect->gpr[MC_RDX] = 0;
    memcpy(&expect->gpr[MC_RAX], in->n, half);
    memcpy(&expect->gpr[MC_RDX], in->n + half, half);
}

void mc_state_cmpxchg8b(struct mc_trial_view *view)
{
    compare_exchange(view, 4);
    if (memcmp(view->expect->n, view->in->n, 8) != 0 || (view->expect->flags & MC_FLAG_ZF)) { /* registers stay whole */
        view->expect->gpr[MC_RAX] = view->in->gpr[MC_RAX];
        view->expect->gpr[MC_RDX] = view->in->gpr[MC_RDX];
    }
}

void mc_state_cmpxchg16b(struct mc_trial_view *view)
{
    compare_exchange(view, 8);
}

#define AH_FLAGS (MC_FLAG_SF | MC_FLAG_ZF | MC_FLAG_AF | MC_FLAG_PF | MC_FLAG_CF)

void mc_state_lahf(struct mc_trial_view *view)
{
    uint64_t ah = (view->in->flags & AH_FLAGS) | 2;
    view->expect->gpr[MC_RAX] = (view->in->gpr[MC_RAX] & ~(uint64_t)0xFF00) | ah << 8;
}

void mc_state_sahf(struct mc_trial_view *view)
{
    view->expect->flags = (view->in->flags & ~(uint64_t)AH_FLAGS) | (view->in->gpr[MC_RAX] >> 8 & AH_FLAGS);
}

/* The counter is not zero, and fits in two 32-bit halves. */
void mc_state_rdtsc(struct mc_trial_view *view)
{
    bool plausible = view->got->gpr[MC_RAX] <= UINT32_MAX && view->got->gpr[MC_RDX] <= UINT32_MAX &&
                     (view->got->gpr[MC_RAX] | view->got->gpr[MC_RDX]);
    if (plausible) {
        accept(view, MC_RAX);
        accept(view, MC_RDX);
    }
}

/* Linux keeps node << 12 | cpu in IA32_TSC_AUX. */
static bool plausible_cpu(uint64_t value)
{
    return value <= UINT32_MAX;
}

void mc_state_rdtscp(struct mc_trial_view *view)
{
    mc_state_rdtsc(view);
    if (plausible_cpu(view->got->gpr[MC_RCX]))
        accept(view, MC_RCX);
}

void mc_state_rdpid(struct mc_trial_view *view)
{
    if (plausible_cpu(view->got->gpr[MC_RAX]))
        accept(view, MC_RAX);
}

/* CF set: any value but the same one in every run (a generator that is stuck). CF clear: 0. */
void mc_state_rdrand(struct mc_trial_view *view)
{
    static uint64_t previous;
    static unsigned same;
    uint64_t value = view->got->gpr[MC_RAX], mask = view->trial->width == 8 ? UINT64_MAX : UINT32_MAX;
    view->expect->flags = view->got->flags & MC_FLAG_CF;
    view->expect->gpr[MC_RAX] = 0;
    if (!(view->got->flags & MC_FLAG_CF))
        return;
    same = view->run && value == previous ? same + 1 : 0;
    previous = value;
    if (same < 3 && value <= mask)
        accept(view, MC_RAX);
}

void mc_state_rdpru(struct mc_trial_view *view)
{
    view->expect->gpr[MC_RCX] = 0;
    view->expect->flags_defined = 0;
    if (view->got->gpr[MC_RAX] <= UINT32_MAX && view->got->gpr[MC_RDX] <= UINT32_MAX) {
        accept(view, MC_RAX);
        accept(view, MC_RDX);
    }
}

/* The base of FS is an address of this process (thread-local storage), or 0 without any. */
void mc_state_rdfsbase(struct mc_trial_view *view)
{
    if (view->got->gpr[MC_RAX] < UINT64_C(1) << 56)
        accept(view, MC_RAX);
}

/* wrgsbase rsi; rdgsbase rdx; then GS back to 0, what Linux gives every 64-bit process. */
void mc_state_wrgsbase(struct mc_trial_view *view)
{
    view->expect->gpr[MC_RDX] = view->in->gpr[MC_RSI];
    view->expect->gpr[MC_RAX] = 0;
}

void mc_state_rdpkru(struct mc_trial_view *view)
{
    view->expect->gpr[MC_RCX] = view->expect->gpr[MC_RDX] = 0;
    if (view->got->gpr[MC_RAX] <= UINT32_MAX)
        accept(view, MC_RAX);
}

void mc_state_clzero(struct mc_trial_view *view)
{
    view->expect->gpr[MC_RAX] = view->in->gpr[MC_RDI];
    memset(view->expect->n, 0, 64);
}

void mc_state_monitorx(struct mc_trial_view *view)
{
    view->expect->gpr[MC_RAX] = view->in->gpr[MC_RSI];
    view->expect->gpr[MC_RCX] = view->expect->gpr[MC_RDX] = 0;
}

void mc_state_mwaitx(struct mc_trial_view *view)
{
    view->expect->gpr[MC_RAX] = 0;
    view->expect->gpr[MC_RCX] = 2;
    view->expect->gpr[MC_RBX] = 1;
}

/* CF tells whether the operating system's limit ended the wait; the other flags become 0. */
void mc_state_tpause(struct mc_trial_view *view)
{
    view->expect->gpr[MC_RAX] = view->expect->gpr[MC_RCX] = view->expect->gpr[MC_RDX] = 0;
    view->expect->flags = view->got->flags & MC_FLAG_CF;
}

void mc_state_xtest(struct mc_trial_view *view)
{
    view->expect->flags = MC_FLAG_ZF;
}

/* A transaction that only aborts: eax holds an abort status. Our XABORT is visible unless another reason came first. */
void mc_state_xbegin(struct mc_trial_view *view)
{
    uint64_t status = view->got->gpr[MC_RAX];
    bool aborted_by_us = (status & 1) && status >> 24 == 0x5A, aborted_otherwise = !(status & 1) && status < 0x40;
    view->expect->gpr[MC_RAX] = UINT32_MAX; /* the value that means "started", impossible here */
    if (aborted_by_us || aborted_otherwise)
        accept(view, MC_RAX);
}

/* XSTATE_BV has x87's bit, the control word is the default; in the compacted form too. */
void mc_state_xsave(struct mc_trial_view *view)
{
    view->expect->gpr[MC_RAX] = 1;
    view->expect->gpr[MC_RCX] = 0x37F;
    view->expect->gpr[MC_RDX] = 0;
}

void mc_state_fxsave(struct mc_trial_view *view)
{
    view->expect->gpr[MC_RCX] = 0x37F;
}

/* XCR0 bit 0 is always 1; the value is the same in every run. */
void mc_state_xgetbv(struct mc_trial_view *view)
{
    view->expect->gpr[MC_RCX] = 0;
    if (view->got->gpr[MC_RAX] & 1) {
        accept(view, MC_RAX);
        accept(view, MC_RDX);
    }
}

/* XCR0 and XINUSE: a subset of XCR0, which is below 2^32 but for LWP. */
void mc_state_xgetbv1(struct mc_trial_view *view)
{
    view->expect->gpr[MC_RCX] = 1;
    if (view->got->gpr[MC_RAX] <= UINT32_MAX && view->got->gpr[MC_RDX] <= UINT32_MAX) {
        accept(view, MC_RAX);
        accept(view, MC_RDX);
    }
}
