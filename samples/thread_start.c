/* SPDX-License-Identifier: Apache-2.0 */
/* The instruction runs in a thread that is started only under the guard. */
#include "sample.h"
#include <pthread.h>

static int result;

static void *work_fast(void *argument) {
    (void)argument;
    result = multiply_sse41(6, 7);
    return NULL;
}

static void *work_plain(void *argument) {
    (void)argument;
    result = multiply_plain(6, 7);
    return NULL;
}

int main(void) {
    pthread_t thread;
    bool have = ask_cpuid(1, 0).ecx & ECX1_SSE41;
    if (pthread_create(&thread, NULL, have ? work_fast : work_plain, NULL) != 0)
        return 1;
    pthread_join(thread, NULL);
    return finish(result, have ? "fast" : "plain");
}
