/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report_file.h"

#include "cli/command.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

FILE *mc_open_report(const char *path)
{
    FILE *stream = path ? fopen(path, "we") : stdout;
    if (!stream)
        mc_warn("%s: cannot write: %s", path, strerror(errno));
    return stream;
}

bool mc_close_report(FILE *stream, const char *path)
{
    bool good = mc_finish_output(stream, path);
    if (stream != stdout && fclose(stream) != 0 && good) {
        mc_warn("%s: cannot write: %s", path, strerror(errno));
        good = false;
    }
    return good;
}

/* https://reproducible-builds.org/specs/source-date-epoch/ */
static time_t report_time(void)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    char *end;
    if (epoch && *epoch >= '0' && *epoch <= '9') {
        long long value = strtoll(epoch, &end, 10);
        if (!*end)
            return (time_t)value;
    }
    return time(NULL);
}

void mc_describe_run(const struct mc_scan_options *options, struct mc_report_options *ret)
{
    static char folder[PATH_MAX];
    ret->version = mc_version;
    ret->command = mc_command_line;
    ret->baseline = &options->baseline;
    ret->baseline_is_default = options->baseline_is_default;
    ret->folder = getcwd(folder, sizeof folder) && *folder == '/' ? folder : NULL;
    ret->generated = report_time();
}
