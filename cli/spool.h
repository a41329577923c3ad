/* SPDX-License-Identifier: Apache-2.0 */
/* Reports come out in the order of the paths, and are made in another: what must wait is kept here. Up to some megabytes stay
 * in memory, the rest goes to a file without a name in $TMPDIR, else /var/tmp, else /tmp; when there is no room for it, it stays
 * in memory too. Several threads may write at once, each its own text. */
#ifndef MC_CLI_SPOOL_H
#define MC_CLI_SPOOL_H

#include "base/vector.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct mc_spool {
    pthread_mutex_t lock; /* of what follows */
    int file;             /* -1: none yet */
    bool no_file;         /* none can be had */
    off_t end;            /* of the file */
    size_t kept, limit;   /* bytes of all texts in memory; how many may be */
};

struct mc_spooled { /* a text; zeroed: empty */
    MC_VECTOR(struct mc_spool_piece { char *memory; off_t place; size_t size; }) pieces; /* memory NULL: in the file */
    size_t size;
};

void mc_spool_open(struct mc_spool *spool, size_t limit);
void mc_spool_close(struct mc_spool *spool);
/* A stream that adds to the text; `between` goes before what it adds when it adds anything to a text that is not empty. */
FILE *mc_spool_add(struct mc_spool *spool, struct mc_spooled *text, const char *between);
/* Writes the text and empties it. False when it could not be read back. */
bool mc_spool_move(struct mc_spool *spool, struct mc_spooled *text, FILE *to);

#endif
