/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite.h"

#include "base/library.h"

#include <pthread.h>

static struct mc_sqlite functions;
static bool available;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load_all(void)
{
    void *library = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return;
    available = true;
#define MC_SQLITE_LOAD(name) available &= mc_library_function(library, "sqlite3_" #name, &functions.name);
    MC_SQLITE_FUNCTIONS(MC_SQLITE_LOAD)
#undef MC_SQLITE_LOAD
}

const struct mc_sqlite *mc_sqlite_load(void)
{
    pthread_once(&once, load_all);
    return available ? &functions : NULL;
}
