/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the cache's database: place, permissions, schema, which build it is of. Used by store/cache.c alone. */
#ifndef MC_STORE_CACHE_SCHEMA_H
#define MC_STORE_CACHE_SCHEMA_H

#include "store/cache.h"
#include "store/sqlite.h"

enum mc_cache_state {
    MC_CACHE_GOOD,
    MC_CACHE_SHUT,    /* cannot be used here; what is there stays as it is */
    MC_CACHE_DAMAGED, /* no database, or not ours: to be removed */
    MC_CACHE_OLDER,   /* GOOD, but its records were another build's and are gone */
};

struct mc_cache_database {
    const struct mc_sqlite *sqlite;
    sqlite3 *handle; /* NULL unless GOOD or OLDER */
    const char *path;
};

/* What an SQLite result code says of the database; GOOD for OK, ROW and DONE. */
enum mc_cache_state mc_cache_state_of(int code);
/* Creates the folder, checks whose it is, and fills database->path. False, with a reason, when it may not be used. */
bool mc_cache_place(const char *folder, struct mc_arena *arena, struct mc_cache_database *database,
                    struct mc_error *ret_error);
enum mc_cache_state mc_cache_connect(struct mc_cache_database *database, struct mc_blob build);
void mc_cache_disconnect(struct mc_cache_database *database);
void mc_cache_remove(const struct mc_cache_database *database); /* the files */

#endif
