/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the kernel's words instead of asking the CPU. */
#include "sample.h"
#include <string.h>

static bool cpuinfo_has(const char *flag) {
    char line[8192];
    bool found = false;
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && !found && fgets(line, sizeof line, file))
        found = strncmp(line, "flags", 5) == 0 && strstr(line, flag);
    if (file)
        fclose(file);
    return found;
}

int main(void) {
    if (cpuinfo_has(" sse4_1"))
        return finish(multiply_sse41(6, 7), "fast");
    return finish(multiply_plain(6, 7), "plain");
}
