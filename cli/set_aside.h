/* SPDX-License-Identifier: Apache-2.0 */
/* Which findings a scan leaves out: those of an earlier report (--since), and those that somebody answers for (--waivers). */
#ifndef MC_CLI_SET_ASIDE_H
#define MC_CLI_SET_ASIDE_H

#include "scanner/scan.h"
#include "store/earlier.h"
#include "store/waivers.h"

struct mc_set_aside {
    const char *since, *waiver_file; /* as the user named them, NULL: none */
    struct mc_earlier earlier;
    struct mc_waivers waivers;
};

/* Reads the files. -1, or the exit status to end with after a message. */
int mc_set_aside_open(struct mc_set_aside *aside, const char *command, time_t now);
/* Sets findings aside and gives the file its verdict anew. Returns how many are waived. By several threads. */
size_t mc_set_aside(struct mc_set_aside *aside, const struct mc_scan_options *options, struct mc_file_result *result);
/* Says on stderr which waivers have expired or waive nothing. */
void mc_set_aside_report(const struct mc_set_aside *aside);
void mc_set_aside_close(struct mc_set_aside *aside);

#endif
