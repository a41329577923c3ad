/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

static struct mc_sqlite functions;
static bool available;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Function pointers come from dlsym as data pointers: copied, as POSIX wants it. */
static bool load(void *library, const char *name, void *ret_function)
{
    void *symbol = dlsym(library, name);
    memcpy(ret_function, &symbol, sizeof symbol);
    return symbol != NULL;
}

static void load_all(void)
{
    void *library = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return;
    available = true;
#define MC_SQLITE_LOAD(name) available &= load(library, "sqlite3_" #name, &functions.name);
    MC_SQLITE_FUNCTIONS(MC_SQLITE_LOAD)
#undef MC_SQLITE_LOAD
}

const struct mc_sqlite *mc_sqlite_load(void)
{
    pthread_once(&once, load_all);
    return available ? &functions : NULL;
}
