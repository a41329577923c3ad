/* SPDX-License-Identifier: Apache-2.0 */
/* Waivers: unsafe uses that somebody answers for. A text file, one waiver a line; # begins a comment, blanks part the words,
 * a value with blanks stands in double quotes (in which \" and \\ are those characters):
 *
 *   path=/usr/bin/encode function=blend_row features=sse4.1,ssse3 expires=2027-06-30 reason="runs on new hosts only, #1234"
 *   build-id=61f2... range=0x1200-0x12ff features=avx2 reason="..."
 *
 * path (as the report names it) or build-id, features and reason must be there. It waives uses that lack features among its
 * own only: whatever goes beyond stays a finding. The last day of `expires` counts, by UTC. */
#ifndef MC_STORE_WAIVERS_H
#define MC_STORE_WAIVERS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/vector.h"
#include "isa/feature.h"

#include <stdatomic.h>
#include <time.h>

struct mc_waiver {
    const char *path, *build_id; /* one of them, the other NULL; build_id in lower case */
    const char *function;        /* NULL: any */
    const char *reason;
    uint64_t first, last;        /* addresses, inclusive */
    struct mc_feature_set features;
    const char *expires;         /* "2027-06-30", NULL: never */
    bool expired;
    unsigned line;
    atomic_bool met, used;       /* a file of its was scanned; it waived something */
};

struct mc_waivers {
    struct mc_arena arena;
    MC_VECTOR(struct mc_waiver) list;
};

struct mc_waived_use {
    const char *path, *build_id; /* build_id NULL when the file has none */
    const char *function;        /* NULL unknown */
    uint64_t address;
    const struct mc_feature_set *lacks;
};

/* `now`: what has expired. False: *ret_error names the line; *ret is empty. */
bool mc_waivers_open(const char *path, time_t now, struct mc_waivers *ret, struct mc_error *ret_error);
/* A file was scanned: its waivers are met. True when it has any. By several threads. */
bool mc_waivers_meet(struct mc_waivers *waivers, const char *path, const char *build_id);
/* True when a waiver that has not expired allows the use. By several threads. */
bool mc_waivers_allow(struct mc_waivers *waivers, const struct mc_waived_use *use);
void mc_waivers_free(struct mc_waivers *waivers);

#endif
