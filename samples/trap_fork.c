/* SPDX-License-Identifier: Apache-2.0 */
/* A child tries; how it ended decides. */
#include "sample.h"
#include <sys/wait.h>
#include <unistd.h>

static bool child_survives(void) {
    pid_t child = fork();
    if (child == 0) {
        multiply_sse41(1, 1);
        _exit(0);
    }
    int status = 1;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int main(void) {
    if (child_survives())
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
