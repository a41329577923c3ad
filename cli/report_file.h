/* SPDX-License-Identifier: Apache-2.0 */
/* The report of a command: where it goes, and what it says of the run itself. */
#ifndef MC_CLI_REPORT_FILE_H
#define MC_CLI_REPORT_FILE_H

#include "report/scan.h"
#include "scanner/scan.h"

#include <stdio.h>

/* The report's stream: the file, or stdout for NULL; NULL when it cannot be opened, which was said. */
FILE *mc_open_report(const char *path);
/* Flushes and closes it. False, and said, when anything was lost. */
bool mc_close_report(FILE *stream, const char *path);

/* Fills version, command, current folder, baseline (of *options, which must outlive *ret) and time: that of SOURCE_DATE_EPOCH, else now. */
void mc_describe_run(const struct mc_scan_options *options, struct mc_report_options *ret);

#endif
