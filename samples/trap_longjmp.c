/* SPDX-License-Identifier: Apache-2.0 */
/* Finds out by trying: the fault decides. After a move the answer is wrong, and nobody asks again. */
#include "sample.h"
#include <setjmp.h>
#include <signal.h>

static sigjmp_buf back;
static volatile sig_atomic_t have;

static void on_fault(int number) {
    (void)number;
    siglongjmp(back, 1);
}

static void detect(void) {
    struct sigaction action = {.sa_handler = on_fault}, before;
    sigaction(SIGILL, &action, &before);
    if (sigsetjmp(back, 1) == 0) {
        multiply_sse41(1, 1);
        have = 1;
    }
    sigaction(SIGILL, &before, NULL);
}

int main(void) {
    detect();
    if (have)
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
