/* SPDX-License-Identifier: Apache-2.0 */
/* The one door to SQLite. The library costs milliseconds when merely linked, and need not be installed: it is loaded when
 * the first caller asks. Its functions stand in a table under their names without the prefix sqlite3_. */
#ifndef MC_STORE_SQLITE_H
#define MC_STORE_SQLITE_H

#include <sqlite3.h>

/* FUNCTION(name): columns are the names alone; types come from sqlite3.h. */
#define MC_SQLITE_FUNCTIONS(FUNCTION)                                                                                  \
    FUNCTION(open_v2)                                                                                                  \
    FUNCTION(close)                                                                                                    \
    FUNCTION(busy_timeout)                                                                                             \
    FUNCTION(exec)                                                                                                     \
    FUNCTION(prepare_v2)                                                                                               \
    FUNCTION(step)                                                                                                     \
    FUNCTION(reset)                                                                                                    \
    FUNCTION(finalize)                                                                                                 \
    FUNCTION(clear_bindings)                                                                                           \
    FUNCTION(bind_int64)                                                                                               \
    FUNCTION(bind_blob)                                                                                                \
    FUNCTION(column_int64)                                                                                             \
    FUNCTION(column_blob)                                                                                              \
    FUNCTION(column_bytes)                                                                                             \
    FUNCTION(last_insert_rowid)                                                                                        \
    FUNCTION(errmsg)

struct mc_sqlite {
#define MC_SQLITE_MEMBER(name) __typeof__(sqlite3_##name) *name;
    MC_SQLITE_FUNCTIONS(MC_SQLITE_MEMBER)
#undef MC_SQLITE_MEMBER
};

/* NULL when the library is not installed or too old to have these functions. Thread-safe; never unloaded. */
const struct mc_sqlite *mc_sqlite_load(void);

#endif
