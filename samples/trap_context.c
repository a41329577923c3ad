/* SPDX-License-Identifier: Apache-2.0 */
/* The handler steps over the instruction and leaves a mark. */
#define _GNU_SOURCE
#include "sample.h"
#include <signal.h>
#include <ucontext.h>

static volatile sig_atomic_t faulted;

static void on_fault(int number, siginfo_t *info, void *context) {
    (void)number, (void)info;
    faulted = 1;
#ifdef __x86_64__
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 5; /* the length of pmulld xmm1, xmm0 */
#else
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EIP] += 5;
#endif
}

int main(void) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &action, NULL);
    multiply_sse41(1, 1);
    signal(SIGILL, SIG_DFL);
    if (!faulted)
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
